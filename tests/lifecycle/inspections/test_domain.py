"""All that is inspected of a policy comes back together, at its places in the document."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from factories.lives import ruled
from factories.policies import DEFAULT_POLICY
from factories.small_policies import small
from factories.whole_policies import TEXT, WHOLE
from lifecycle.authoring.service import shipped_text
from lifecycle.inspections.circumstances.domain import Circumstances
from lifecycle.inspections.domain import inspect
from lifecycle.policy.domain import Policy
from lifecycle.text.documents.domain import read_document
from lifecycle.text.faults.domain import Place
from lifecycle.text.places.domain import places

ROOT = Path(__file__).parents[3]
TOLD = Circumstances(coupons={"newcomer_3": 300}, members={"acquire": 10})


def known(text: str | bytes) -> dict[str, Place]:
    node, _ = read_document(text)
    assert node is not None
    return places(node)


def test_the_shipped_policy_is_found_without_fault() -> None:
    found = inspect(DEFAULT_POLICY, TOLD, places=known(shipped_text()))
    assert {each.text.code for each in found if each.severity != "note"} == {"unpriced"}
    assert all(each.place for each in found)


def test_findings_stand_in_the_order_of_the_document() -> None:
    found = inspect(WHOLE, TOLD, places=known(TEXT))
    stand = [each.place for each in found if each.place]
    assert len(stand) == len(found) > 10
    assert stand == sorted(stand)


def test_a_finding_about_a_condition_is_where_it_is_written() -> None:
    lines = TEXT.splitlines()
    line = next(number for number, text in enumerate(lines) if "reenter: each, do: [{coupon: a}]" in text)
    wrong = msgspec.structs.replace(WHOLE.rules[2], condition=WHOLE.health[0].condition)
    policy = msgspec.structs.replace(WHOLE, rules=(wrong,))
    stage = msgspec.structs.replace(policy, stages=(*WHOLE.stages[:2], WHOLE.stages[1].__class__("repurchase", NEVER)))
    found = {each.path: each.place for each in inspect(stage, places=known(TEXT)) if each.severity == "error"}
    assert found["stages.repurchase"] == Place(15, 17)
    assert inspect(policy, places=known(TEXT))[-1].place == Place(line + 1, lines[line].index("[{coupon: a}]") + 1)


NEVER = small(segments="x: orders.days(7d) >= 8").segments[1].condition


@settings(max_examples=10, deadline=None)
@given(policy=ruled())
def test_any_policy_can_be_inspected_and_told_in_both_languages(policy: Policy) -> None:
    found = inspect(policy, TOLD)
    assert all(each.told("en").startswith(each.path) for each in found)
    assert all(re.search(r"[\u4e00-\u9fff]", each.message("zh")) for each in found)


def test_the_page_shows_circumstances_that_can_be_read() -> None:
    (document,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs/policy-check.md").read_text(), re.DOTALL)
    told = msgspec.json.decode(document, type=Circumstances)
    assert all(getattr(told, field) for field in Circumstances.__struct_fields__)


@pytest.mark.parametrize(
    ("document", "wrong"),
    [(b'{"coupons": {"a": -1}}', ">= 0"), (b'{"cupons": {}}', "cupons"), (b"[]", "object"), (b"{", "truncated")],
)
def test_circumstances_that_cannot_be_are_refused(document: bytes, wrong: str) -> None:
    with pytest.raises(msgspec.DecodeError, match=wrong):
        msgspec.json.decode(document, type=Circumstances)
