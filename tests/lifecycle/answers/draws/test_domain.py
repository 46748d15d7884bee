from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints
from factories.guarded_histories import BASE_POLICY
from factories.lifecycle import member
from lifecycle.answers.draws.domain import draws
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member
from lifecycle.policy.guards.domain import Guards
from lifecycle.policy.holdouts.domain import Holdout, bucket_of
from lifecycle.policy.rulebook.domain import On, Rule
from lifecycle.stepping.checks.domain import Case, holdout
from lifecycle.stepping.rules.domain import Occasion

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@given(who=st.integers(0, 10_000), shared=st.integers(0, 10_000), own=st.integers(1, 10_000))
def test_the_arms_are_those_by_which_the_check_decides(who: int, shared: int, own: int) -> None:
    rule = Rule(id="offer", trigger=On("checkin.recorded"), actions=(GrantPoints(points=1, reason="x"),), held_out=own)
    guards = Guards(holdout=Holdout(salt="everyone", share=shared))
    engine = compiled(msgspec.structs.replace(BASE_POLICY, rules=(rule,), guards=guards))
    someone = Member(member_id=member(who), at=NOON, facts={}, standing={}, episodes={})
    case = Case(engine, someone, Occasion(rule=rule, key="", at=NOON), NOON)
    drawn = draws(case)

    assert [(each.salt, each.share) for each in drawn] == [("everyone", shared), ("offer", own)]
    assert all(each.bucket == bucket_of(each.salt, each.unit) for each in drawn)
    assert any(each.arm == "held_out" for each in drawn) is (holdout(case) is not None)
