from uuid import uuid4

import pytest

from common.auth.principal import Role
from common.testing.services import RunningService

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/channel-identities"


async def test_the_last_word_on_a_name_counts(engagement: RunningService) -> None:
    ann, bob = str(uuid4()), str(uuid4())

    async def say(*identities: tuple[str, str]) -> int:
        body = {
            "identities": [{"channel": "wechat", "user_id": name, "member_id": member} for name, member in identities]
        }
        answer = await engagement.client.post(PATH, json=body, headers=engagement.headers(Role.SERVICE))
        assert answer.status_code == 200, answer.text
        changed: int = answer.json()["changed"]
        return changed

    assert await say(("a", ann), ("b", bob)) == 2
    assert await say(("a", ann), ("b", ann)) == 1
    assert await say(("a", ann), ("b", ann)) == 0
    rows = await engagement.db.fetch("SELECT user_id, member_id FROM channel_identity ORDER BY user_id")
    assert [(row["user_id"], str(row["member_id"])) for row in rows] == [("a", ann), ("b", ann)]


async def test_wrong_bodies_are_refused(engagement: RunningService) -> None:
    right = {"channel": "wechat", "user_id": "a", "member_id": str(uuid4())}
    for identities in (
        [],
        [right, right],
        [right | {"user_id": "a\0b"}],
        [right | {"user_id": ""}],
        [right | {"channel": "We Chat"}],
        [right | {"member_id": "ann"}],
        [right | {"user_id": str(n)} for n in range(501)],
    ):
        answer = await engagement.client.post(
            PATH, json={"identities": identities}, headers=engagement.headers(Role.OPERATOR)
        )
        assert answer.status_code == 422, identities[:2]
