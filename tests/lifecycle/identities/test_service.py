"""Asked of who is another now, or erased: it is said so, wherever one asks."""

from typing import Any
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.contracts.members import MemberErased, MemberMerged
from factories.lifecycle import DAY, START, Life, member, ordered, registered
from factories.lifecycle_histories import MEMBERS, live
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

ANNA, BEN, CARL = member(1), member(2), member(3)
OWN = ("/members/{}/timeline", "/members/{}/transitions", "/members/{}/actions", "/receipts?member={}")
WITH_SEGMENT = f"{SMALL_TEXT}\nsegments: {{buyer: orders.count >= 1}}\n"


async def settle(life: Life) -> None:
    for _ in range(3):
        await life.tick(life.clock.now())


async def met(life: Life) -> None:
    """Carl is Ben, who is Anna; each had bought something."""
    await life.happen(*(told(who) for who in (ANNA, BEN, CARL) for told in (registered, ordered)))
    await life.happen(MemberMerged(member_id=CARL, root_id=BEN, merged_at=START))
    await settle(life)
    await life.happen(MemberMerged(member_id=BEN, root_id=ANNA, merged_at=START))
    await settle(life)


async def asked(life: Life, path: str) -> Any:
    return await life.service.client.get(f"/lifecycle/v1{path}", headers=life.service.headers(Role.OPERATOR))


@pytest.mark.parametrize("path", OWN)
async def test_lists_of_who_is_another_are_their_own_and_name_the_root(life: Life, path: str) -> None:
    await met(life)
    for who, root in ((ANNA, None), (BEN, str(ANNA)), (CARL, str(ANNA))):
        page = (await asked(life, path.format(who))).json()
        assert page["merged_into"] == root
        assert page["items"]


async def test_why_of_who_is_another_names_the_root_in_both_languages(life: Life) -> None:
    await met(life)
    words = {}
    for language in ("en", "zh"):
        for about in ("stage", "rule:thanks"):
            answer = await life.get(f"/members/{CARL}/why", language=language, deep=True, about=about)
            [told] = answer["items"]
            assert (answer["member_id"], told["about"], told["verdict"]["code"]) == (
                str(CARL),
                "identity",
                "answer_merged",
            )
            assert told["verdict"]["values"]["root"] == str(ANNA)
            assert [each["code"] for each in told["derived"]] == ["derivation_agrees"]
            words[language] = told["verdict"]["words"]
    assert words == {
        "en": f"this member is {ANNA} since 2026-03-02 12:00: ask about that one",
        "zh": f"此會員自 2026-03-02 12:00 起已併入 {ANNA}，請查詢該會員",
    }


async def test_what_a_rule_did_for_an_identity_is_told_of_the_root(life: Life) -> None:
    await life.happen(registered(BEN))
    await life.happen(MemberMerged(member_id=BEN, root_id=ANNA, merged_at=START))
    await settle(life)
    [told] = (await life.get(f"/members/{ANNA}/why", about="rule:welcome"))["items"]
    [before] = [each for each in told["now"] if each["code"] == "acted_for_identity"]
    assert before["values"]["identity"] == str(BEN)
    assert "decided_already_fired" in {each["code"] for each in told["now"]}


@pytest.mark.parametrize("path", [*OWN, "/members/{}", "/members/{}/why"])
async def test_asking_for_an_erased_member_says_so(life: Life, path: str) -> None:
    await life.happen(registered(ANNA), ordered(ANNA), MemberErased(member_id=ANNA, erased_at=START))
    answer = await asked(life, path.format(ANNA))
    assert (answer.status_code, answer.json()["code"]) == (404, "member_erased")
    assert "erased" in answer.json()["detail"]
    assert "已刪除" in answer.json()["detail"]


async def test_a_receipt_of_an_erased_member_says_so(life: Life) -> None:
    await life.happen(registered(ANNA))
    [receipt] = (await life.get("/receipts"))["items"]
    await life.happen(MemberErased(member_id=ANNA, erased_at=START))
    assert (await asked(life, f"/receipts/{receipt['number']}")).json()["code"] == "member_erased"


@pytest.mark.parametrize("lives_by", [WITH_SEGMENT], indirect=True)
async def test_lists_counts_and_segments_have_neither(life: Life) -> None:
    await met(life)
    gone = member(4)
    await life.happen(ordered(gone), MemberErased(member_id=gone, erased_at=START))
    assert [each["member_id"] for each in (await life.get("/members"))["items"]] == [str(ANNA)]
    assert (await life.get("/standing-counts"))["members"] == 1
    assert [each["members"] for each in (await life.get("/segments"))["items"]] == [1]
    inside = (await life.get("/segments/buyer/members"))["items"]
    assert [each["member_id"] for each in inside] == [str(ANNA)]


async def disagreeing(life: Life, who: UUID) -> list[str]:
    items = (await life.get(f"/members/{who}/why", deep=True))["items"]
    return [each["words"] for item in items for each in item["derived"] if each["holds"] is False]


@pytest.mark.parametrize("seed", [4, pytest.param(5, marks=pytest.mark.slow), pytest.param(6, marks=pytest.mark.slow)])
async def test_the_journal_says_of_identities_what_is_kept(life: Life, seed: int) -> None:
    await live(life, seed, kin=True)
    await life.clock.advance_to(START + 90 * DAY)
    await settle(life)
    for who in MEMBERS:
        if (await asked(life, f"/members/{who}/why?deep=true")).status_code == 200:
            assert await disagreeing(life, who) == []
