import pytest
from sqlalchemy import CheckConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, DropConstraint

from common.migrating import check
from common.testing.services import RunningService
from orders.app import SERVICE
from orders.models import metadata

pytestmark = pytest.mark.integration

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types no dialect constructor
DEFINITION = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND conname = $2
"""


async def test_the_migrations_make_what_the_models_say(orders: RunningService) -> None:
    await check(
        url=orders.engines.url(role="orders", database=orders.database),
        schema=SERVICE.name,
        folder=SERVICE.migrations,
    )


async def test_every_check_of_the_models_stands_in_the_tables(orders: RunningService) -> None:
    """Alembic does not compare them: each is made anew from its model, and must come out as it was."""
    checks = [
        (table.fullname, constraint)
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    ]
    found, expected = {}, {}
    async with orders.db.transaction() as uow:
        for table, constraint in checks:
            where = (table, str(constraint.name))
            found[where] = await uow.fetchval(DEFINITION, *where)
            if found[where] is not None:
                await uow.execute(str(DropConstraint(constraint).compile(dialect=DIALECT)))
            await uow.execute(str(AddConstraint(constraint).compile(dialect=DIALECT)))
            expected[where] = await uow.fetchval(DEFINITION, *where)
    known = await orders.db.fetchval(
        "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND conrelid = ANY($1::text[]::regclass[])",
        [table.fullname for table in metadata.sorted_tables],
    )

    assert None not in found.values()
    assert found == expected
    assert known == len(checks) > 20
