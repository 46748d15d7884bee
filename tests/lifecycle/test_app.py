import pytest

from common.auth.principal import Role
from common.contracts.topics import CATALOGUE
from common.http.pages import LARGEST_NUMBER, page
from common.migrating import MigrationError, check
from factories.lifecycle import Life, member, ordered, registered
from lifecycle.app import SERVICE
from lifecycle.consumers import HANDLERS
from lifecycle.facts.events.domain import FORWARDED
from lifecycle.jobs import show_counts

ANNA = member(1)
LAST = page([0], limit=1, last_id=LARGEST_NUMBER).next_cursor
"""The cursor of the greatest number that a list may have."""


def test_all_that_happens_to_members_is_listened_to() -> None:
    """Whatever a policy may count; not the lifecycle's own, or a rule would feed itself, but for what its lanes hand over."""
    others = [event for event in CATALOGUE.values() if event.producer() != "lifecycle"]
    assert set(HANDLERS.table) == {event for event in others if event.SUBJECT == "member_id"} | set(FORWARDED)
    assert "lifecycle" not in HANDLERS.producers
    assert not HANDLERS.ordered


@pytest.mark.integration
async def test_the_tables_are_those_of_the_models(life: Life) -> None:
    url = life.service.engines.url(role="lifecycle", database=life.service.database)
    await check(url=url, schema="lifecycle", folder=SERVICE.migrations)
    async with life.service.db.transaction() as uow:
        await uow.execute("DROP INDEX ix_transition_at")
    with pytest.raises(MigrationError, match="ix_transition_at"):
        await check(url=url, schema="lifecycle", folder=SERVICE.migrations)


@pytest.mark.integration
@pytest.mark.parametrize(
    "path",
    [
        *(
            f"/members?cursor={LAST}",
            f"/members/{ANNA}/transitions?cursor={LAST}",
            f"/members/{ANNA}/actions?cursor={LAST}",
            f"/members/{ANNA}/timeline?cursor={LAST}",
        ),
        f"/members/{ANNA}/timeline?from=2000-01-01T00:00:00Z&to=2199-12-31T23:59:59Z&kind=action&kind=action",
        *(f"/receipts?cursor={LAST}&limit=200", "/receipts?from=2000-01-01T00:00:00Z&to=2199-12-31T23:59:59Z"),
        *(f"/actions?cursor={LAST}&limit=200", "/actions?from=2000-01-01T00:00:00Z&to=2199-12-31T23:59:59Z"),
        *("/transition-counts?from=2000-01-01&to=2000-01-01", "/transition-counts?from=2199-12-31&to=2199-12-31"),
        "/transition-counts?from=2167-01-01&to=2199-12-31&by=month",
    ],
)
async def test_the_ends_of_every_range_are_inside(life: Life, path: str) -> None:
    await life.happen(registered(ANNA))
    answer = await life.service.client.get(f"/lifecycle/v1{path}", headers=life.service.headers(Role.OPERATOR))
    assert answer.status_code == 200, answer.text


@pytest.mark.integration
async def test_days_begin_where_the_business_is(life: Life) -> None:
    resources = life.service.runtime.resources
    versions = await resources.versions.now(life.service.db)
    assert versions.latest.engine.policy.tz == life.service.runtime.settings.timezone


@pytest.mark.integration
async def test_what_happens_is_measured_and_nobody_is_named(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(ANNA))
    await show_counts(life.service.db)
    text = (await life.service.client.get("/lifecycle/metrics")).text

    for line in (
        'lifecycle_members{dimension="stage",value="convert"} 1.0',
        'lifecycle_members{dimension="stage",value="repurchase"} 0.0',
        'lifecycle_members{dimension="health",value="active"} 1.0',
        'lifecycle_transitions_total{cause="event",dimension="stage",value="convert"} 1.0',
        'lifecycle_decisions_total{outcome="acted",rule="welcome"} 1.0',
        "lifecycle_event_to_action_seconds_count 2.0",
        "lifecycle_steps_total 2.0",
        "lifecycle_waiting_events 0.0",
    ):
        assert line in text
    assert str(ANNA) not in text
