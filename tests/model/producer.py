"""A producer's outbox as its consumers see it, over restarts, restores, copies and retention.

Appends are atomic here: that a reader sees rows in order and none too early is the matter of `reading`. What is modelled
is *which history* a server holds. A server is a value: a backup is a copy of it, a restore brings the copy back, a
failover goes to a copy that was taken a little too early, and the next one goes back.

`incarnation` is all that an append can see of where it runs: when the server was started and, if the guard looks at it,
which table it writes to. An incarnation in which no generation was begun needs one before its first row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.search import Step

Position = tuple[int, int]
START: Position = (0, 0)


class Row(NamedTuple):
    position: Position
    event: int  # below zero: log.generation_started


class RelayRow(NamedTuple):
    """How far the log was relayed to Kafka: a row of the producer's own database, copied and restored with the others."""

    cursor: Position = START  # everything up to it was acknowledged
    heads: tuple[Position, ...] = ()  # by partition: the last position sent at or below the cursor
    token: int = 0  # of the relay that may write here
    raised: Position | None = None  # rows above it are for more partitions than those before


class Server(NamedTuple):
    rows: tuple[Row, ...] = ()  # its whole history, in the order of commits, also what retention dropped
    floor: int = 0  # how many rows retention has declared gone
    dropped: int = 0  # how many it has dropped
    stays: int = -1  # one among them that is still there: a row of the next day with an earlier id
    unloaded: tuple[int, int] = (0, 0)  # the rows that a running load of a dump has not brought yet
    incarnation: int = 0
    known: tuple[int, ...] = (0,)  # incarnations in which a generation was begun
    generation: int = 0
    next_xid: int = 1
    relay: RelayRow = RelayRow()

    @property
    def is_known(self) -> bool:
        return self.incarnation in self.known

    def readable(self) -> list[Row]:
        start, end = self.unloaded
        here = [at for at in range(len(self.rows)) if at >= self.dropped or at == self.stays]
        return [self.rows[at] for at in here if not start <= at < end]

    def last_pruned(self) -> Row | None:
        """The row whose position is the floor."""
        return self.rows[self.floor - 1] if self.floor else None

    def gone(self) -> set[int]:
        """Events that retention may have dropped."""
        return {row.event for row in self.rows[: max(self.floor, self.dropped)]}


class Producer(NamedTuple):
    server: Server = Server()
    copy: Server | None = None
    incarnations: int = 0  # how many there ever were, on all servers; the next two too
    generations: int = 0
    events: int = 0


@dataclass(frozen=True)
class ProducerRules:
    """The defaults are the protocol; each other value takes one of its rules away."""

    numbering: Literal["generation, id", "xid, id", "id"] = "generation, id"
    clock: bool = True  # generations follow the clock, so that no two histories share one
    guard: Literal["server and table", "server"] = "server and table"
    begins: Literal["at once", "at the first append"] = "at once"
    floor_before_drop: bool = True

    def steps(self, producer: Producer, *, events: int) -> Iterator[Step[Producer]]:
        """Work goes on; `events` are appended in all, on whichever server."""
        server = producer.server
        if server.dropped < server.floor:
            dropped = server._replace(dropped=server.floor)
            yield Step("retention drops the rows", producer._replace(server=dropped))
        elif server.dropped > server.floor:
            floored = server._replace(floor=server.dropped)
            yield Step("retention writes the floor", producer._replace(server=floored))
        if server.unloaded != (0, 0):
            loaded = server._replace(unloaded=(0, 0))
            yield Step("the dump is loaded", producer._replace(server=loaded))
        elif self.numbering == "generation, id" and not server.is_known:
            begun = self._begin_generation(producer)
            optional = self.begins == "at the first append"
            yield Step(f"generation {begun.server.generation} begins", begun, optional)
        elif producer.events < events:
            event = producer.events + 1
            appended = self._append(server, event)
            name = f"event {event} at {appended.rows[-1].position}"
            yield Step(name, producer._replace(server=appended, events=event), optional=True)

    def _append(self, server: Server, event: int) -> Server:
        """Ids go on from the last row of this history, so a restored server gives them a second time."""
        number = server.rows[-1].position[1] + 1 if server.rows else 1
        first = {"generation, id": server.generation, "xid, id": server.next_xid, "id": 0}[self.numbering]
        rows = (*server.rows, Row((first, number), event))
        return server._replace(rows=rows, next_xid=server.next_xid + 1)

    def _begin_generation(self, producer: Producer) -> Producer:
        server, count = producer.server, producer.generations + 1
        generation = max(server.generation + 1, count if self.clock else 0)
        begun = server._replace(generation=generation, known=(*server.known, server.incarnation))
        return producer._replace(server=self._append(begun, -count), generations=count)

    def disturb(self, producer: Producer, kind: str) -> Iterator[tuple[str, Producer]]:
        """All the ways in which a fault of this kind may happen now."""
        server, copy, anew = producer.server, producer.copy, producer.incarnations + 1
        if kind == "restart":
            yield "the server restarts", _move(producer, server._replace(incarnation=anew))
        elif kind in {"dump", "slow dump"}:
            elsewhere = server._replace(incarnation=anew, next_xid=1)
            if kind == "dump":
                yield "a dump is loaded into a new server", _move(producer, elsewhere)
                return
            for missing in _ranges(len(server.rows)):
                name = f"a dump is being loaded into a new server, rows {missing} are not there yet"
                yield name, _move(producer, elsewhere._replace(unloaded=missing))
        elif kind in {"prune", "prune at midnight"}:
            yield from self._prune(producer, straddling=kind == "prune at midnight")
        elif copy is not None and kind == "restore":
            yield "the copy is restored", _move(producer, copy._replace(incarnation=anew))
        elif copy is not None and kind == "fail over":
            yield "failover to the copy", _move(producer, copy._replace(incarnation=anew))._replace(copy=server)
        elif copy is not None and kind == "restore in place":
            incarnation = anew if self.guard == "server and table" else server.incarnation
            restored = copy._replace(incarnation=incarnation, next_xid=server.next_xid)
            yield "the copy's tables are restored into the running server", _move(producer, restored)

    def _prune(self, producer: Producer, *, straddling: bool) -> Iterator[tuple[str, Producer]]:
        server = producer.server
        if server.floor != server.dropped:
            return
        for count in range(server.floor + 1, len(server.rows) + 1):
            declared = server._replace(stays=count - 2 if straddling else -1)
            declared = declared._replace(floor=count) if self.floor_before_drop else declared._replace(dropped=count)
            yield f"retention begins to drop {count} rows", producer._replace(server=declared)


PRODUCER_RULES = ProducerRules()


def _move(producer: Producer, server: Server) -> Producer:
    return producer._replace(server=server, incarnations=producer.incarnations + 1)


def _ranges(length: int) -> list[tuple[int, int]]:
    return [(start, end) for start in range(length) for end in range(start + 1, length + 1)]
