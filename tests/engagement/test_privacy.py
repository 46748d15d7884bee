"""What somebody wrote stays in the one table for it: planted words are looked for everywhere else."""

import logging
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from common.testing.services import RunningService
from factories.engagement import chat_message, deliver, know_sender, make_community

pytestmark = pytest.mark.integration

WORDS = "金絲雀 sings at 13912345678"


def found_in(text: str) -> bool:
    """As it is, escaped as in JSON, or in hexadecimal as PostgreSQL shows bytes."""
    escaped = WORDS.encode("ascii", "backslashreplace").decode()
    return WORDS in text or escaped in text or WORDS.encode().hex() in text


async def test_words_are_in_the_chat_and_nowhere_else(
    engagement: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    garden = await make_community(engagement)
    await know_sender(engagement, "ann", member_id=uuid4())
    with capture_logs() as logs:
        assert (await deliver(engagement, chat_message(garden, text=WORDS))).status_code == 200
        assert (await deliver(engagement, chat_message(garden, text=WORDS) | {"likes": 1})).status_code == 422
        assert (await deliver(engagement, chat_message(garden, text=WORDS), timestamp=1)).status_code == 401
    tables = await engagement.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'engagement'")
    holding = [
        table["tablename"]
        for table in tables
        for row in await engagement.db.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" AS t')
        if found_in(row["row"])
    ]

    assert holding == ["chat_message"]
    assert logs
    assert not found_in(repr(logs))
    assert not found_in(caplog.text)
    assert not found_in((await engagement.client.get("/engagement/metrics")).text)
