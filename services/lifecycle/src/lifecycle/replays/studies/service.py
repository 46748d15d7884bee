"""From what an operator asks to a report."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from common.bus.lanes import lane_of
from common.bus.locks import EVERY_LANE
from common.db import Database, UnitOfWork
from lifecycle.authoring.domain import author
from lifecycle.calendars.domain import EPOCH
from lifecycle.engine.domain import compiled
from lifecycle.errors import DraftInvalid, RangeInvalid
from lifecycle.journal import service as journal
from lifecycle.journal.archives import service as archives
from lifecycle.policy.domain import Policy
from lifecycle.publishing.versions import service as versions
from lifecycle.replays.projections.domain import Difference
from lifecycle.replays.runs import service as runs
from lifecycle.replays.runs.domain import Progress, heading
from lifecycle.replays.studies.domain import MOST_DAYS, Asked, Prepared
from lifecycle.replays.trials.domain import DraftText, Order, Outcome, together
from lifecycle.reports.domain import Report, reported


async def prepared(reader: Database | UnitOfWork, asked: Asked, *, tz: str, currency: str) -> Prepared:
    """`tz`: of a draft that names none. Raises DraftInvalid, RangeInvalid."""
    published = (await versions.VersionCache().now(reader)).latest
    policy = published.engine.policy if asked.draft is None else _authored(asked.draft, tz)
    entries = sum(row["entries"] for row in await journal.sizes(reader))
    order = ordered(asked, policy, tz=tz, version=published.number + 1)
    return Prepared(order=order, policy=policy, currency=currency, entries=entries)


def prepared_on(folder: Path, asked: Asked, *, tz: str, currency: str) -> Prepared:
    """For an archive, on which only a draft can be tried. Raises DraftInvalid, RangeInvalid."""
    if asked.draft is None:
        raise DraftInvalid("an archive holds no policy: say which one to try")
    policy = _authored(asked.draft, tz)
    order = ordered(asked, policy, tz=tz, version=1)
    return Prepared(order=order, policy=policy, currency=currency, entries=archives.size(folder))


def ordered(asked: Asked, policy: Policy, *, tz: str, version: int) -> Order:
    """`version`: the number that the draft gets. Raises RangeInvalid."""
    if asked.first and asked.last and not 0 <= (asked.last - asked.first).days < MOST_DAYS:
        raise RangeInvalid(f"to: expected a day not before `from`, and at most {MOST_DAYS} days")
    calendar = compiled(policy).calendar

    def begins(day: date, later: int) -> int:
        return day.toordinal() - EPOCH + later

    return Order(
        draft=None if asked.draft is None else DraftText(text=asked.draft, tz=tz, version=version),
        since=calendar.start_of(begins(asked.first, 0)) if asked.first else None,
        until=calendar.start_of(begins(asked.last, 1)) if asked.last else None,
        only=asked.only,
        verify=asked.draft is None and asked.last is None,
    )


def studied(
    source: runs.Source,
    study: Prepared,
    asked: Asked,
    *,
    processes: int,
    show: Callable[[Progress], None] = lambda _: None,
) -> tuple[Report, Difference | None]:
    """The report, and the first thing that the tables hold otherwise than what is published gives."""
    progress = Progress(of=study.entries)
    lanes = EVERY_LANE if asked.only is None else [lane_of(str(asked.only))]
    outcomes = runs.run(
        source, study.order, lanes=lanes, processes=processes, progress=progress, show=lambda: show(progress)
    )
    return report_of(study, asked, outcomes), next((each.difference for each in outcomes if each.difference), None)


def report_of(study: Prepared, asked: Asked, outcomes: list[Outcome]) -> Report:
    found = together([outcome.found for outcome in outcomes])
    verified = study.order.verify and not found.partial
    return reported(
        found,
        heading(
            study.policy,
            is_draft=study.order.draft is not None,
            differences=[each.difference for each in outcomes if each.difference] if verified else None,
            currency=study.currency,
        ),
        asked.costs,
    )


def _authored(text: str, tz: str) -> Policy:
    authored = author(text, tz=tz)
    if authored.policy is None:
        raise DraftInvalid("; ".join(str(fault) for fault in authored.faults))
    return authored.policy
