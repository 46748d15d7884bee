"""A report 報告 of a replay: what happened, what a draft would have done, and how they differ. Plain data, to be kept or shown."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

import msgspec

from lifecycle.calendars.domain import EPOCH
from lifecycle.receipts.domain import ACTED
from lifecycle.replays.surveys.domain import ActionOf, Survey, Timeline, days_of
from lifecycle.replays.trials.domain import Found, Overlap
from lifecycle.text.labels.domain import Titles

FORMAT = 1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Actions of one kind that a rule asked for."""

    kind: ActionOf
    what: str
    """A template, a team, an endpoint, a reason."""
    count: int
    points: int = 0
    cost_minor: int | None = None
    """Of coupons whose template has a value."""


class Hindrance(msgspec.Struct, frozen=True, kw_only=True):
    """Why a rule did not act, or waited."""

    reason: str
    by: str | None
    """The guard, as the policy writes it."""
    count: int


class RuleSide(msgspec.Struct, frozen=True, kw_only=True):
    """What one policy did by one rule."""

    acted: int = 0
    asked: tuple[Asked, ...] = ()
    hindrances: tuple[Hindrance, ...] = ()
    treated: int = 0
    held_out: int = 0
    """Members of each arm for whom it came so far."""

    @property
    def cost_minor(self) -> int:
        return sum(each.cost_minor or 0 for each in self.asked)


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    happened: RuleSide | None
    tried: RuleSide | None
    overlap: Overlap | None
    """Actions taken by both, and by one of them only."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """How often members went from one value to another in a business day."""

    day: date
    dimension: str
    previous: str | None
    current: str | None
    happened: int | None
    tried: int | None


class DayLine(msgspec.Struct, frozen=True, kw_only=True):
    day: date
    happened: int | None
    tried: int | None
    """Actions asked for."""


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """Members in a value in the end."""

    dimension: str
    value: str
    happened: int | None
    tried: int | None


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Members by the stage that they are in, and the one that the draft has them in."""

    happened: str | None
    tried: str | None
    members: int


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    happened: Timeline | None
    tried: Timeline | None


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    policy: str
    """The name of what was tried, or of what is published."""
    tz: str
    values: dict[str, tuple[str, ...]] = {}
    """Of each dimension, in the order of the policy."""
    titles: Titles = {}
    """Of its values, rules and caps."""
    currency: str = "CNY"
    is_draft: bool = False
    equals_live: bool | None = None
    """Whether the tables hold just what the journal gives; None: nobody asked."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    format: int = FORMAT
    heading: Heading
    first: date | None
    last: date | None
    partial: bool
    entries: int
    events: int
    members: int
    rules: tuple[RuleLine, ...]
    days: tuple[DayLine, ...]
    flows: tuple[Flow, ...]
    stands: tuple[Stand, ...]
    moved: tuple[Moved, ...]
    samples: tuple[Sample, ...]
    valueless: tuple[str, ...]
    """Coupon templates whose value nobody told: they cost nothing here."""


def reported(found: Found, heading: Heading, costs: Mapping[str, int]) -> Report:
    """`costs`: what a coupon of each template costs, in minor units."""
    there = [survey for survey in (found.happened, found.tried) if survey is not None]
    days = sorted(set(days_of(there)))
    templates = {place[3] for survey in there for place in survey.asked if place[2] == "coupon"}
    return Report(
        heading=heading,
        first=_date(days[0]) if days else None,
        last=_date(days[-1]) if days else None,
        partial=found.partial,
        entries=found.entries,
        events=found.events,
        members=max((survey.members for survey in there), default=0),
        rules=tuple(_rules(found, costs)),
        days=tuple(_days(found, days)),
        flows=tuple(_flows(found)),
        stands=tuple(_stands(found, heading)),
        moved=tuple(
            Moved(happened=happened, tried=tried, members=members)
            for (happened, tried), members in sorted(found.stages.items(), key=lambda each: -each[1])
        ),
        samples=tuple(_samples(found)),
        valueless=tuple(sorted(templates - costs.keys())),
    )


def _rules(found: Found, costs: Mapping[str, int]) -> list[RuleLine]:
    surveys = [survey for survey in (found.happened, found.tried) if survey is not None]
    names = sorted({place[1] for survey in surveys for place in survey.decided})
    lines = [
        RuleLine(
            rule=rule,
            happened=_side(found.happened, rule, costs),
            tried=_side(found.tried, rule, costs),
            overlap=found.overlaps.get(rule),
        )
        for rule in names
    ]
    return sorted(lines, key=lambda line: -max(side.acted for side in (line.happened, line.tried) if side))


def _side(survey: Survey | None, rule: str, costs: Mapping[str, int]) -> RuleSide | None:
    if survey is None:
        return None
    asked: Counter[tuple[ActionOf, str, int]] = Counter()
    for (_, name, kind, what, points), count in survey.asked.items():
        if name == rule:
            asked[kind, what, points] += count
    decided: Counter[tuple[str, str | None]] = Counter()
    for (_, name, outcome, by), count in survey.decided.items():
        if name == rule:
            decided[outcome, by] += count
    return RuleSide(
        acted=decided.pop((ACTED, None), 0),
        asked=tuple(
            Asked(
                kind=kind,
                what=what,
                count=count,
                points=points * count,
                cost_minor=costs[what] * count if kind == "coupon" and what in costs else None,
            )
            for (kind, what, points), count in sorted(asked.items())
        ),
        hindrances=tuple(
            Hindrance(reason=reason, by=by, count=count)
            for (reason, by), count in sorted(decided.items(), key=lambda each: -each[1])
        ),
        treated=survey.arms[rule, "treated"],
        held_out=survey.arms[rule, "held_out"],
    )


def _days(found: Found, days: list[int]) -> list[DayLine]:
    happened, tried = _daily(found.happened), _daily(found.tried)
    span = range(days[0], days[-1] + 1) if days else range(0)
    return [
        DayLine(
            day=_date(day),
            happened=None if happened is None else happened[day],
            tried=None if tried is None else tried[day],
        )
        for day in span
    ]


def _daily(survey: Survey | None) -> Counter[int] | None:
    if survey is None:
        return None
    counted: Counter[int] = Counter()
    for (day, *_), count in survey.asked.items():
        counted[day] += count
    return counted


def _flows(found: Found) -> list[Flow]:
    surveys = [survey for survey in (found.happened, found.tried) if survey is not None]
    places = {place for survey in surveys for place in survey.moves}
    return [
        Flow(
            day=_date(place[0]),
            dimension=place[1],
            previous=place[2],
            current=place[3],
            happened=found.happened.moves[place] if found.happened else None,
            tried=found.tried.moves[place] if found.tried else None,
        )
        for place in sorted(places, key=lambda each: (each[0], each[1], each[2] or "", each[3] or ""))
    ]


def _stands(found: Found, heading: Heading) -> list[Stand]:
    """In the order of the policy; what only the other one has comes last."""
    surveys = [survey for survey in (found.happened, found.tried) if survey is not None]
    ordered = [(dimension, value) for dimension, values in heading.values.items() for value in values]
    others = {place for survey in surveys for place in survey.stands} - set(ordered)
    return [
        Stand(
            dimension=dimension,
            value=value,
            happened=found.happened.stands[dimension, value] if found.happened else None,
            tried=found.tried.stands[dimension, value] if found.tried else None,
        )
        for dimension, value in (*ordered, *sorted(others))
    ]


def _samples(found: Found) -> list[Sample]:
    happened = {each.member_id: each for each in (found.happened.timelines if found.happened else ())}
    tried = {each.member_id: each for each in (found.tried.timelines if found.tried else ())}
    return [
        Sample(happened=happened.get(member_id), tried=tried.get(member_id))
        for member_id in dict.fromkeys((*tried, *happened))
    ]


def _date(day: int) -> date:
    return date.fromordinal(day + EPOCH)
