"""One box: a group reads a producer's outbox (`producer`) with a cursor in its own database (`cursors`).

Modelled: members that lock the lane, read a batch and commit its effects together with the cursor; a member that is killed,
or that loses its connection and goes on unaware; everything that happens to the producer's server; the alarms, and an
operator who answers a fork.

Checked: no event is applied twice; events are applied in the order of the producer's history; an alarm has a cause; and
whenever the group may think that it is up to date (no alarm, nothing to read), it has applied the producer's whole history,
and nothing that is not in it but what the operator was told of. *Complete to T* is stated in such a moment.

Not modelled: poison and parking (`dead_letters`, `deploying`), several producers, a restore of the group's own database
(its effects and its cursor go back together).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.cursors import CURSOR_RULES, Cursor, CursorRules
from model.producer import PRODUCER_RULES, Producer, ProducerRules, Row
from model.search import NO_FAULTS, Faults, Step

BATCH = 2
COPIED = {"restore", "fail over", "restore in place"}


class Member(NamedTuple):
    stage: Literal["locked", "checked", "read", "half"]
    cursor: Cursor
    rows: tuple[Row, ...] = ()


class World(NamedTuple):
    producer: Producer
    faults: Faults
    members: tuple[Member | None, ...]
    cursor: Cursor = Cursor()
    lane: int | None = None  # the member that holds its lock
    applied: tuple[int, ...] = ()
    accepted: frozenset[int] = frozenset()  # applied events that the producer lost, as the operator was told
    alarm: str = ""

    def ghosts(self) -> set[int]:
        """Applied events that the producer no longer has."""
        return set(self.applied) - {row.event for row in self.producer.server.rows}

    def hold(self, number: int, member: Member | None) -> "World":
        return self._replace(members=(*self.members[:number], member, *self.members[number + 1 :]))

    def release(self, number: int) -> "World":
        return self.hold(number, None)._replace(lane=None if self.lane == number else self.lane)


@dataclass(frozen=True)
class PostgresBus:
    """The defaults are the protocol; each other value takes one of its rules away."""

    events: int = 3
    members: int = 1
    faults: Faults = NO_FAULTS
    producer: ProducerRules = PRODUCER_RULES
    cursor: CursorRules = CURSOR_RULES
    lane: bool = True
    commit: Literal["together", "effects first", "cursor first"] = "together"
    one_statement: bool = True  # the cursor is checked in the statement that reads the batch

    def initial(self) -> World:
        return World(producer=Producer(), faults=self.faults, members=(None,) * self.members)

    def steps(self, world: World) -> Iterator[Step[World]]:
        for step in self.producer.steps(world.producer, events=self.events):
            yield Step(step.name, world._replace(producer=step.state), step.optional)
        for number, member in enumerate(world.members):
            if member is not None:
                yield self._consume(world, number, member)
            elif self._has_work(world) and (world.lane is None or not self.lane):
                locked = world.hold(number, Member("locked", world.cursor))._replace(lane=number)
                yield Step(f"member {number} locks the lane", locked)
                break  # idle members are alike
        if world.alarm == "fork" and world.lane is None and self.cursor.may_read(world.producer.server):
            cursor = self.cursor.accept_fork(world.producer.server, world.cursor)
            accepted = world.accepted | world.ghosts()
            then = world._replace(cursor=cursor, alarm="", accepted=accepted)
            yield Step(f"the operator accepts the fork, back to {cursor.position}", then)
        yield from self._disturb(world)

    def _has_work(self, world: World) -> bool:
        server = world.producer.server
        if world.alarm or not self.cursor.may_read(server):
            return False
        return bool(self.cursor.alarm(server, world.cursor) or self.cursor.unread(server, world.cursor))

    def _consume(self, world: World, number: int, member: Member) -> Step[World]:
        name, server = f"member {number}", world.producer.server
        alarm = self.cursor.alarm(server, member.cursor) if member.stage == "locked" else ""
        if self.lane and world.lane != number and (alarm or member.stage == "read"):
            return Step(f"{name} is refused: its connection is gone", world.hold(number, None))
        if member.stage in {"read", "half"}:
            return self._commit(world, number, member)
        if not self.cursor.may_read(server):
            return Step(f"{name} finds no generation", world.release(number))
        if member.stage == "locked":
            if alarm:
                return Step(f"{name} raises the alarm: {alarm}", self._raise(world.release(number), alarm))
            if not self.one_statement:
                return Step(f"{name} checks the cursor", world.hold(number, member._replace(stage="checked")))
        rows = tuple(self.cursor.unread(server, member.cursor)[:BATCH])
        if not rows:
            return Step(f"{name} finds nothing", world.release(number))
        read = world.hold(number, member._replace(stage="read", rows=rows))
        return Step(f"{name} reads {[row.event for row in rows]}", read)

    def _raise(self, world: World, alarm: str) -> World:
        """After a fork was accepted, rows that were applied are scanned once more, and may be lost to the scan."""
        unread = world.producer.server.gone() - set(world.applied)
        cause = world.ghosts() if alarm == "fork" else unread or world.accepted
        return world._replace(alarm=alarm if cause else f"{alarm}: an alarm without a cause")

    def _commit(self, world: World, number: int, member: Member) -> Step[World]:
        name = f"member {number}"
        applied = (*world.applied, *self.cursor.fresh(member.rows, member.cursor))
        cursor = self.cursor.advance(member.cursor, member.rows)
        if self.commit == "together":
            return Step(f"{name} commits", world._replace(applied=applied, cursor=cursor).release(number))
        effects_now = (self.commit == "effects first") == (member.stage == "read")
        then = world._replace(applied=applied) if effects_now else world._replace(cursor=cursor)
        what = f"{name} commits {'the effects' if effects_now else 'the cursor'}"
        if member.stage == "half":
            return Step(what, then.release(number))
        return Step(what, then.hold(number, member._replace(stage="half")))

    def _disturb(self, world: World) -> Iterator[Step[World]]:
        faults = world.faults
        if world.producer.copy is None and any(faults.allow(kind) for kind in COPIED):
            copied = world.producer._replace(copy=world.producer.server)
            yield Step("a copy is taken", world._replace(producer=copied), optional=True)
        for kind in sorted(set(faults.kinds)):
            spent = world._replace(faults=faults.without(kind))
            for name, producer in self.producer.disturb(world.producer, kind):
                yield Step(name, spent._replace(producer=producer), optional=True)
            for number, member in enumerate(world.members):
                if member is not None and kind == "kill":
                    yield Step(f"member {number} is killed", spent.release(number), optional=True)
                if member is not None and kind == "cut" and world.lane == number:
                    yield Step(f"member {number} loses its connection", spent._replace(lane=None), optional=True)

    def wrong(self, world: World, *, at_rest: bool) -> str | None:
        if len(set(world.applied)) < len(world.applied):
            return f"applied twice: {world.applied}"
        history = [row.event for row in world.producer.server.rows]
        applied = [event for event in world.applied if event in history]
        if applied != [event for event in history if event in applied]:
            return f"applied {applied}, but the history is {history}"
        if "without" in world.alarm:
            return world.alarm
        if at_rest and not world.alarm and not self.cursor.may_read(world.producer.server):
            return "waits for a generation that nobody begins"
        halfway = any(member is not None and member.stage == "half" for member in world.members)
        if world.alarm or self._has_work(world) or halfway or not self.cursor.may_read(world.producer.server):
            return None
        if set(history) - set(applied):
            return f"lost silently: {sorted(set(history) - set(applied))}"
        ghosts = world.ghosts() - world.accepted
        return f"applied silently what the producer lost: {sorted(ghosts)}" if ghosts else None
