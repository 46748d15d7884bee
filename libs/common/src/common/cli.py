"""`python -m <service> …`: the commands that every service has."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

import click
from prometheus_client import disable_created_metrics

from common import loops
from common.bus import dead_letters
from common.bus.dead_letters import Reason
from common.bus.forks import accept_fork, describe_log
from common.bus.kafka import relay_state, switching
from common.bus.kafka.decisions import accept_gap
from common.bus.kafka.raising import raise_partitions
from common.bus.kafka.relay import Relay
from common.bus.outbox import create_partitions
from common.errors import AppError
from common.http.app import service_app
from common.http.front import front
from common.logging import configure_logging
from common.migrating import MigrationError, migrate_in_loop
from common.runtime import Runtime, Service, Surroundings, Worker, build_relay
from common.serving import PortBusy, bind, run_until_stopped, serving
from common.settings import ServiceSettings, SettingsError, load_settings
from common.shared_clock import ClockLost, SharedClock, following

T = TypeVar("T")
_EXPECTED = (SettingsError, PortBusy, AppError, MigrationError, ClockLost, OSError)


def command_line(service: Service) -> click.Group:
    """The commands of a service; each ends with one clear line and a non-zero code when it cannot do its work."""
    disable_created_metrics()  # type: ignore[no-untyped-call]

    @click.group(help=f"{service.title} of Huitou. Settings are environment variables: see docs/configuration.md.")
    def group() -> None: ...

    for build in (_serving_commands, _migrate_command, _dead_letter_commands, _log_commands):
        build(group, service)
    return group


def _serving_commands(group: click.Group, service: Service) -> None:
    @group.command()
    def api() -> None:
        """Serve HTTP."""
        _serve(service)

    @group.command()
    @click.option("--accept-missing-history", is_flag=True, help="Start although the beginning of a log was pruned.")
    def worker(*, accept_missing_history: bool) -> None:
        """Consume events, fire timers, do jobs; serve health and metrics."""
        _serve(service, Worker, accept_missing_history=accept_missing_history)

    @group.group(invoke_without_command=True)
    @click.pass_context
    def relay(context: click.Context) -> None:
        """Carry this service's log to Kafka, one process at a time; serve health and metrics."""
        if context.invoked_subcommand is None:
            _serve(service, build_relay)

    @relay.command()
    @click.confirmation_option(
        prompt="Everything that the outbox still holds is sent again. What was handled is passed over."
    )
    def rewind() -> None:
        """Send everything again that this service's log still holds; heals a gap."""
        floor = with_database(service, lambda r: relay_state.rewind(r.db))
        click.echo(f"{service.name}: the relay sends everything after {floor} again")

    @relay.command()
    @click.argument("count", type=int)
    @click.confirmation_option(
        prompt="Is every relay of this service stopped? There is no way back to fewer partitions."
    )
    def partitions(*, count: int) -> None:
        """Spread what comes over more partitions, once every consumer has read what was sent."""
        position = with_database(
            service, lambda r: raise_partitions(r.db, r.settings.required_broker, partitions=count)
        )
        click.echo(f"{service.name}: events after {position} go to {count} partitions; start its relay")

    @relay.command()
    @click.confirmation_option(prompt="Consumers that read over Kafka will get nothing of this service any more.")
    def retire() -> None:
        """Say that this service's log is no longer carried, so that old days of it are removed by age alone."""
        with_database(service, lambda r: relay_state.retire(r.db))
        click.echo(f"{service.name}: its log is no longer carried; a relay that is started takes it up again")


class Part(Protocol):
    """What a process does beside serving HTTP."""

    def start(self) -> None: ...

    def wake(self) -> None: ...

    async def stop(self) -> None: ...


def _serve(
    service: Service, build: Callable[[Runtime], Part] | None = None, *, accept_missing_history: bool = False
) -> None:
    """Serve HTTP, and do what is built, until told to stop."""

    @asynccontextmanager
    async def parts() -> AsyncIterator[None]:
        bound = bind(settings.host, settings.port)
        async with _surroundings(service, settings) as given, AsyncExitStack() as stack:
            surroundings = replace(given, accept_missing_history=accept_missing_history)
            runtime = Runtime(service, settings, surroundings)
            await stack.enter_async_context(runtime.running())
            await stack.enter_async_context(serving(front({service.name: service_app(runtime)}), bound))
            if build is not None:
                part = build(runtime)
                stack.push_async_callback(part.stop)
                part.start()
                if isinstance(surroundings.clock, SharedClock):
                    surroundings.clock.on_move(part.wake)
                    if isinstance(part, Relay):
                        await surroundings.clock.on_nudge(service.name, part.wake)
            yield

    settings = _settings(service)
    _run(run_until_stopped(parts()))


@asynccontextmanager
async def _surroundings(service: Service, settings: ServiceSettings) -> AsyncIterator[Surroundings]:
    """By the system's clock; or by the virtual one that the settings name, with the whole log kept, as a demo does."""
    if settings.shared_clock_url is None:
        yield Surroundings()
        return
    async with following(settings.shared_clock_url, application=service.name) as clock:
        yield Surroundings(clock=clock, keep_log=True)


