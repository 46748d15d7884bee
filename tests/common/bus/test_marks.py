"""Marks against a brute-force simulation of transactions: whatever the interleaving, nothing is called final or complete that
is not. What the marks may know of a snapshot is exactly what PostgreSQL tells.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.bus.marks import Marks, Sight
from common.bus.position import START, Position

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
"""What is taken off the clock: later events may be appended in the same instant."""


@dataclass
class Writer:
    xid: int
    id: int | None = None
    appended_at: int | None = None


@dataclass
class Server:
    """Transactions that take an xid, then append (time, then id), then end; in any interleaving."""

    next_xid: int = 1
    next_id: int = 1
    now: int = 0
    last_ended: int = 0
    running: list[Writer] = field(default_factory=list)
    committed: list[Writer] = field(default_factory=list)

    def step(self, choice: int, which: int) -> None:
        self.now += which % 2
        if choice == 0 or not self.running:
            self.running.append(Writer(self.take_xid()))
            return
        writer = self.running[which % len(self.running)]
        if choice == 1 and writer.id is None:
            writer.appended_at = self.now
            writer.id = self.next_id
            self.next_id += 1
        elif choice == 2:
            self.running.remove(writer)
            self.last_ended = max(self.last_ended, writer.xid)
            if writer.id is not None:
                self.committed.append(writer)

    def take_xid(self) -> int:
        self.next_xid += 1
        return self.next_xid - 1

    def look(self, *, mark: bool) -> Sight:
        """Snapshot, then clock, then xid; PostgreSQL's xmax is above the last that ended, not above the last begun."""
        xmax = self.last_ended + 1
        xmin = min([writer.xid for writer in self.running if writer.xid < xmax], default=xmax)
        head = max((writer.id or 0 for writer in self.committed), default=0)
        clock = EPOCH + timedelta(seconds=self.now) - TICK
        xid = self.take_xid() if mark else None
        if xid is not None:
            self.last_ended = max(self.last_ended, xid)  # a transaction of its own, that ends at once
        return Sight(xmin, Position(1, head) if head else START, clock, xid, float(self.now))

    def lowest_still_to_come(self) -> int:
        """The least id that may yet appear."""
        return min([writer.id for writer in self.running if writer.id is not None], default=self.next_id)


steps_taken = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7)), min_size=40, max_size=120)


@given(steps_taken, st.integers(0, 3))
def test_nothing_is_final_or_complete_too_early(steps: list[tuple[int, int]], laziness: int) -> None:
    """`laziness`: how far reading stays behind what is final."""
    server, marks, read = Server(), Marks(), START
    stated = EPOCH - timedelta(days=1)
    for choice, which in steps:
        if choice < 3:
            server.step(choice, which)
            continue
        sight = server.look(mark=which > 0)
        marks.observe(sight)
        assert marks.final.id < server.lowest_still_to_come(), "a row may still appear below what is final"
        if which >= laziness:
            read = max(read, marks.final)
        time = marks.complete_to(read)
        if time is not None:
            assert time >= stated
            stated = time
            unread = [w for w in [*server.committed, *server.running] if w.id is not None and w.id > read.id]
            at = [EPOCH + timedelta(seconds=w.appended_at) for w in unread if w.appended_at is not None]
            assert all(moment > stated for moment in at), "an event at or before T has not been read"


@given(steps_taken)
def test_when_all_have_ended_everything_becomes_final_and_time_complete(steps: list[tuple[int, int]]) -> None:
    server, marks = Server(), Marks()
    for choice, which in steps:
        if choice < 3:
            server.step(choice, which)
        else:
            marks.observe(server.look(mark=True))
    while server.running:
        server.step(2, 0)
    server.now += 1
    for _ in range(3):
        marks.observe(server.look(mark=True))
    assert marks.final.id == max((writer.id or 0 for writer in server.committed), default=0)
    assert marks.complete_to(marks.final) == EPOCH + timedelta(seconds=server.now) - TICK


def sight(xmin: int, head: int, mark_xid: int | None, *, seconds: int = 0) -> Sight:
    return Sight(xmin, Position(1, head), EPOCH + timedelta(seconds=seconds), mark_xid, float(seconds))


def test_a_mark_settles_only_above_its_own_xid() -> None:
    marks = Marks()
    marks.observe(sight(5, 10, 7, seconds=1))
    assert marks.marked == Position(1, 10)
    assert (marks.final, marks.pending_since) == (START, 1.0)
    marks.observe(sight(7, 12, None, seconds=2))
    assert marks.final == START
    marks.observe(sight(8, 12, None, seconds=3))
    assert (marks.final, marks.pending, marks.pending_since) == (Position(1, 10), False, None)


def test_time_waits_for_what_was_visible_when_the_mark_settled() -> None:
    marks = Marks()
    marks.observe(sight(5, 10, 7, seconds=1))
    marks.observe(sight(8, 12, None, seconds=2))
    assert marks.complete_to(Position(1, 11)) is None
    assert marks.complete_to(Position(1, 12)) == EPOCH + timedelta(seconds=1)
    assert marks.complete_to(Position(1, 12)) is None, "once is enough"


def test_the_memory_of_a_reader_that_stands_still_does_not_grow() -> None:
    marks = Marks()
    for n in range(1000):
        marks.observe(sight(10 * n + 9, 10, 10 * n + 9, seconds=n))
    assert len(marks._completions) == 1
    assert len(marks._pending) == 1
    assert marks.complete_to(Position(1, 10)) == EPOCH + timedelta(seconds=998)
