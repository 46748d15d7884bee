"""A trace 軌跡: what happened in a world that broke a law, to the member concerned, in its order."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision
from simulation.broken import LawBroken
from simulation.keeping import Happened
from simulation.shrinking import Failure
from simulation.worlds import World

MOST_LINES = 200


def trace(failure: Failure) -> str:
    world, seed = failure.world, failure.script.seed
    member = failure.error.member if isinstance(failure.error, LawBroken) else None
    again = f"make simulate SEED={seed}"
    lines = [
        f"seed {seed}: {failure.error!s}"
        if isinstance(failure.error, LawBroken)
        else f"seed {seed}: {failure.error!r}",
        f"members: {len(world.members)}, acts: {len(failure.script.acts)}; of {_name(world, member)}:",
        *(f"  {at:%d %b %H:%M:%S}  {text}" for at, text in _told(world, member)),
        f"play it again: {again}",
    ]
    return "\n".join(lines if len(lines) <= MOST_LINES else [*lines[:2], "  …", *lines[-MOST_LINES:]])


def _told(world: World, member: UUID | None) -> Iterator[tuple[datetime, str]]:
    """The world's notes, and what the lifecycle said of the member; each at the clock of whoever says it."""
    notes = [
        (note.at, f"{_name(world, note.member)} {note.text}" if note.member else f"* {note.text}")
        for note in world.notes
        if note.member is None or member in {None, note.member}
    ]
    happened = [
        (each.gate, f"    {_name(world, each.member_id)} {_words(each)}")
        for each in world.kept.happened
        if member in {None, each.member_id}
    ]
    told = [
        (
            row.appended_at,
            f"    {row.row.producer} tell {row.event.NAME} {getattr(row.event, 'reason', '') or ''}".rstrip(),
        )
        for log in (*world.logs.values(), world.kept.log)
        for row in log.rows
        if member in {None, row.event.member_id}
    ]
    yield from sorted([*notes, *happened, *told], key=lambda each: each[0])


def _words(happened: Happened) -> str:
    match happened.told:
        case Transition() as told:
            episode = f"{told.previous or 'nowhere'} → {told.current or 'nowhere'}#{told.episode}"
            return f"{episode} at {told.at:%d %b %H:%M:%S}, by {told.cause}, version {told.version}"
        case Decision() as told:
            until = f" until {told.until:%d %b %H:%M}" if told.until else ""
            return f"{told.rule} {told.key!r}: {told.reason or 'acts'}{until}, version {told.version}"


def _name(world: World, member: UUID | None) -> str:
    return "everybody" if member is None else f"member {world.members.index(member) + 1}"