def _migrate_command(group: click.Group, service: Service) -> None:
    @group.command()
    @click.option("--revision", default="head", show_default=True, help="Where to go.")
    def migrate(*, revision: str) -> None:
        """Bring this service's schema up to date, and create the log's coming days."""
        settings = _settings(service)

        async def work(runtime: Runtime) -> None:
            url = settings.database_url.get_secret_value()
            await migrate_in_loop(url=url, schema=service.name, folder=service.migrations, revision=revision)
            connection = await runtime.db.connect()
            try:
                await create_partitions(connection, at=None)
            finally:
                await connection.close()

        _run(work(Runtime(service, settings, Surroundings())))


def _dead_letter_commands(group: click.Group, service: Service) -> None:
    @group.group()
    def deadletters() -> None:
        """Events that were set aside: list, show, replay, discard."""

    @deadletters.command("list")
    @click.option(
        "--state", type=click.Choice(["open", "replayed", "discarded", "all"]), default="open", show_default=True
    )
    @click.option("--reason", type=click.Choice([reason.value for reason in Reason]))
    @click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
    def list_(*, state: str, reason: str | None, limit: int) -> None:
        """Oldest first."""
        wanted = None if state == "all" else state
        rows = with_database(
            service, lambda r: dead_letters.list_letters(r.db, state=wanted, reason=reason, limit=limit)
        )
        for row in rows:
            click.echo(f"{row['id']}\t{row['state']}\t{row['reason']}\t{row['type']}\t{row['key']}\t{row['error']}")
        click.echo(f"{len(rows)} dead letters", err=True)

    @deadletters.command()
    @click.argument("letter_id", type=int)
    def show(*, letter_id: int) -> None:
        """Everything about one, with its event."""
        row = with_database(service, lambda r: dead_letters.get_letter(r.db, letter_id))
        for name, value in row.items():
            click.echo(f"{name}: {value.decode(errors='replace') if isinstance(value, bytes) else value}")

    @deadletters.command()
    @click.argument("letter_ids", type=int, nargs=-1, required=True)
    def replay(*, letter_ids: tuple[int, ...]) -> None:
        """Handle events now, in the order given."""
        for letter_id in letter_ids:
            with_database(service, partial(_replay, letter_id))
            click.echo(f"{letter_id} replayed")

    @deadletters.command()
    @click.argument("letter_id", type=int)
    @click.confirmation_option(prompt="The event's effect will never happen. Discard it?")
    def discard(*, letter_id: int) -> None:
        """Settle one without its effect, for good."""
        with_database(service, lambda r: dead_letters.discard(r.db, letter_id))
        click.echo(f"{letter_id} discarded")


def _log_commands(group: click.Group, service: Service) -> None:
    @group.group()
    def log() -> None:
        """The event log: where this service stands, and what a person must decide."""

    @log.command()
    def status() -> None:
        """Tell of this service's log, and how far it has read the others'."""
        for line in with_database(service, describe_log):
            click.echo(line)

    @log.command("accept-fork")
    @click.argument("producer", type=click.Choice(service.handlers.producers))
    @click.confirmation_option(
        prompt="The producer's history is no longer the one that this service has read. Go on from what is left of it?"
    )
    def accept(*, producer: str) -> None:
        """Continue after a producer's history was cut: from the last event that both have, or from where its log begins."""
        for line in with_database(service, lambda r: accept_fork(r, producer)):
            click.echo(line)

    @log.command("accept-gap")
    @click.argument("producer", type=click.Choice(service.handlers.producers))
    @click.confirmation_option(
        prompt="Events that are missing will never be handled. Was `relay rewind` of the producer of no help?"
    )
    def give_up(*, producer: str) -> None:
        """Continue without events that the broker has lost and the producer no longer holds."""
        for number, said in with_database(service, lambda r: accept_gap(r.db, producer)).items():
            click.echo(f"{producer}, partition {number}: {said}")

    @log.command()
    @click.argument("bus", type=click.Choice(["postgres", "kafka"]))
    def switch(*, bus: str) -> None:
        """Read the other services' logs over another bus from now on, exactly where this service stands."""
        change = switching.to_kafka if bus == "kafka" else switching.to_postgres
        for producer, position in with_database(service, change).items():
            click.echo(f"{producer}: goes on after {position} over {bus}")
        click.echo(f"start the workers of {service.name} with BUS={bus}", err=True)


async def _replay(letter_id: int, runtime: Runtime) -> None:
    async with runtime.with_resources():
        await dead_letters.replay(runtime.db, letter_id, runtime.service.handlers)


def _settings(service: Service) -> ServiceSettings:
    try:
        settings = load_settings(service.settings)
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    configure_logging(level=settings.log_level, format=settings.log_format)
    return settings


def with_database(service: Service, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Do a command's work with the database open; also for the commands that a service adds of its own."""

    async def opened() -> T:
        async with _surroundings(service, settings) as surroundings:
            runtime = Runtime(service, settings, surroundings)
            await runtime.db.open()
            try:
                return await work(runtime)
            finally:
                await runtime.db.close()

    settings = _settings(service)
    return _run(opened())


def _run(work: Awaitable[T]) -> T:
    async def run() -> T:
        return await work

    try:
        return loops.run(run())
    except _EXPECTED as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(1)
