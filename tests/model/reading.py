"""Reading an outbox while transactions write to it: nothing lost, nothing out of order, and *complete to T* never too early.

Modelled: writers that each run one transaction (take an xid, the row lock of their key, an id, the clock; commit or
abort), PostgreSQL's snapshots (`xmax` is the last completed xid + 1, `xmin` the oldest running one below it), and one
reader that takes marks and states T. Who does what in which order is data (`Reading`), so that a tempting order can be
tried beside ours.

Checked: no row is read twice; the rows of a key are read in the order in which its lock was held; at rest every committed
row has been read; no T is stated before every row appended before T has been read.

Not modelled: savepoints (they keep the top xid), several rows of one transaction (they share its fate), generations
(`postgres_bus`), and a clock that differs between the processors of one machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.search import NO_FAULTS, Faults, Step

WriterStep = Literal["xid", "lock", "id", "clock"]
ReaderStep = Literal["lock cursor", "time", "high", "xid", "xmax", "settle"]

WRITER: tuple[WriterStep, ...] = ("xid", "lock", "id")
TIMED_WRITER: tuple[WriterStep, ...] = ("xid", "lock", "id", "clock")
MARK: tuple[ReaderStep, ...] = ("high", "xid", "settle")
WATCH: tuple[ReaderStep, ...] = ("time", "xid", "settle", "high")


class Writer(NamedTuple):
    """A transaction: how many of its steps are done, what it took, how it ended."""

    done: int = 0
    xid: int = 0
    id: int = 0
    appended_at: int = 0
    ended: Literal["", "committed", "aborted"] = ""


class Inquiry(NamedTuple):
    """What the reader found out so far, in its memory; `own` is a transaction that it holds open meanwhile."""

    done: int = 0
    time: int = 0
    high: int = 0
    settles: int = 0  # once xmin is no less
    own: int = 0


class World(NamedTuple):
    writers: tuple[Writer, ...]
    faults: Faults
    next_xid: int = 1
    next_id: int = 1
    completed: int = 0  # the greatest xid that has ended
    now: int = 1
    locked: tuple[int, ...] = ()  # writers, in the order in which they got the lock of their key
    read: tuple[int, ...] = ()  # writers, in the order in which their rows were read
    cursor: tuple[int, int] = (0, 0)
    mark: Inquiry | None = None
    watch: Inquiry | None = None
    complete_to: int = 0

    def xmin(self) -> int:
        """The oldest xid that a snapshot taken now would show as running; its xmax if there is none."""
        xmax = self.completed + 1
        running = [writer.xid for writer in self.writers if writer.xid and not writer.ended]
        running += [mark.own for mark in (self.mark, self.watch) if mark is not None and mark.own]
        return min([xid for xid in running if xid < xmax], default=xmax)

    def committed(self) -> list[int]:
        return [number for number, writer in enumerate(self.writers) if writer.ended == "committed"]

    def highest(self) -> int:
        """The greatest visible position."""
        return max((self.writers[number].id for number in self.committed()), default=0)

    def change(self, number: int, writer: Writer) -> tuple[Writer, ...]:
        return (*self.writers[:number], writer, *self.writers[number + 1 :])


@dataclass(frozen=True)
class Reading:
    """`order`: what may be read is rows up to a settled mark, rows below xmin by (xid, id), or whatever is visible."""

    keys: tuple[int, ...] = (0, 0, 1)
    writer: tuple[WriterStep, ...] = WRITER
    order: Literal["mark", "xid", "sequence"] = "mark"
    mark: tuple[ReaderStep, ...] = MARK
    watch: tuple[ReaderStep, ...] = ()
    ticks: int = 0  # how often the clock moves
    moves_between_units: bool = False  # a virtual clock: it moves only while no unit of work is open
    inclusive: bool = False  # T speaks of rows appended *at* T too; but some still may be, within that tick
    faults: Faults = NO_FAULTS

    def initial(self) -> World:
        return World(writers=(Writer(),) * len(self.keys), faults=self.faults)

    def steps(self, world: World) -> Iterator[Step[World]]:
        idle = set()  # keys of writers that have not begun: those of a key are alike
        for number, writer in enumerate(world.writers):
            if not writer.ended and (writer.done or self.keys[number] not in idle):
                yield from self._write(world, number, writer)
            if not writer.done:
                idle.add(self.keys[number])
        yield from self._read(world)
        if self.watch:
            yield from self._state(world)
        yield from self._disturb(world)

    def _write(self, world: World, number: int, writer: Writer) -> Iterator[Step[World]]:
        if writer.done == len(self.writer):
            for ended in ("committed", "aborted"):
                writers = world.change(number, writer._replace(ended=ended))
                completed = max(world.completed, writer.xid)
                yield Step(f"writer {number}: {ended}", world._replace(writers=writers, completed=completed))
            return
        step = self.writer[writer.done]
        writer = writer._replace(done=writer.done + 1)
        name = f"writer {number}: "
        if step == "lock" and self._holds_lock(world, self.keys[number]):
            return
        if step == "xid":
            name, writer = f"{name}xid {world.next_xid}", writer._replace(xid=world.next_xid)
            world = world._replace(next_xid=world.next_xid + 1)
        elif step == "id":
            name, writer = f"{name}id {world.next_id}", writer._replace(id=world.next_id)
            world = world._replace(next_id=world.next_id + 1)
        elif step == "clock":
            name, writer = f"{name}appended at {world.now}", writer._replace(appended_at=world.now)
        else:
            name, world = f"{name}lock of key {self.keys[number]}", world._replace(locked=(*world.locked, number))
        yield Step(name, world._replace(writers=world.change(number, writer)), optional=writer.done == 1)

    def _holds_lock(self, world: World, key: int) -> bool:
        return any(self.keys[number] == key and not world.writers[number].ended for number in world.locked)

    def _position(self, writer: Writer) -> tuple[int, int]:
        return (writer.xid, writer.id) if self.order == "xid" else (writer.id, 0)

    def _read(self, world: World) -> Iterator[Step[World]]:
        """Read what is final by the rule; with marks, ask first what is, and only when there is news."""
        if self.order != "mark":
            below = world.xmin() if self.order == "xid" else world.next_xid
            rows = [number for number in world.committed() if world.writers[number].xid < below]
            yield from self._take(world, rows, "reads")
        elif world.mark is None or world.mark.done < len(self.mark):
            if world.mark is not None or world.highest() > world.cursor[0]:
                steps = self._ask(world, self.mark, world.mark or Inquiry())
                yield from (Step(f"reader: {name}", then._replace(mark=asked)) for name, asked, then in steps)
        else:
            rows = [number for number in world.committed() if world.writers[number].id <= world.mark.high]
            yield from self._take(world._replace(mark=None), rows, f"reads to {world.mark.high}")

    def _take(self, world: World, rows: list[int], what: str) -> Iterator[Step[World]]:
        fresh = sorted((self._position(world.writers[number]), number) for number in rows)
        fresh = [row for row in fresh if row[0] > world.cursor]
        if fresh:
            read = (*world.read, *(number for _, number in fresh))
            yield Step(f"reader: {what}", world._replace(read=read, cursor=fresh[-1][0]))
        elif self.order == "mark":
            yield Step(f"reader: {what}, nothing", world)

    def _ask(self, world: World, steps: tuple[ReaderStep, ...], asked: Inquiry) -> Iterator[tuple[str, Inquiry, World]]:
        """The next step of an inquiry."""
        step = steps[asked.done]
        asked = asked._replace(done=asked.done + 1)
        if step == "time":
            yield f"T = {world.now}", asked._replace(time=world.now), world
        elif step == "high":
            yield f"H = {world.highest()}", asked._replace(high=world.highest()), world
        elif step == "xmax":
            yield f"xmax is {world.completed + 1}", asked._replace(settles=world.completed + 1), world
        elif step == "settle":
            if world.xmin() >= asked.settles:
                yield "its mark has settled", asked, world
        elif step == "lock cursor":
            xid = world.next_xid
            yield f"locks its cursor row as xid {xid}", asked._replace(own=xid), world._replace(next_xid=xid + 1)
        else:
            xid = world.next_xid
            ended = world._replace(next_xid=xid + 1, completed=max(world.completed, xid))
            yield f"m = {xid}", asked._replace(settles=xid + 1), ended

    def _state(self, world: World) -> Iterator[Step[World]]:
        """Find out a T, whenever the clock shows a new time, and state it."""
        if world.watch is None and world.now <= world.complete_to:
            return
        watch = world.watch or Inquiry()
        if watch.done < len(self.watch):
            steps = self._ask(world, self.watch, watch)
            yield from (Step(f"watch: {name}", then._replace(watch=asked)) for name, asked, then in steps)
        elif world.cursor[0] >= watch.high:
            then = world._replace(watch=None, complete_to=max(world.complete_to, watch.time))
            yield Step(f"complete to {watch.time}", then)

    def _disturb(self, world: World) -> Iterator[Step[World]]:
        idle = all(not writer.done or writer.ended for writer in world.writers)
        if world.now <= self.ticks and (idle or not self.moves_between_units):
            yield Step(f"the clock shows {world.now + 1}", world._replace(now=world.now + 1))
        if world.faults.allow("restart") and (world.mark or world.watch):
            faults = world.faults.without("restart")
            yield Step("the reader starts anew", world._replace(mark=None, watch=None, faults=faults), optional=True)
        if world.faults.allow("clock back") and world.now > 1:
            faults = world.faults.without("clock back")
            yield Step("the clock is set back", world._replace(now=world.now - 1, faults=faults), optional=True)

    def wrong(self, world: World, *, at_rest: bool) -> str | None:
        if len(set(world.read)) < len(world.read):
            return f"read twice: {world.read}"
        for key in set(self.keys):
            got = [number for number in world.read if self.keys[number] == key]
            happened = [number for number in world.locked if number in got]
            if got != happened:
                return f"key {key}: read {got}, but happened {happened}"
        unread = [number for number in world.committed() if number not in world.read]
        for number in unread:
            if world.writers[number].appended_at < world.complete_to + self.inclusive and self.watch:
                return f"complete to {world.complete_to}, but row {number} of {world.writers[number].appended_at} is unread"
        return f"never read: {unread}" if at_rest and unread else None
