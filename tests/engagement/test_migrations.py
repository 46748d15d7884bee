import pytest

from common.migrating import check
from common.testing.services import RunningService
from engagement.app import SERVICE

pytestmark = pytest.mark.integration


async def test_the_migrations_make_what_the_models_say(engagement: RunningService) -> None:
    await check(
        url=engagement.engines.url(role="engagement", database=engagement.database),
        schema=SERVICE.name,
        folder=SERVICE.migrations,
    )
