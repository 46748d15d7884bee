import pytest

from common.migrating import check
from common.testing.services import RunningService
from members.app import SERVICE

pytestmark = pytest.mark.integration


async def test_the_migrations_make_what_the_models_say(members: RunningService) -> None:
    await check(
        url=members.engines.url(role="members", database=members.database),
        schema=SERVICE.name,
        folder=SERVICE.migrations,
    )
