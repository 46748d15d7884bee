from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from common.auth.principal import Role
from factories.guarded_histories import BASE, publish
from factories.lifecycle import DAY, HOUR, START, Life, chatted, member, midnight, ordered, registered, voided
from factories.lifecycle_rows import check
from factories.policies import SMALL_POLICY, SMALL_TEXT

pytestmark = pytest.mark.integration

ANNA, BEN, CLEO = member(1), member(2), member(3)


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


async def test_a_member_is_shown_with_what_was_and_what_comes(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(ANNA, amount_minor=700), chatted(ANNA, messages=3))
    seen = await life.member(ANNA)

    assert (seen["stage"], seen["health"]) == ("convert", "active")
    assert moment(seen["stage_since"]) == moment(seen["health_since"]) == moment(seen["at"]) == START
    assert moment(seen["next_change_at"]) == midnight(START, days=46)
    assert [(each["rule"], each["value"], each["episode"], moment(each["due_at"])) for each in seen["pending"]] == [
        ("thanks", "convert", 1, START + HOUR),
        ("second_order", "convert", 1, START + 5 * DAY),
    ]
    assert [(each["dimension"], each["value"], each["number"], each["cause"]) for each in seen["episodes"]] == [
        ("stage", "acquire", 1, "event"),
        ("health", "active", 1, "event"),
        ("stage", "activate", 1, "event"),
        ("stage", "convert", 1, "event"),
    ]
    metrics = {name: (each["count"], each["sum"], each["days"]) for name, each in seen["metrics"].items()}
    assert metrics == {
        "joined": (1, 0, 1),
        "engaged": (1, 0, 1),
        "chat": (1, 3, 1),
        "checkins": (0, 0, 0),
        "orders": (1, 700, 1),
        "refunds": (0, 0, 0),
    }
    assert seen["metrics"]["checkins"]["first_day"] is None
    assert [each["current"] for each in seen["transitions"]] == ["convert", "activate", "active", "acquire"]
    assert {each["rule"] for each in seen["actions"]} == {"welcome"}
    assert seen["waiting_events"] == 0
    assert seen["version"] == 1
    assert seen["transitions"][0]["version"] == 1
    assert seen["transitions"][0]["grounds"] == {"orders.count(all)": 1, "orders.days(all)": 1}


async def test_a_refund_takes_back_what_was_counted(life: Life) -> None:
    order = ordered(ANNA)
    await life.happen(order)
    await life.happen(voided(order, START))
    seen = await life.member(ANNA)

    assert seen["metrics"]["orders"] == {"count": 0, "sum": 0, "days": 0, "first_day": None, "last_day": None}
    assert seen["stage"] == "acquire"
    assert [each["number"] for each in seen["episodes"] if each["value"] == "acquire"] == [2]


async def test_members_are_listed_page_by_page_and_filtered(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(BEN), ordered(CLEO, amount_minor=5))
    first = await life.get("/members", limit=2)
    second = await life.get("/members", limit=2, cursor=first["next_cursor"])
    everyone = [*first["items"], *second["items"]]
    assert [each["member_id"] for each in everyone] == sorted(map(str, (ANNA, BEN, CLEO)))
    assert second["next_cursor"] is None
    assert sum(each["metrics"]["orders"]["sum"] for each in everyone) == 1005

    async def found(**query: Any) -> set[str]:
        return {each["member_id"] for each in (await life.get("/members", **query))["items"]}

    assert await found(stage="convert") == {str(BEN), str(CLEO)}
    assert await found(health="active") == {str(ANNA), str(BEN), str(CLEO)}
    assert await found(stage="acquire", health="lost") == set()


WAITING = """
guards: {quiet: {from: "11:00", to: "13:00"}, classes: {promo: {}}}
defaults: {class: promo}
"""


async def test_what_an_event_triggered_and_waits_is_shown(life: Life) -> None:
    await publish(life.service.db, f"{BASE}{WAITING}", effective_at=START - DAY)
    await life.happen(registered(ANNA))
    seen = await life.member(ANNA)
    [welcome] = [each for each in seen["pending"] if each["rule"] == "welcome"]
    assert (welcome["value"], moment(welcome["due_at"]), moment(welcome["since"])) == (None, START + HOUR, START)
    assert seen["version"] == 2


SEGMENTED = f"""{SMALL_TEXT}
segments:
  loyal: orders.days(7d) >= 1
  buyer: stage in [convert, repurchase]
"""


@pytest.mark.parametrize("lives_by", [SEGMENTED], indirect=True)
async def test_segments_are_shown_told_and_kept(life: Life) -> None:
    await life.happen(ordered(ANNA), registered(BEN))
    assert (await life.member(ANNA))["segments"] == ["buyer", "loyal"]
    await life.pass_to(START + 8 * DAY)
    await life.happen(ordered(ANNA, START + 8 * DAY))
    await life.pass_to(START + 20 * DAY)

    seen = await life.member(ANNA)
    assert seen["segments"] == ["buyer"]
    assert {name: moment(since) for name, since in seen["segments_since"].items()} == {"buyer": START}
    timeline = await life.get(f"/members/{ANNA}/transitions", limit=50)
    loyal = [each for each in timeline["items"][::-1] if each["dimension"] == "loyal"]
    assert [(each["previous"], each["current"], each["episode"], each["cause"]) for each in loyal] == [
        (None, "loyal", 1, "event"),
        ("loyal", None, 1, "time"),
        (None, "loyal", 2, "event"),
        ("loyal", None, 2, "time"),
    ]
    told = await life.service.db.fetch("SELECT type FROM outbox WHERE type LIKE '%segment%' ORDER BY id")
    names = [row["type"].split(".")[-2] for row in told]
    assert sorted(names) == ["entered", "entered", "entered", "left", "left"]
    counts = await life.get("/standing-counts")
    assert (counts["members"], set(counts["stages"]) | set(counts["health"])) == (
        2,
        {value.name for value in (*SMALL_POLICY.stages, *SMALL_POLICY.health)},
    )
    await check(life.service.db)


async def test_a_member_sees_their_own_standing_and_no_more(life: Life) -> None:
    await life.happen(ordered(ANNA))
    own = await life.get("/members/me", Role.MEMBER, member_id=ANNA)
    assert set(own) == {"stage", "stage_since", "health", "health_since"}
    assert own["stage"] == "convert"


@pytest.mark.parametrize("path", ["/members/me", "/members/{id}", "/members/{id}/transitions", "/members/{id}/actions"])
async def test_who_is_unknown_is_not_found(life: Life, path: str) -> None:
    answer = await life.service.client.get(
        f"/lifecycle/v1{path.format(id=uuid4())}", headers=life.service.headers(Role.OPERATOR)
    )
    assert answer.status_code == 404
    assert answer.json()["code"] == "member_unknown"


@pytest.mark.parametrize(
    "path",
    [
        "/members/none",
        "/members?stage=NO",
        "/members?stage=nowhere",
        "/members?health=convert",
        "/members?cursor=x",
        "/members?limit=0",
        "/members/none/actions",
    ],
)
async def test_what_makes_no_sense_is_refused(life: Life, path: str) -> None:
    answer = await life.service.client.get(f"/lifecycle/v1{path}", headers=life.service.headers(Role.OPERATOR))
    assert answer.status_code == 422
