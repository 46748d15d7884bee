import pytest

from common.auth.principal import Role
from common.testing.services import RunningService

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/teams"


async def test_a_team_is_declared_once_and_can_be_renamed_and_retired(engagement: RunningService) -> None:
    operator = engagement.headers(Role.OPERATOR)
    body = {"code": "pickup_team", "name": "提貨小組"}
    first = await engagement.client.post(PATH, json=body, headers=operator | {"Idempotency-Key": "1"})
    again = await engagement.client.post(PATH, json=body, headers=operator | {"Idempotency-Key": "2"})

    assert first.status_code == 201, first.text
    assert (again.status_code, again.json()["code"]) == (409, "team_exists")
    changed = await engagement.client.patch(f"{PATH}/pickup_team", json={"state": "retired"}, headers=operator)
    assert changed.json() == {**first.json(), "state": "retired"}
    renamed = await engagement.client.patch(f"{PATH}/pickup_team", json={"name": "Pick-up"}, headers=operator)
    assert renamed.json() == {**changed.json(), "name": "Pick-up"}
    assert (await engagement.client.get(f"{PATH}/pickup_team", headers=operator)).json() == renamed.json()


async def test_the_default_policys_team_is_there_and_teams_come_in_pages(engagement: RunningService) -> None:
    operator = engagement.headers(Role.OPERATOR, key="new")
    await engagement.client.post(PATH, json={"code": "second", "name": "2"}, headers=operator)
    first = (await engagement.client.get(f"{PATH}?limit=1", headers=operator)).json()
    rest = (await engagement.client.get(f"{PATH}?cursor={first['next_cursor']}", headers=operator)).json()

    assert [team["code"] for team in first["items"] + rest["items"]] == ["community_team", "second"]


async def test_an_unknown_team_is_not_found(engagement: RunningService) -> None:
    operator = engagement.headers(Role.OPERATOR)
    for answer in (
        await engagement.client.get(f"{PATH}/nobody", headers=operator),
        await engagement.client.patch(f"{PATH}/nobody", json={"name": "x"}, headers=operator),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "team_not_found")
