import httpx2
import pytest

from common.auth.principal import Role
from common.testing.services import RunningService
from engagement.channels.domain import secret_bytes
from factories.engagement import make_endpoint

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/webhook-endpoints"


async def rotate(engagement: RunningService, key: str = "new") -> httpx2.Response:
    return await engagement.client.post(f"{PATH}/crm/rotate", headers=engagement.headers(Role.OPERATOR, key=key))


async def test_a_secret_is_shown_when_it_is_made_and_kept_nowhere(engagement: RunningService) -> None:
    made = await make_endpoint(engagement)
    operator = engagement.headers(Role.OPERATOR)

    assert len(secret_bytes(made["secret"])) == 32
    read = (await engagement.client.get(f"{PATH}/crm", headers=operator)).json()
    assert read == {name: value for name, value in made.items() if name != "secret"}
    assert (await engagement.client.get(PATH, headers=operator)).json()["items"] == [read]
    tables = await engagement.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'engagement'")
    for table in tables:
        for row in await engagement.db.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" AS t'):
            assert made["secret"] not in row["row"]
            assert made["secret"].encode().hex() not in row["row"]


async def test_the_same_request_made_again_shows_the_same_secret(engagement: RunningService) -> None:
    body, headers = {"code": "crm", "url": "https://api.shop.example/"}, engagement.headers(Role.OPERATOR, key="once")
    answers = [await engagement.client.post(PATH, json=body, headers=headers) for _ in range(2)]
    other = await engagement.client.post(PATH, json=body, headers=engagement.headers(Role.OPERATOR, key="new"))

    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["code"]) == (409, "endpoint_exists")


async def test_a_rotated_secret_is_another_one(engagement: RunningService) -> None:
    made = await make_endpoint(engagement)
    first, second = (await rotate(engagement)).json(), (await rotate(engagement)).json()

    assert len({one["secret"] for one in (made, first, second)}) == 3
    assert first["rotated_at"] > made["rotated_at"]


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "http://api.shop.example/", "https://10.0.0.1/", "javascript:alert(1)", "https://x y/"],
)
async def test_an_endpoint_where_webhooks_may_not_go_is_refused(engagement: RunningService, url: str) -> None:
    await make_endpoint(engagement)
    operator = engagement.headers(Role.OPERATOR, key="new")
    for answer in (
        await engagement.client.post(PATH, json={"code": "x", "url": url}, headers=operator),
        await engagement.client.patch(f"{PATH}/crm", json={"url": url}, headers=operator),
    ):
        assert answer.status_code == 422, url
        assert "url" in answer.json()["detail"]


async def test_an_endpoint_is_moved_disabled_and_made_active_again(engagement: RunningService) -> None:
    await make_endpoint(engagement)
    operator = engagement.headers(Role.OPERATOR)
    for changes in ({"state": "disabled"}, {"url": "https://b.shop.example/"}, {"state": "active"}):
        answer = await engagement.client.patch(f"{PATH}/crm", json=changes, headers=operator)
        assert answer.json() | changes == answer.json()

    for answer in (
        await engagement.client.patch(f"{PATH}/nobody", json={"state": "active"}, headers=operator),
        await engagement.client.get(f"{PATH}/nobody", headers=operator),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "endpoint_not_found")
