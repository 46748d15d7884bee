"""Displays 展示: a report as one page that needs nothing else: to be read in two minutes, on a screen or on paper."""

from collections import defaultdict
from datetime import datetime
from typing import Any, Literal

from lifecycle.calendars.domain import zone_named
from lifecycle.engine.annotations.domain import shown_reading
from lifecycle.replays.surveys.domain import Moment, Timeline
from lifecycle.replays.trials.domain import Overlap
from lifecycle.reports.charts.domain import bars, lines, sparkline
from lifecycle.reports.domain import Report, RuleLine, RuleSide
from lifecycle.reports.elements.domain import Html, join, table, tag
from lifecycle.reports.wordings.domain import CAUSES, KINDS, REASONS, in_short, money, number, said
from lifecycle.text.faults.domain import Language
from lifecycle.text.labels.domain import called

Side = Literal["happened", "tried"]


class Page:
    """One report in one language."""

    def __init__(self, report: Report, language: Language) -> None:
        self.report = report
        self.language = language
        self._zone = zone_named(report.heading.tz)
        is_draft = report.heading.is_draft
        happened = not is_draft or any(line.happened for line in report.rules)
        shown: dict[Side, bool] = {"happened": happened, "tried": is_draft}
        self.sides = [side for side, is_shown in shown.items() if is_shown]

    @property
    def compares(self) -> bool:
        return len(self.sides) > 1

    def say(self, key: str, **values: object) -> str:
        return said(key, self.language, **values)

    def moment(self, at: datetime) -> str:
        """By the business's clock."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def called(self, kind: str, code: str) -> str:
        """By its title."""
        return called(self.report.heading.titles, kind, code, self.language)

    def name(self, side: Side) -> str:
        return self.say("draft" if side == "tried" else "live")


def as_html(report: Report, *, language: Language, style: str) -> str:
    """`style`: its CSS."""
    page = Page(report, language)
    title = page.say("title_draft" if report.heading.is_draft else "title_live", policy=report.heading.policy)
    body = [
        tag("h1", title),
        tag("p", f"{report.first} – {report.last}", class_="days") if report.first else None,
        _warnings(page),
        tag("p", in_short(report, language), class_="short"),
        _legend(page),
        _rules(page),
        _days(page),
        _stands(page),
        _flows(page),
        _hindrances(page),
        _arms(page),
        _samples(page),
        _reading(page),
    ]
    head = [tag("meta", charset="utf-8"), tag("meta", name="viewport", content="width=device-width, initial-scale=1")]
    head += [tag("title", title), tag("style", Html(style))]
    whole = tag("html", tag("head", head), tag("body", tag("main", body)), lang="zh-Hant" if language == "zh" else "en")
    return f"<!doctype html>\n{whole}\n"


def _warnings(page: Page) -> list[Html]:
    heading = page.report.heading
    warned = [page.say("partial")] if page.report.partial else []
    warned += [page.say("unequal")] if heading.equals_live is False else []
    if page.report.valueless:
        warned.append(page.say("valueless", names=", ".join(page.report.valueless)))
    return [tag("p", each, class_="warning") for each in warned]


def _legend(page: Page) -> Html | None:
    if not page.compares:
        return None
    return tag("p", [[tag("i", class_=side), " ", page.name(side), "  "] for side in page.sides], class_="legend")


def _section(page: Page, key: str, *content: object) -> Html:
    return tag("section", tag("h2", page.say(key)), content)


def _rules(page: Page) -> Html:
    sides = [side for line in page.report.rules for side in (line.happened, line.tried) if side]
    most = max((side.acted for side in sides), default=0)
    header: list[object] = [page.say("rule"), page.say("asked"), ""]
    header += [f"{page.say('acted')}: {page.name(side)}" for side in page.sides]
    header += [f"{page.say('cost')}: {page.name(side)}" for side in page.sides]
    header += [page.say(key) for key in ("both", "only_live", "only_draft")] if page.compares else []
    return _section(page, "rules", table(header, [_rule(page, line, most) for line in page.report.rules], texts=3))


def _rule(page: Page, line: RuleLine, most: int) -> list[object]:
    sides: list[RuleSide] = [getattr(line, name) or RuleSide() for name in page.sides]
    overlap = line.overlap or Overlap()
    row: list[object] = [
        page.called("rule", line.rule),
        tag("ul", [tag("li", each) for each in _contents(page, sides[-1])]),
        bars([(name, side.acted) for name, side in zip(page.sides, sides, strict=True)], most),
        *(number(side.acted) for side in sides),
        *(money(side.cost_minor, page.report.heading.currency) for side in sides),
    ]
    compared = (overlap.both, overlap.happened, overlap.tried) if page.compares else ()
    return [*row, *map(number, compared)]


def _contents(page: Page, side: RuleSide) -> list[str]:
    said_points = page.say("points")
    return [
        f"{KINDS[each.kind].within(page.language)} {each.what}"
        + (f": {number(each.points)} {said_points}" if each.points else f" × {number(each.count)}")
        for each in side.asked
    ]


def _days(page: Page) -> Html | None:
    days = page.report.days
    if not days:
        return None
    series = [(side, page.name(side), [getattr(line, side) or 0 for line in days]) for side in page.sides]
    return _section(page, "by_day", lines(series, [str(line.day) for line in days]))


def _stands(page: Page) -> Html:
    grouped: dict[str, list[Any]] = defaultdict(list)
    for stand in page.report.stands:
        grouped["segment" if stand.dimension == stand.value else stand.dimension].append(stand)
    parts = []
    header: list[object] = ["", "", *(page.name(side) for side in page.sides)]
    for stands in grouped.values():
        most = max(getattr(stand, side) or 0 for stand in stands for side in page.sides)
        rows: list[list[object]] = [
            [
                page.called("value", stand.value),
                bars([(side, getattr(stand, side) or 0) for side in page.sides], most),
                *(number(getattr(stand, side)) for side in page.sides),
            ]
            for stand in stands
        ]
        parts.append(table(header, rows, texts=2))
    return _section(page, "stand", parts, _moved(page))


def _moved(page: Page) -> list[Html]:
    moved = [each for each in page.report.moved if each.happened != each.tried]
    rows: list[list[object]] = [
        [page.called("value", each.happened or "–"), page.called("value", each.tried or "–"), number(each.members)]
        for each in moved
    ]
    if not rows:
        return []
    header: list[object] = [page.name("happened"), page.name("tried"), page.say("members")]
    return [tag("h3", page.say("moved")), table(header, rows, texts=2)]


def _flows(page: Page) -> Html:
    days = {line.day: index for index, line in enumerate(page.report.days)}
    counted: dict[tuple[str, str | None, str | None], dict[Side, list[int]]] = {}
    for flow in page.report.flows:
        place = flow.dimension, flow.previous, flow.current
        daily = counted.setdefault(place, {side: [0] * len(days) for side in page.sides})
        for side in page.sides:
            daily[side][days[flow.day]] += getattr(flow, side) or 0
    rows: list[list[object]] = [
        [
            _dimension(page, dimension),
            page.called("value", previous or page.say("new" if dimension in {"stage", "health"} else "outside")),
            page.called("value", current or page.say("outside")),
            sparkline([(side, daily[side]) for side in page.sides]),
            *(number(sum(daily[side])) for side in page.sides),
        ]
        for (dimension, previous, current), daily in sorted(counted.items(), key=lambda each: str(each[0]))
    ]
    header: list[object] = ["", page.say("from"), page.say("to"), "", *(page.name(side) for side in page.sides)]
    return _section(page, "flows", table(header, rows, texts=4))


def _dimension(page: Page, name: str) -> str:
    return page.say(name) if name in {"stage", "health"} else page.called("value", name)


def _reason(page: Page, reason: str, by: str | None) -> str:
    text = REASONS[reason].within(page.language) if reason in REASONS else reason
    return f"{text}: {page.called('cap', by)}" if by else text


def _hindrances(page: Page) -> Html | None:
    rows: list[list[object]] = []
    for line in page.report.rules:
        counted: dict[tuple[str, str | None], dict[Side, int]] = defaultdict(dict)
        for side in page.sides:
            for each in (getattr(line, side) or RuleSide()).hindrances:
                counted[each.reason, each.by][side] = each.count
        for (reason, by), counts in counted.items():
            told = page.called("rule", line.rule), _reason(page, reason, by)
            rows.append([*told, *(number(counts.get(side, 0)) for side in page.sides)])
    header: list[object] = [page.say("rule"), page.say("reason"), *(page.name(side) for side in page.sides)]
    return _section(page, "held_back", table(header, rows, texts=2)) if rows else None


def _arms(page: Page) -> Html | None:
    rows: list[list[object]] = []
    for line in page.report.rules:
        for side in page.sides:
            arms: RuleSide = getattr(line, side) or RuleSide()
            if arms.held_out:
                share = arms.held_out / (arms.held_out + arms.treated)
                told = page.called("rule", line.rule), page.name(side)
                rows.append([*told, number(arms.treated), number(arms.held_out), f"{share:.1%}"])
    header: list[object] = [page.say("rule"), "", *(page.say(key) for key in ("treated", "held_out", "share"))]
    return _section(page, "arms", table(header, rows, texts=2)) if rows else None


def _samples(page: Page) -> Html:
    shown = []
    for sample in page.report.samples:
        sides = [(side, getattr(sample, side)) for side in page.sides if getattr(sample, side) is not None]
        if sides:
            columns = [tag("div", tag("h3", page.name(side)), _timeline(page, each)) for side, each in sides]
            shown.append(tag("details", tag("summary", sides[0][1].member_id), tag("div", columns, class_="columns")))
    return _section(page, "samples", shown)


def _timeline(page: Page, timeline: Timeline) -> Html:
    return tag("ol", [tag("li", _moment(page, each)) for each in timeline.moments])


def _moment(page: Page, each: Moment) -> Html:
    if each.rule is not None:
        until = f" {page.say('until')} {page.moment(each.until)}" if each.until else ""
        told = f"{page.called('rule', each.rule)}: {_reason(page, each.outcome or '', each.by)}{until}"
    else:
        previous, current = (page.called("value", value or "–") for value in (each.previous, each.current))
        cause = f" ({CAUSES[each.cause].within(page.language)})" if each.cause else ""
        told = f"{_dimension(page, each.dimension or '')}: {previous} → {current}{cause}"
    values = ", ".join(f"{name} = {shown_reading(value)}" for name, value in each.values.items())
    return join([tag("time", page.moment(each.at)), " ", told, tag("small", " ", values) if values else None])


def _reading(page: Page) -> Html:
    report = page.report
    notes = [page.say("open_loop")] if report.heading.is_draft else []
    notes += [page.say("equal")] if report.heading.equals_live else []
    notes.append(
        page.say(
            "journal",
            entries=number(report.entries),
            events=number(report.events),
            members=number(report.members),
            tz=report.heading.tz,
        )
    )
    return _section(page, "reading", [tag("p", note) for note in notes])
