from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.engagement import ComplaintClosed, ComplaintOpened
from common.testing.services import RunningService
from engagement.complaints.domain import MOST_OPEN

pytestmark = pytest.mark.integration

OWN, ALL = "/engagement/v1/members/me/complaints", "/engagement/v1/complaints"


async def complain(engagement: RunningService, member_id: UUID, **changes: Any) -> httpx2.Response:
    return await engagement.client.post(
        OWN,
        json={"topic": "quality", "text": "The eggs were broken.", **changes},
        headers=engagement.headers(member_id=member_id, key="new"),
    )


async def listed(engagement: RunningService, **wanted: Any) -> list[str]:
    answer = await engagement.client.get(ALL, params=wanted, headers=engagement.headers(Role.OPERATOR))
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_a_complaint_is_told_without_its_text_and_settled_once(engagement: RunningService) -> None:
    member_id, order_id, operator = uuid4(), uuid4(), engagement.headers(Role.OPERATOR)
    answer = await complain(engagement, member_id, order_id=str(order_id))

    assert answer.status_code == 201, answer.text
    assert "text" not in answer.json()
    [opened] = await engagement.events(ComplaintOpened)
    assert (opened.member_id, opened.topic, opened.order_id) == (member_id, "quality", order_id)
    path = f"{ALL}/{answer.json()['id']}"
    assert (await engagement.client.get(path, headers=operator)).json()["text"] == "The eggs were broken."
    first = await engagement.client.post(f"{path}/settle", headers=operator)
    assert first.json()["state"] == "settled"
    assert (await engagement.client.post(f"{path}/settle", headers=operator)).json() == first.json()
    [closed] = await engagement.events(ComplaintClosed)
    assert (closed.complaint_id, closed.outcome) == (opened.complaint_id, "settled")
    assert closed.opened_at == opened.opened_at


async def test_a_complaint_can_be_taken_back_by_who_made_it_while_it_is_open(engagement: RunningService) -> None:
    ann, bob = uuid4(), uuid4()
    path = f"{OWN}/{(await complain(engagement, ann)).json()['id']}"

    for answer in (
        await engagement.client.post(f"{path}/take-back", headers=engagement.headers(member_id=bob)),
        await engagement.client.get(path, headers=engagement.headers(member_id=bob)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "complaint_not_found")
    me = engagement.headers(member_id=ann)
    assert (await engagement.client.post(f"{path}/take-back", headers=me)).json()["state"] == "taken_back"
    settling = f"{ALL}/{path.rpartition('/')[2]}/settle"
    late = await engagement.client.post(settling, headers=engagement.headers(Role.OPERATOR))
    assert (late.status_code, late.json()["code"]) == (409, "complaint_over")
    assert [closed.outcome for closed in await engagement.events(ComplaintClosed)] == ["taken_back"]
    assert (await engagement.client.get(path, headers=me)).json()["text"] == "The eggs were broken."


async def test_complaints_are_listed_by_topic_state_and_member_in_pages(engagement: RunningService) -> None:
    ann, bob = uuid4(), uuid4()
    made = [
        (await complain(engagement, member_id, topic=topic)).json()["id"]
        for member_id, topic in ((ann, "quality"), (bob, "pickup"), (ann, "pickup"))
    ]
    await engagement.client.post(f"{ALL}/{made[1]}/settle", headers=engagement.headers(Role.OPERATOR))

    assert await listed(engagement, topic="pickup") == [made[2], made[1]]
    assert await listed(engagement, state="open") == [made[2], made[0]]
    assert await listed(engagement, member_id=bob) == [made[1]]
    own = (await engagement.client.get(f"{OWN}?limit=1", headers=engagement.headers(member_id=ann))).json()
    cursor = own["next_cursor"]
    rest = await engagement.client.get(f"{OWN}?cursor={cursor}", headers=engagement.headers(member_id=ann))
    assert [one["id"] for one in own["items"] + rest.json()["items"]] == [made[2], made[0]]


@pytest.mark.parametrize(
    "changes", [{"topic": "weather"}, {"text": ""}, {"text": "x" * 2001}, {"text": "a\0b"}, {"mood": "bad"}]
)
async def test_what_is_no_complaint_is_refused_and_not_repeated(
    engagement: RunningService, changes: dict[str, Any]
) -> None:
    answer = await complain(engagement, uuid4(), **changes)

    assert answer.status_code == 422
    assert next(iter(changes)) in answer.json()["detail"]
    assert not await engagement.events(ComplaintOpened)


async def test_nobody_has_complaints_without_end(engagement: RunningService) -> None:
    member_id = uuid4()
    answers = [await complain(engagement, member_id) for _ in range(MOST_OPEN + 1)]

    assert [answer.status_code for answer in answers] == [201] * MOST_OPEN + [409]
    assert answers[-1].json()["code"] == "too_many_complaints"
