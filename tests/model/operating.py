"""What an operator does about the alarms of a group that reads from Kafka, and whether it was right to call one.

A fork is accepted; a gap is answered by rewinding the relay, and given up when that and reading the log once more have not
helped. What was lost or applied in vain is then known to a person: it is `told`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from model.kafka_world import World, put
from model.offsets import ChainRules
from model.producer import Position, Row
from model.relay import RelayRules
from model.relaying import Relaying
from model.search import Step


@dataclass(frozen=True)
class Operating:
    relay: RelayRules
    chain: ChainRules
    relaying: Relaying
    losses: bool  # whether records or rows can be lost at all, else no gap may be called
    forks: bool  # whether a producer can lose history at all, else no fork may be called

    def steps(self, world: World) -> Iterator[Step[World]]:
        for partition, offset in enumerate(world.offsets):
            log = world.topic[partition]
            if offset.fork is not None:
                yield Step(
                    f"the operator accepts the fork of partition {partition}",
                    self._accept(world, partition, offset.fork),
                )
            if offset.gap is None or offset.next < log.end or any(world.members):
                continue
            if not world.rewound[partition] and self.relay.may_look(world.server):
                yield Step("the operator rewinds the relay", self._rewind(world))
            elif world.rewound[partition] and self.relaying.is_done(world) and not self.chain.finds(offset, log):
                name = f"the operator gives up what is missing in partition {partition}"
                yield Step(name, self._give_up(world, partition, offset.gap))

    def _accept(self, world: World, partition: int, fork: Position) -> World:
        """T was said of a history that is no more."""
        offset = world.offsets[partition]
        ghosts = self.ghosts(world, partition, self._history(world, fork))
        accepted = offset._replace(fork=None, baseline="first" if self.chain.accept == "whatever comes" else "passed")
        return world._replace(
            offsets=put(world.offsets, partition, accepted),
            complete=put(world.complete, partition, 0) if self.chain.forget else world.complete,
            rewound=put(world.rewound, partition, value=False),
            told=world.told | ghosts,
            flaw="" if self.forks else "an alarm without a cause",
        )

    def _history(self, world: World, fork: Position) -> tuple[Row, ...]:
        """The one that the alarm tells of: since then a server may have gone and come back."""
        for server in filter(None, (world.server, world.producer.copy)):
            if any(row.position == fork for row in server.rows):
                return server.rows
        return world.server.rows

    def _rewind(self, world: World) -> World:
        token = world.tokens + 1
        server = self.relay.rewound(world.server, token)
        rewound = tuple(offset.gap is not None for offset in world.offsets)
        flaw = "" if self._has_cause(world) else "an alarm without a cause"
        return world.serve(server)._replace(tokens=token, rewound=rewound, flaw=flaw)

    def _has_cause(self, world: World) -> bool:
        """Whether something is neither applied nor in Kafka, or was given up; asked only if one thing has gone wrong."""
        if not self.losses or world.faults.left < world.first_faults - 1:
            return self.losses
        for partition, offset in enumerate(world.offsets):
            there = {record.position for record in world.topic[partition].records if record.event}
            for row in self.relay.chain(world.server, partition):
                done = row.event in world.applied if row.event > 0 else offset.has_passed(row.position)
                if not done and row.position not in there:
                    return True
        return bool(world.told)

    def _give_up(self, world: World, partition: int, gap: Position) -> World:
        offset = world.offsets[partition]
        missing = self.missing(world, partition, gap)
        there = sorted(missing - world.server.gone())
        if gap[0] != offset.last[0]:  # a generation began meanwhile, and after what is not known
            missing |= self.ghosts(world, partition, world.server.rows)
        again = offset.apply(gap)._replace(next=world.topic[partition].start)
        flaw = f"given up although the producer has it: {there}" if there else ""
        return world._replace(offsets=put(world.offsets, partition, again), told=world.told | missing, flaw=flaw)

    def missing(self, world: World, partition: int, up_to: Position) -> frozenset[int]:
        """Events up to there that were not applied."""
        rows = [row for row in self.relay.chain(world.server, partition) if row.position <= up_to]
        return frozenset(row.event for row in rows if row.event > 0 and row.event not in world.applied)

    def ghosts(self, world: World, partition: int, history: tuple[Row, ...]) -> frozenset[int]:
        """Events that were applied and are not in a history."""
        mine = {event for event in world.applied if self.relay.key_of(event) == partition}
        return frozenset(mine - {row.event for row in history})
