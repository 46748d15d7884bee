"""How a group reads on from its cursor, and how it knows that it may not: the rules, without who carries them out.

The cursor holds the last position scanned, the event that stood there, and for each generation the last id applied.
A generation is written by one server in one incarnation, so its rows have one order in every history that holds them: what
was applied of it is known by one number, whichever way the producer's server went since.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.producer import START, Position, Row, Server


class Cursor(NamedTuple):
    position: Position = START
    event: int | None = None  # None: there is nothing to compare with
    ends: tuple[tuple[int, int], ...] = ()  # (generation, last id applied)


@dataclass(frozen=True)
class CursorRules:
    """The defaults are the protocol; each other value takes one of its rules away.

    `check`: whether the event at the cursor is compared each time, only when there is something to read, or never.
    `floor`: whether a cursor below the floor stops at once, only when its row is gone, or never.
    `accept`: after a fork, go on from the last row that was applied and survived (and never apply a row that was), from
    the greatest position that survived, or above the old cursor.
    """

    check: Literal["always", "on news", "never"] = "always"
    floor: Literal["first", "if the row is gone", "never"] = "first"
    accept: Literal["applied", "greatest", "above"] = "applied"
    await_generation: bool = True  # nothing is read in an incarnation in which no generation was begun

    def may_read(self, server: Server) -> bool:
        return server.is_known or not self.await_generation

    def unread(self, server: Server, cursor: Cursor) -> list[Row]:
        return sorted(row for row in server.readable() if row.position > cursor.position)

    def alarm(self, server: Server, cursor: Cursor) -> str:
        """Why reading may not go on from this cursor; empty when it may."""
        pruned = server.last_pruned()
        floor = pruned.position if pruned else START
        if self.floor == "first" and cursor.position < floor:
            return "history lost"
        if self.check == "never" or (self.check == "on news" and not self.unread(server, cursor)):
            return ""
        here = [row.event for row in server.readable() if row.position == cursor.position]
        if here == [cursor.event] or (not here and cursor.position == floor):
            return ""
        if cursor.position < floor:
            return "" if self.floor == "never" else "history lost"
        return "" if cursor.event is None else "fork"

    def fresh(self, rows: tuple[Row, ...], cursor: Cursor) -> tuple[int, ...]:
        """The events of these rows that are to be applied."""
        return tuple(row.event for row in rows if self.accept != "applied" or not _was_applied(row, cursor))

    def advance(self, cursor: Cursor, rows: tuple[Row, ...]) -> Cursor:
        ends = dict(cursor.ends)
        for row in rows:
            generation, number = row.position
            ends[generation] = max(number, ends.get(generation, 0))
        return Cursor(rows[-1].position, rows[-1].event, tuple(sorted(ends.items())))

    def accept_fork(self, server: Server, cursor: Cursor) -> Cursor:
        """The cursor from which to go on with a producer whose history is another one now."""
        if self.accept == "above":
            return cursor._replace(event=None)
        rows = [*server.readable(), *filter(None, [server.last_pruned()])]
        if self.accept == "applied":
            rows = [row for row in rows if _was_applied(row, cursor)]
        else:
            rows = [row for row in rows if row.position <= cursor.position]
        if not rows:
            return Cursor(ends=cursor.ends)
        return Cursor(*max(rows), cursor.ends)


CURSOR_RULES = CursorRules()


def _was_applied(row: Row, cursor: Cursor) -> bool:
    generation, number = row.position
    return number <= dict(cursor.ends).get(generation, 0)
