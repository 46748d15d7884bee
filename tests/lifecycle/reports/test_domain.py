from collections import Counter
from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.replays.surveys.domain import Survey
from lifecycle.replays.trials.domain import Found, Overlap, together
from lifecycle.reports.domain import Heading, Report, reported

HEADING = Heading(policy="p", tz="Asia/Shanghai", values={"stage": ("acquire", "convert")}, is_draft=True)
DAY = 20_000
places = st.tuples(st.integers(DAY, DAY + 9), st.sampled_from(["welcome", "thanks"]))
surveys = st.builds(
    lambda asked, moved: Survey(
        asked=Counter({(day, rule, "coupon", f"{rule}_3", 0): n for (day, rule), n in asked.items()}),
        decided=Counter({(day, rule, "acted", None): n for (day, rule), n in asked.items()}),
        moves=Counter({(day, "stage", None, "acquire"): n for (day, _), n in moved.items()}),
        stands=Counter({("stage", "acquire"): len(moved)}),
        members=len(moved),
    ),
    st.dictionaries(places, st.integers(1, 9)),
    st.dictionaries(places, st.integers(1, 9)),
)


@given(surveys, surveys)
def test_every_action_is_counted_once_in_each_part(happened: Survey, tried: Survey) -> None:
    report = reported(Found(happened=happened, tried=tried), HEADING, {"welcome_3": 300})
    for side in ("happened", "tried"):
        survey: Survey = getattr(Found(happened=happened, tried=tried), side)
        total = survey.asked.total()
        assert sum(getattr(line, side) for line in report.days) == total
        assert sum(each.count for line in report.rules for each in getattr(line, side).asked) == total
        assert sum(getattr(line, side).acted for line in report.rules) == total
        welcomes = sum(n for place, n in survey.asked.items() if place[1] == "welcome")
        assert sum(getattr(line, side).cost_minor for line in report.rules) == 300 * welcomes
        assert sum(getattr(flow, side) for flow in report.flows) == survey.moves.total()


@given(surveys, surveys)
def test_lanes_add_up(one: Survey, other: Survey) -> None:
    both = together([Found(tried=one, events=1), Found(tried=other, events=2, partial=True)])
    assert both.tried is not None
    assert both.tried.asked == one.asked + other.asked
    assert both.tried.members == one.members + other.members
    assert (both.events, both.partial, both.happened) == (3, True, None)


def test_rules_that_differ_are_told_apart() -> None:
    lanes = [Found(tried=Survey(), happened=Survey(), overlaps={"welcome": Overlap(1, 2, 3)}) for _ in range(2)]
    assert together(lanes).overlaps == {"welcome": Overlap(2, 4, 6)}


def test_values_stand_in_the_order_of_the_policy_and_days_without_anything_are_there() -> None:
    survey = Survey(
        decided=Counter({(DAY, "welcome", "capped", "1 promo a day"): 2, (DAY + 2, "welcome", "held_out", None): 1}),
        stands=Counter({("stage", "convert"): 3, ("vip", "vip"): 1}),
    )
    report = reported(Found(tried=survey), HEADING, {})
    assert [(each.value, each.tried) for each in report.stands] == [("acquire", 0), ("convert", 3), ("vip", 1)]
    assert [line.day for line in report.days] == [date(2024, 10, 4), date(2024, 10, 5), date(2024, 10, 6)]
    [line] = report.rules
    assert line.tried is not None
    assert [(each.reason, each.by, each.count) for each in line.tried.hindrances] == [
        ("capped", "1 promo a day", 2),
        ("held_out", None, 1),
    ]
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
