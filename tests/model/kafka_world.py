"""What there is when a producer's log goes to a group through Kafka: one value that all parts of the model change."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

from model.broker import Record, Topic
from model.offsets import Offset
from model.producer import Producer, Server
from model.relay import Relay
from model.search import Faults

T = TypeVar("T")


class Member(NamedTuple):
    """Of the group, with a batch in its hands."""

    partition: int
    offset: Offset  # the row from which the batch was fetched
    records: tuple[Record, ...]
    stage: Literal["fetched", "checked", "half"] = "fetched"


class World(NamedTuple):
    producer: Producer
    faults: Faults
    first_faults: int  # how many might happen in the beginning
    topic: Topic
    offsets: tuple[Offset, ...]
    complete: tuple[int, ...]  # by partition, the T that the group has heard
    rewound: tuple[bool, ...]  # by partition, whether the relay was rewound since its gap was seen
    members: tuple[Member | None, ...]
    relays: tuple[Relay | None, ...] = (None, None)
    lock: int | None = None  # the relay that holds it
    tokens: int = 0
    late: tuple[tuple[int, Record], ...] = ()  # sent, and given up by who sent it, but still on the way
    applied: tuple[int, ...] = ()
    told: frozenset[int] = frozenset()  # events of which an operator knows that they are lost, or were applied in vain
    flaw: str = ""

    @property
    def server(self) -> Server:
        return self.producer.server

    def serve(self, server: Server) -> "World":
        return self._replace(producer=self.producer._replace(server=server))

    def hold(self, number: int, member: Member | None) -> "World":
        return self._replace(members=put(self.members, number, member))

    def run(self, number: int, relay: Relay | None) -> "World":
        return self._replace(relays=put(self.relays, number, relay))

    def end(self, number: int) -> "World":
        """The relay is no more."""
        return self.run(number, None)._replace(lock=None if self.lock == number else self.lock)

    def cut_relays(self, *, zombies: bool) -> "World":
        """Their database is gone: they end at once, or once they notice."""
        cut = tuple(relay and relay._replace(cut=True) for relay in self.relays)
        return self._replace(relays=cut if zombies else (None, None), lock=None)

    def unsettle(self) -> "World":
        """What a rewind was to heal may be lost again."""
        return self._replace(rewound=(False,) * len(self.rewound))

    def land(self, partition: int, record: Record) -> "World":
        return self._replace(topic=put(self.topic, partition, self.topic[partition].append(record)))


def put(values: Sequence[T], at: int, value: T) -> tuple[T, ...]:
    return (*values[:at], value, *values[at + 1 :])
