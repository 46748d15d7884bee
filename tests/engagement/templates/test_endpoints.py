from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.engagement import MessageRefused
from common.contracts.lifecycle import SendMessage
from common.testing.services import RunningService
from engagement.templates.domain import DEFAULT_TEMPLATES
from factories.members import requested

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/message-templates"
BODY = {"code": "harvest", "text_zh": "{fruit}到了", "text_en": "{fruit} is here", "placeholders": {"fruit": "果"}}


async def create(engagement: RunningService, **changes: Any) -> httpx2.Response:
    return await engagement.client.post(PATH, json=BODY | changes, headers=engagement.headers(Role.OPERATOR, key="new"))


async def change(engagement: RunningService, **changes: Any) -> httpx2.Response:
    return await engagement.client.patch(f"{PATH}/harvest", json=changes, headers=engagement.headers(Role.OPERATOR))


async def test_a_new_installation_has_the_templates_of_the_default_policy(engagement: RunningService) -> None:
    listed = (await engagement.client.get(PATH, headers=engagement.headers(Role.OPERATOR))).json()["items"]

    assert [one["code"] for one in listed] == [default.code for default in DEFAULT_TEMPLATES]


async def test_a_template_is_made_read_changed_and_retired(engagement: RunningService) -> None:
    made = await create(engagement)
    read = await engagement.client.get(f"{PATH}/harvest", headers=engagement.headers(Role.OPERATOR))
    renamed = await change(engagement, text_zh="新到{fruit}")
    retired = await change(engagement, state="retired")
    await engagement.receive(requested(SendMessage(template="harvest", channel="inbox"), member_id=uuid4()))

    assert made.status_code == 201, made.text
    assert read.json() == made.json()
    assert (renamed.json()["text_zh"], renamed.json()["text_en"]) == ("新到{fruit}", "{fruit} is here")
    assert retired.json()["state"] == "retired"
    assert [refused.reason for refused in await engagement.events(MessageRefused)] == ["unknown_template"]
    assert (await create(engagement)).json()["code"] == "template_exists"


async def test_wrong_bodies_are_refused(engagement: RunningService) -> None:
    wrong: list[dict[str, Any]] = [
        {"code": "No Code"},
        {"text_zh": ""},
        {"text_zh": "a\0{fruit}"},
        {"text_en": "x" * 1001},
        {"text_en": "no {vegetable}"},
        {"placeholders": {}},
        {"placeholders": {"fruit": "a\0b"}},
        {"placeholders": {"Fruit": "a"}},
        {"placeholders": {f"n{n}": "" for n in range(17)}},
        {"placeholders": {"fruit": 5}},
        {"subject": "hi"},
    ]
    for changes in wrong:
        assert (await create(engagement, **changes)).status_code == 422, changes
    assert (await change(engagement, text_zh="x")).status_code == 404
    await create(engagement)
    wrong = [{"text_zh": None}, {"text_zh": "{vegetable}"}, {"placeholders": {}}, {"state": "gone"}]
    for changes in wrong:
        assert (await change(engagement, **changes)).status_code == 422, changes
    assert (await engagement.client.get(f"{PATH}/%00", headers=engagement.headers(Role.OPERATOR))).status_code == 422


async def test_a_template_whose_answer_was_lost_is_asked_for_again_and_is_the_same(engagement: RunningService) -> None:
    headers = engagement.headers(Role.OPERATOR, member_id=UUID(int=1), key="lost")
    first, again = [await engagement.client.post(PATH, json=BODY, headers=headers) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
