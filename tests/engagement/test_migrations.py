from functools import partial
from uuid import uuid4

import pytest
from alembic import command

from common.contracts.engagement import MessageRefused, MessageSent
from common.contracts.lifecycle import AssignTask, SendMessage
from common.migrating import check, with_connection
from common.testing.services import RunningService
from engagement.app import SERVICE
from factories.members import requested

pytestmark = pytest.mark.integration


async def migrate_to(engagement: RunningService, revision: str, *, up: bool) -> None:
    step = partial(command.upgrade if up else command.downgrade, revision=revision)
    url = engagement.engines.url(role="engagement", database=engagement.database)
    await with_connection(url, SERVICE.name, SERVICE.migrations, step)


async def test_the_migrations_make_what_the_models_say(engagement: RunningService) -> None:
    await check(
        url=engagement.engines.url(role="engagement", database=engagement.database),
        schema=SERVICE.name,
        folder=SERVICE.migrations,
    )


async def test_what_was_done_before_errands_had_a_table_is_not_done_again(engagement: RunningService) -> None:
    """There and back: the actions of messages become errands with the same outcomes."""
    sent = requested(SendMessage(template="hello", channel="inbox"), member_id=uuid4())
    refused = requested(SendMessage(template="no_such", channel="inbox"), member_id=uuid4())
    await engagement.receive(
        sent, refused, requested(AssignTask(team="community_team", due_minutes=5), member_id=uuid4())
    )
    await migrate_to(engagement, "0003", up=False)
    before = {row["outcome"]: dict(row) for row in await engagement.db.fetch("SELECT * FROM message_action")}
    assert (before["sent"]["template"], before["refused"]["reason"]) == ("hello", "unknown_template")

    await migrate_to(engagement, "head", up=True)
    await engagement.db.close()
    await engagement.db.open()
    await engagement.receive(sent, refused)
    for told in (await engagement.events(MessageSent), await engagement.events(MessageRefused)):
        assert (len(told), len(set(told))) == (2, 1)
