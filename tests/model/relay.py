"""What a relay knows and does: it reads the outbox of its own service and appends it to Kafka, a chain on each partition.

How the outbox is read is the matter of `reading`: here a look is atomic, and T is known when a look finds nothing new. A
relay keeps in memory what it has sent; a row says what was acknowledged. That row is in the database of the outbox, so the
two go back in time together.

Nothing here relies on the advisory lock: a relay that has lost it may read, send and try to write as before. The lock keeps
two from doing the work twice; the token keeps the row from being written by any but the latest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.broker import Record
from model.producer import START, Position, RelayRow, Row, Server

BATCH = 2


class Relay(NamedTuple):
    """What a running relay has in memory."""

    token: int
    cursor: Position
    heads: tuple[Position, ...]
    pending: tuple[tuple[int, Record], ...] = ()  # read and not yet acknowledged, with the partition of each
    reached: Position = START  # where the cursor will be then
    complete_to: int = 0
    cut: bool = False  # its database is gone, which it will learn when it asks

    @property
    def idle(self) -> bool:
        return not self.pending and self.cursor == self.reached


@dataclass(frozen=True)
class RelayRules:
    """The defaults are the protocol; each other value takes one of its rules away."""

    keys: tuple[int, ...] = (0,)  # of events 1, 2, …, again and again; a key is for partition key % count
    grows: bool = False  # the topic began with one partition
    count_of: Literal["the position", "today"] = "the position"
    outstanding: Literal["one", "many"] = "one"  # batches on a partition that are not acknowledged yet
    write: Literal["after acks", "before sending"] = "after acks"
    heads: Literal["stored", "forgotten"] = "stored"
    guard: bool = True  # the row is written only with the token that is in it, and the token is looked at each time
    look: Literal["checked", "unchecked"] = (
        "checked"  # that the row at the cursor is still there, and not below the floor
    )
    await_generation: bool = True
    broadcast: bool = True  # a generation's marker goes to every partition
    heartbeat: Literal["every partition", "busy partitions", "never"] = "every partition"
    repeated: bool = True  # a heartbeat, though nothing has changed
    complete: Literal["when idle", "at once"] = "when idle"
    reload: Literal["forgets T", "keeps T"] = "forgets T"
    rewind: Literal["to the floor", "over unsent rows", "heads kept"] = "to the floor"

    @property
    def partitions(self) -> int:
        return max(self.keys) + 1

    def key_of(self, event: int) -> int:
        return self.keys[(event - 1) % len(self.keys)]

    def targets(self, server: Server, row: Row) -> tuple[int, ...]:
        """The partitions that a row is for: a function of its position, whenever it is sent."""
        raised = server.relay.raised
        few = self.grows and (raised is None or (row.position <= raised and self.count_of == "the position"))
        count = 1 if few else self.partitions
        if row.event > 0:
            return (self.key_of(row.event) % count,)
        return tuple(range(count)) if self.broadcast else (0,)

    def chain(self, server: Server, partition: int) -> list[Row]:
        """All that belongs on a partition, by the present history."""
        return [row for row in server.rows if partition in self.targets(server, row)]

    def may_look(self, server: Server) -> bool:
        return server.is_known or not self.await_generation

    def start(self, server: Server, *, complete_to: int = 0) -> Relay:
        row = server.relay
        heads = row.heads if self.heads == "stored" else (START,) * self.partitions
        kept = complete_to if self.reload == "keeps T" else 0
        return Relay(row.token, row.cursor, heads, reached=row.cursor, complete_to=kept)

    def trouble(self, server: Server, cursor: Position) -> Literal["", "history lost", "fork"]:
        """Why the outbox may not be read on from here."""
        if self.look == "unchecked":
            return ""
        floor = floor_of(server)
        if cursor < floor:
            return "history lost"
        return "" if cursor == floor or any(row.position == cursor for row in server.readable()) else "fork"

    def unread(self, server: Server, cursor: Position) -> list[Row]:
        return sorted(row for row in server.readable() if row.position > cursor)[:BATCH]

    def read(self, relay: Relay, server: Server, rows: list[Row]) -> Relay:
        heads, pending = relay.heads, []
        for row in rows:
            for partition in self.targets(server, row):
                pending.append((partition, Record(row.position, heads[partition], row.event)))
                heads = _with(heads, partition, row.position)
        return relay._replace(pending=tuple(pending), reached=rows[-1].position)

    def sendable(self, relay: Relay) -> Iterator[int]:
        """Places in `pending`: of each partition the first, because nothing later may be accepted before it is."""
        begun = set()
        for place, (partition, _) in enumerate(relay.pending):
            if partition not in begun:
                yield place
            if self.outstanding == "one":
                begun.add(partition)

    def acknowledge(self, relay: Relay, place: int) -> Relay:
        partition, record = relay.pending[place]
        pending = (*relay.pending[:place], *relay.pending[place + 1 :])
        head = max(relay.heads[partition], record.position)
        return relay._replace(pending=pending, heads=_with(relay.heads, partition, head))

    def beats(self, relay: Relay, partition: int) -> bool:
        if self.heartbeat == "busy partitions":
            return relay.heads[partition] == max(relay.heads)
        return self.heartbeat == "every partition"

    def write_row(self, relay: Relay, server: Server) -> Server | None:
        """After all of a batch was acknowledged; None when the write is refused."""
        if self.guard and server.relay.token != relay.token:
            return None
        heads = relay.heads
        for partition, record in relay.pending:
            heads = _with(heads, partition, record.position)
        return server._replace(relay=server.relay._replace(cursor=relay.reached, heads=heads))

    def rewound(self, server: Server, token: int) -> Server:
        """Everything is to be sent again: from the floor, where the heads of partitions with nothing after it are known."""
        row, floor = server.relay, floor_of(server)
        if row.cursor < floor and self.rewind != "over unsent rows":
            return self.skipped(server, token)
        heads = row.heads if self.rewind == "heads kept" else tuple(min(head, floor) for head in row.heads)
        return server._replace(relay=RelayRow(floor, heads, token, row.raised))

    def skipped(self, server: Server, token: int) -> Server:
        """To the floor, past rows that were pruned unsent: whichever partition they were for, the chain must show it."""
        floor = floor_of(server)
        return server._replace(relay=RelayRow(floor, (floor,) * self.partitions, token, server.relay.raised))


RELAY_RULES = RelayRules()


def floor_of(server: Server) -> Position:
    pruned = server.last_pruned()
    return pruned.position if pruned else START


def _with(heads: tuple[Position, ...], partition: int, position: Position) -> tuple[Position, ...]:
    return (*heads[:partition], position, *heads[partition + 1 :])
