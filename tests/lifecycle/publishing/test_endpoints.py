"""Publishing, as an operator does it, on a real database while events flow."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from common.auth.principal import Role
from factories.lifecycle import DAY, HOUR, START, Life, checked_in, member, ordered, registered, voided
from factories.lifecycle_rows import check
from factories.policies import SMALL_TEXT, changed

pytestmark = pytest.mark.integration

ANNA, BEN, CLEO = member(1), member(2), member(3)
STRICT = SMALL_TEXT.replace("- convert: orders.count >= 1", "- convert: orders.count >= 2")
"""Two orders make a customer."""
SPENDING = SMALL_TEXT.replace(
    "  refunds: {event: order.refunded}",
    "  refunds: {event: order.refunded}\n  large: {event: order.confirmed, where: amount_minor >= 1000, sum: amount_minor}",
).replace("- repurchase: orders.days >= 2", "- repurchase: orders.days >= 2\n  - patron: large.sum >= 3000")
"""Counts what nobody has counted before."""
MARGIN = timedelta(seconds=30)
AFTER = (START + 50 * DAY).isoformat()
"""Long after what was meant."""


async def state_of(life: Life, version: int) -> str:
    states = {each["version"]: each["state"] for each in (await life.get("/policies"))["items"]}
    return str(states[version])


async def test_an_installation_begins_with_a_policy(life: Life) -> None:
    policies = await life.get("/policies")
    assert policies["in_force"] == 1
    assert [(each["version"], each["state"]) for each in policies["items"]] == [(1, "in_force")]
    assert (await life.get("/policies/1"))["text"] == SMALL_TEXT


async def test_a_version_says_whom_it_would_move_and_then_moves_them(life: Life) -> None:
    await life.happen(ordered(ANNA), ordered(BEN), ordered(BEN), registered(CLEO))
    prepared = await life.post("/policies", text=STRICT, note="two orders")
    assert prepared == {"version": 2, "counted_anew": []}
    await life.walk()
    seen = await life.get("/policies/2")
    assert seen["impact"] == [{"dimension": "stage", "now": "convert", "then": "acquire", "members": 1}]
    [difference] = seen["differences"]
    assert difference["path"] == "stages.convert"
    assert "orders.count(all) >= 1 → orders.count(all) >= 2" in difference["en"]
    assert [(each["kind"], each["members"], each["of"], each["is_finished"]) for each in seen["walks"]] == [
        ("impact", 3, 3, True)
    ]

    scheduled = await life.post("/policies/2/publish", replaces=1)
    assert await state_of(life, 2) == "scheduled"
    assert (await life.member(ANNA))["stage"] == "convert"
    await life.pass_to(START + MARGIN + HOUR)
    assert await state_of(life, 2) == "in_force"
    await life.walk()
    anna = await life.member(ANNA)
    assert anna["stage"] == "acquire"
    latest = anna["transitions"][0]
    assert (latest["cause"], latest["at"]) == ("policy", scheduled["effective_at"])
    assert (await life.member(BEN))["stage"] == "convert"
    assert (await life.get(f"/members/{ANNA}/actions"))["items"] == []
    assert (await life.get("/standing-counts"))["stages"]["convert"] == 1
    await check(life.service.db)


async def test_what_is_counted_anew_is_counted_from_the_beginning(life: Life) -> None:
    kept, taken_back = ordered(ANNA, amount_minor=2000), ordered(BEN, amount_minor=5000)
    await life.happen(kept, taken_back, ordered(CLEO, amount_minor=10))
    version = (await life.post("/policies", text=SPENDING))["version"]
    await life.post(f"/policies/{version}/publish", replaces=1, status=409)
    await life.happen(ordered(ANNA, amount_minor=1500))
    await life.walk()
    assert (await life.get(f"/policies/{version}"))["impact"] == [
        {"dimension": "stage", "now": "convert", "then": "patron", "members": 2}
    ]
    await life.post(f"/policies/{version}/publish", replaces=1)
    await life.pass_to(START + HOUR)
    await life.walk()
    assert (await life.member(ANNA))["metrics"]["large"] == {
        "count": 2,
        "sum": 3500,
        "days": 1,
        "first_day": "2026-03-02",
        "last_day": "2026-03-02",
    }
    assert (await life.member(BEN))["stage"] == "patron"
    assert (await life.member(CLEO))["stage"] == "convert"


async def test_rolling_back_is_publishing_the_old_text_again(life: Life) -> None:
    await life.happen(ordered(ANNA))
    await life.publish(STRICT)
    await life.pass_to(START + HOUR)
    await life.walk()
    restored = await life.post("/policies/1/restore")
    assert restored["version"] == 3
    assert (await life.get("/policies/3"))["text"] == SMALL_TEXT
    await life.walk()
    await life.post("/policies/3/publish", replaces=2)
    await life.pass_to(START + 2 * HOUR)
    await life.walk()
    anna = await life.member(ANNA)
    stages = [
        (each["current"], each["episode"], each["cause"])
        for each in anna["transitions"][::-1]
        if each["dimension"] == "stage"
    ]
    assert stages == [
        ("acquire", 1, "event"),
        ("convert", 1, "event"),
        ("acquire", 2, "policy"),
        ("convert", 2, "policy"),
    ]
    await life.pass_to(START + 8 * DAY)
    asked = {each["rule"] for each in (await life.get(f"/members/{ANNA}/actions"))["items"]}
    assert "second_order" not in asked, "who was converted by a publish has not just bought"


async def test_two_who_publish_at_once_get_one_success_and_one_conflict(life: Life) -> None:
    first, second = [(await life.post("/policies", text=text))["version"] for text in (STRICT, SPENDING)]
    await life.walk()
    orders = [
        life.service.client.post(
            f"/lifecycle/v1/policies/{version}/publish",
            json={"replaces": 1},
            headers={**life.service.headers(Role.OPERATOR), "Idempotency-Key": f"publish {version}".replace(" ", "-")},
        )
        for version in (first, second)
    ]
    answers = await asyncio.gather(*orders)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    [refused] = [answer.json() for answer in answers if answer.status_code == 409]
    [winner] = [version for version in (first, second) if await state_of(life, version) == "scheduled"]
    assert (refused["code"], refused["current"]) == ("not_replaced", {"version": winner})


async def test_another_version_is_published_only_once_the_last_has_begun(life: Life) -> None:
    await life.publish(STRICT)
    version = (await life.post("/policies", text=SMALL_TEXT))["version"]
    refused = await life.post(f"/policies/{version}/publish", replaces=2, status=409)
    assert "takes effect only at" in refused["detail"]


async def test_what_was_published_for_a_wrong_moment_is_taken_back_before_it(life: Life) -> None:
    await life.happen(ordered(ANNA), registered(BEN))
    slip = await life.publish(SPENDING.replace("orders.days >= 2", "orders.days >= 1"), effective_at=AFTER)
    await life.happen(ordered(BEN))
    await life.post(f"/policies/{slip}", method="DELETE", status=204)
    assert await state_of(life, slip) == "abandoned"
    assert all(each["is_finished"] for each in (await life.get(f"/policies/{slip}"))["walks"])
    meant = (await life.post("/policies", text=STRICT))["version"]
    await life.post(f"/policies/{meant}/publish", replaces=1)
    await life.pass_to(START + 60 * DAY)
    await life.walk()
    assert [await state_of(life, each) for each in (1, slip, meant)] == ["replaced", "abandoned", "in_force"]
    assert (await life.member(ANNA))["stage"] == "acquire", "one order is not enough by the version that was meant"
    assert {each["version"] for each in (await life.member(ANNA))["transitions"]} <= {1, meant}
    await check(life.service.db)


async def test_a_version_that_takes_effect_at_any_moment_now_stays(life: Life) -> None:
    near = await life.publish(STRICT, effective_at=(START + timedelta(minutes=5)).isoformat())
    refused = await life.post(f"/policies/{near}", method="DELETE", status=409)
    assert refused["code"] == "version_firm"
    assert await state_of(life, near) == "scheduled"


async def test_to_take_back_and_to_take_effect_do_not_meet(life: Life) -> None:
    """Two who take the same version back, and one who publishes another meanwhile: one after the other."""
    slip = await life.publish(SPENDING, effective_at=AFTER)
    other = (await life.post("/policies", text=STRICT))["version"]
    headers = life.service.headers(Role.OPERATOR)
    client, root = life.service.client, "/lifecycle/v1/policies"
    answers = await asyncio.gather(
        client.delete(f"{root}/{slip}", headers=headers),
        client.delete(f"{root}/{slip}", headers=headers),
        client.post(
            f"{root}/{other}/publish", json={"replaces": slip}, headers={**headers, "Idempotency-Key": "publish"}
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409]
    assert (await life.get("/policies"))["in_force"] == 1


async def test_a_moment_without_a_zone_is_refused(life: Life) -> None:
    version = (await life.post("/policies", text=STRICT))["version"]
    refused = await life.post(
        f"/policies/{version}/publish", replaces=1, effective_at="2026-04-01T00:00:00", status=422
    )
    assert refused["errors"][0]["field"] == "body.effective_at"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/policies", {"text": "policy: {"}, 422, "policy_invalid"),
        ("/policies/7/publish", {"replaces": 1}, 404, "version_unknown"),
        ("/policies/7", {"method": "DELETE"}, 404, "version_unknown"),
        ("/policies/1/publish", {"replaces": 1}, 409, "not_in_preparation"),
        ("/policies/1", {"method": "DELETE"}, 409, "not_in_preparation"),
        ("/policies/7/restore", {}, 404, "version_unknown"),
        ("/rules/no_such_rule/pause", {"method": "PUT"}, 404, "rule_unknown"),
    ],
)
async def test_what_cannot_be_is_refused(life: Life, path: str, body: dict[str, Any], status: int, code: str) -> None:
    assert (await life.post(path, status=status, **body))["code"] == code


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=29), timedelta(days=91)])
async def test_a_moment_too_near_or_too_far_is_refused(life: Life, ahead: timedelta) -> None:
    version = (await life.post("/policies", text=STRICT))["version"]
    refused = await life.post(
        f"/policies/{version}/publish", replaces=1, effective_at=(START + ahead).isoformat(), status=422
    )
    assert refused["code"] == "moment_invalid"


async def test_all_that_is_wrong_is_told_at_once_in_both_languages(life: Life) -> None:
    wrong = SMALL_TEXT.replace("orders.days >= 2", "order.days >= 2").replace(
        "since(orders) > 90d", "since(orders) > 90"
    )
    told = await life.post("/policies/validate", text=wrong, status=200)
    assert not told["is_valid"]
    assert [(each["path"], "orders" in each["en"] or "unit" in each["en"]) for each in told["faults"]] == [
        ("stages.repurchase", True),
        ("health.lost", True),
    ]
    assert all(each["zh"] and each["line"] and each["column"] for each in told["faults"])
    refused = await life.post("/policies", text=wrong, status=422)
    assert [each["field"] for each in refused["errors"]] == ["body.text.stages.repurchase", "body.text.health.lost"]
    assert (await life.post("/policies/validate", text=SMALL_TEXT, status=200)) == {"is_valid": True, "faults": []}


async def test_a_version_that_is_given_up_is_counted_no_more(life: Life) -> None:
    version = (await life.post("/policies", text=SPENDING))["version"]
    await life.post(f"/policies/{version}", method="DELETE", status=204)
    assert await state_of(life, version) == "abandoned"
    assert all(each["is_finished"] for each in (await life.get(f"/policies/{version}"))["walks"])
    again = await life.post("/policies", text=SPENDING)
    assert again["counted_anew"] == ["large"], "what is known of it ends with the version that was given up"


async def test_a_paused_rule_does_nothing_and_a_resumed_one_acts_on_what_comes(life: Life) -> None:
    await life.post("/rules/welcome/pause", method="PUT", status=204, note="too many coupons")
    await life.happen(registered(ANNA))
    await life.post("/rules/welcome/pause", method="DELETE", status=204)
    await life.happen(registered(BEN))
    asked = await life.get("/actions")
    assert {each["member_id"] for each in asked["items"]} == {str(BEN)}
    counted = await life.service.db.fetch("SELECT member_id, rule, reason, times FROM receipt_count")
    assert [tuple(row) for row in counted] == [(ANNA, "welcome", "paused", 1)]


async def test_every_change_is_kept_with_who_made_it(life: Life) -> None:
    await life.publish(STRICT)
    await life.post("/rules/welcome/pause", method="PUT", status=204, note="stop")
    await life.post("/rules/welcome/pause", method="PUT", status=204, note="stop again")
    first = await life.get("/policy-changes", limit=2)
    second = await life.get("/policy-changes", limit=9, cursor=first["next_cursor"])
    changes = [*first["items"], *second["items"]]
    assert [(each["revision"], each["kind"], each["version"], each["rule"]) for each in changes] == [
        (5, "paused", None, "welcome"),
        (4, "published", 2, None),
        (3, "prepared", 2, None),
        (2, "published", 1, None),
        (1, "prepared", 1, None),
    ]
    assert [each["operator_id"] is None for each in changes] == [False, False, False, True, True]


async def test_events_of_before_and_after_meet_at_the_moment(life: Life) -> None:
    """A publish while events flow: each is evaluated by the version of its moment, whenever it is read."""
    order = ordered(BEN, START)
    await life.happen(order, registered(ANNA), checked_in(CLEO))
    await life.publish(STRICT)
    await life.clock.advance_to(START + HOUR)
    await life.happen(ordered(ANNA, START + HOUR), voided(order, START + HOUR))
    await life.tick(START + 2 * HOUR)
    await life.walk()
    assert (await life.member(ANNA))["stage"] == "acquire"
    assert (await life.member(BEN))["stage"] == "acquire"
    told = await life.service.db.fetch("SELECT count(*) FROM waiting_event")
    assert told[0]["count"] == 0
    await check(life.service.db)


async def test_a_segment_is_added_to_those_there_are_and_taken_out_again(life: Life) -> None:
    await life.happen(ordered(ANNA), ordered(ANNA), ordered(BEN))
    prepared = await life.post(
        "/segments/keen", method="PUT", condition="orders.count >= 2", title={"en": "Keen", "zh": "常客"}
    )
    await life.walk()
    seen = await life.get(f"/policies/{prepared['version']}")
    assert seen["impact"] == [{"dimension": "keen", "now": None, "then": "keen", "members": 1}]
    await life.post(f"/policies/{prepared['version']}/publish", replaces=1)
    await life.pass_to(START + HOUR)
    await life.walk()
    segments = await life.get("/segments")
    assert [(each["name"], each["members"]) for each in segments["items"]] == [("keen", 1)]
    assert [each["member_id"] for each in (await life.get("/segments/keen/members"))["items"]] == [str(ANNA)]

    gone = await life.post("/segments/keen", method="DELETE")
    await life.walk()
    await life.post(f"/policies/{gone['version']}/publish", replaces=prepared["version"])
    await life.pass_to(START + 2 * HOUR)
    await life.walk()
    assert (await life.get("/segments"))["items"] == []
    assert (await life.member(ANNA))["segments"] == []
    await check(life.service.db)


async def test_what_is_to_come_is_not_in_force_yet(life: Life) -> None:
    await life.happen(ordered(ANNA))
    text = SMALL_TEXT.replace("- convert: orders.count", "- bought: orders.count").replace("convert", "bought")
    version = await life.publish(f"{text}\nsegments: {{keen: orders.count >= 1}}", effective_at=AFTER)
    assert (await life.get("/segments")) == {"version": 1, "items": []}
    assert "bought" not in (await life.get("/standing-counts"))["stages"]
    await life.pass_to(START + 51 * DAY)
    await life.walk()
    assert (await life.get("/segments"))["version"] == version
    assert (await life.get("/standing-counts"))["stages"]["bought"] == 1


async def test_segments_and_versions_have_their_titles(life: Life) -> None:
    prepared = await life.post(
        "/segments/keen", method="PUT", condition="orders.count >= 2", title={"en": "Keen", "zh": "常客"}
    )
    version = prepared["version"]
    assert (await life.get(f"/policies/{version}"))["titles"] == {
        "value": {"keen": {"en": "Keen", "zh": "常客"}},
        "rule": {},
    }
    await life.post(f"/policies/{version}/publish", replaces=1)
    await life.pass_to(START + HOUR)
    assert (await life.get("/segments"))["items"][0]["title"] == {"en": "Keen", "zh": "常客"}


async def test_a_segment_that_cannot_be_is_refused(life: Life) -> None:
    wrong = await life.post("/segments/keen", method="PUT", condition="order.count >= 2", status=422)
    assert "did you mean 'orders'?" in wrong["errors"][0]["message"]
    assert (await life.post("/segments/keen", method="DELETE", status=404))["code"] == "segment_unknown"


TRAPS = [
    (
        changed("when: {event: member.registered}", "on: {event: member.registered}"),
        "rules.welcome.on",
        "'on' is not known",
    ),
    (changed("rules: #", "guards: {quiet: {from: 1290, to: 08:30}}\nrules: #"), "guards.quiet.from", "write 21:30"),
    (changed("rules: #", "defaults: {still: on}\nrules: #"), "defaults.still", "write true instead of on"),
    (changed("- activate:", "- acquire:"), "stages.acquire", "a second time; the first is at line"),
    (f"{SMALL_TEXT}health: []\n", "health", "a second time; the first is at line"),
    (changed("policy: community_group_buy", "policy: &a community_group_buy"), "", "'&' begins an anchor"),
    (changed("policy: community_group_buy", "policy: !!python/name:os.system x"), "", "'!'"),
    (changed("rules: #", "<<: {a: b}\nrules: #"), "", "write the keys out"),
    (f"# {'回' * 90_000}\n{SMALL_TEXT}", "", "262144"),
]


@pytest.mark.parametrize(("text", "path", "says"), TRAPS, ids=[f"{path or 'whole'} {says}" for _, path, says in TRAPS])
async def test_a_trap_of_yaml_is_told_with_its_place_and_nothing_is_kept(
    life: Life, text: str, path: str, says: str
) -> None:
    told = await life.post("/policies/validate", text=text, status=200)
    assert not told["is_valid"]
    [fault] = [each for each in told["faults"] if says in each["en"]]
    assert (fault["path"], fault["line"] > 0, fault["column"] > 0) == (path, True, True)
    refused = await life.post("/policies", text=text, status=422)
    assert any(says in each["message"] for each in refused["errors"])
    assert [each["version"] for each in (await life.get("/policies"))["items"]] == [1]


async def test_ten_megabytes_are_refused_before_they_are_read(life: Life) -> None:
    for path in ("/policies/validate", "/policies/check", "/policies"):
        refused = await life.post(path, text="a: b\n" * 2_000_000, status=413)
        assert refused["code"] == "body_too_large"
    assert [each["version"] for each in (await life.get("/policies"))["items"]] == [1]
