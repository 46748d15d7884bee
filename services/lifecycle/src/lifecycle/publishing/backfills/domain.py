"""A back-fill 回填: what a version counts anew, of all that was read before it was prepared. From then on it is counted as
events come; facts are a monoid, so both parts are one in the end, whichever comes first.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from common.contracts.envelope import decode
from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import Facts, Fold, Telling, folded
from lifecycle.journal.domain import Input

Folds = Mapping[str, tuple[Fold | Telling, ...]]


def counted_anew(engine: Engine, since: Mapping[int, int], *, revision: int) -> Folds:
    """By event, what is counted only since that revision."""
    found = {
        event: tuple(fold for fold in folds if since.get(fold.place) == revision)
        for event, folds in engine.folds.items()
    }
    return {event: folds for event, folds in found.items() if folds}


def counted(parts: dict[UUID, Facts], events: Iterable[Input], folds: Folds) -> None:
    """Add to each member's part what these events count."""
    for read in events:
        envelope, event = decode(read.envelope)
        if event.NAME in folds:
            member_id = UUID(event.subject)
            parts[member_id] = folded(
                parts.get(member_id, {}),
                event,
                folds=folds[event.NAME],
                event_id=envelope.id,
                time=envelope.time,
                appended_at=read.appended_at,
            )
