"""What an order costs from the quote to its confirmation: CPU, statements, commits, bytes of write-ahead log.

A client asks for a quote, places the order, begins to pay it, and the payment provider calls back: four requests. One
client buys after the other, then sixteen at once, as a shop with customers has it: a server that is never busy sleeps and
wakes for every message. The service and PostgreSQL are asked afterwards what they did.

The baseline is a popular open commerce server as it was measured when this project began, with its own shop and on another
run: 1,050 ms of CPU, 409 statements and 19 commits an order. Only ratios as large as these can be told across runs.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import asyncpg
import click

from benchmarks.measuring import Goal, Row, Watch, at_least, cpu_seconds, keep, spread, using_cpu
from benchmarks.orders.client import Connection, Refused, connect, make_request
from benchmarks.orders.shop import DATABASE, MEMBERS, ORDERS, QUOTES, Server, Shop, open_shop

CALLBACKS = "/orders/v1/payment-callbacks/development"
CLIENTS = (1, 16)
WARM_UP = MEMBERS
"""Orders, so that each member's token is known."""
SETTINGS = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "top"}

BASELINE_CPU_MS, BASELINE_STATEMENTS, BASELINE_COMMITS = 1_050, 409, 19
SERVICE, POSTGRES, STATEMENTS, COMMITS, WRITING, WAL = (
    "service CPU ms",
    "PostgreSQL CPU ms",
    "statements",
    "commits",
    "commits that write",
    "WAL bytes",
)

Figures = dict[int, dict[str, list[float]]]
"""By the number of clients."""

# What holds a transaction or a session together is counted apart from what reads and writes. A commit writes when it got an
# id, which is the difference of the next id to be given.
_COUNTS = """
SELECT (SELECT sum(calls) FROM pg_stat_statements AS said JOIN pg_roles ON pg_roles.oid = said.userid
        WHERE rolname = 'orders' AND query !~* '^(begin|commit|rollback|close all|unlisten|reset all|select pg_advisory_unlock_all)')
           AS statements,
       (SELECT sum(calls) FROM pg_stat_statements AS said JOIN pg_roles ON pg_roles.oid = said.userid
        WHERE rolname = 'orders' AND query ~* '^commit') AS commits,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid,
       (SELECT wal_bytes FROM pg_stat_wal)::bigint AS wal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What PostgreSQL has done so far."""

    statements: int
    commits: int
    xid: int
    wal: int


async def read_counts(observer: Any) -> Counts:
    await observer.execute("SELECT pg_stat_clear_snapshot()")
    row = await observer.fetchrow(_COUNTS)
    return Counts(**{name: int(value or 0) for name, value in row.items()})


async def buy(shop: Shop, connection: Connection, member: UUID, wish: dict[str, Any]) -> None:
    """From the quote to the confirmation."""
    quote = (await connection.ask_well(shop.request(member, QUOTES, wish))).json()
    body = wish | {"payable_minor": quote["payable_minor"]}
    order = (await connection.ask_well(shop.request(member, ORDERS, body))).json()
    payment = (await connection.ask_well(shop.request(member, f"{ORDERS}/{order['id']}/payments", {}))).json()
    notice = {
        "payment_id": payment["id"],
        "token": payment["instructions"]["token"],
        "outcome": "paid",
        "transaction_id": payment["id"],
        "amount_minor": payment["amount_minor"],
        "currency": payment["currency"],
    }
    await connection.ask_well(make_request(CALLBACKS, notice, {}))


async def buy_all(shop: Shop, server: Server, wishes: Iterator[tuple[UUID, dict[str, Any]]]) -> None:
    """One client, until no wish is left; several share the wishes."""
    connection = await connect(server.port)
    try:
        for member, wish in wishes:
            await buy(shop, connection, member, wish)
    finally:
        connection.close()


async def repeat(shop: Shop, server: Server, observer: Any, *, orders: int, clients: int) -> dict[str, float]:
    """One repetition: its figures, by order."""
    wishes = iter(await shop.wishes(orders))
    before, used = await read_counts(observer), cpu_seconds(server.pid)
    with using_cpu(shop.bench.postgres_pid) as postgres:
        await asyncio.gather(*(buy_all(shop, server, wishes) for _ in range(clients)))
    used = cpu_seconds(server.pid) - used
    counted = asdict(await read_counts(observer))
    done = {name: (counted[name] - value) / orders for name, value in asdict(before).items()}
    return {
        SERVICE: 1000 * used / orders,
        POSTGRES: 1000 * postgres[0] / orders,
        STATEMENTS: done["statements"],
        COMMITS: done["commits"],
        WRITING: done["xid"],
        WAL: done["wal"],
    }


async def require_confirmed(shop: Shop, orders: int) -> None:
    """What was counted did happen."""
    confirmed = await shop.connection.fetchval("SELECT count(*) FROM orders WHERE status = 'confirmed'")
    if confirmed != orders:
        raise Refused(f"{confirmed} orders are confirmed, {orders} were paid")


async def measure(*, repetitions: int, orders: int) -> Figures:
    figures: Figures = defaultdict(lambda: defaultdict(list))
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop(SETTINGS))
        observer = await asyncpg.connect(shop.bench.engines.postgres_url, database=DATABASE)
        stack.push_async_callback(observer.close)
        await observer.execute("CREATE EXTENSION pg_stat_statements")
        server = await stack.enter_async_context(shop.serving("service"))
        await repeat(shop, server, observer, orders=WARM_UP, clients=max(CLIENTS))
        turns = [clients for _ in range(repetitions) for clients in CLIENTS]
        with click.progressbar(turns, label="buying", show_pos=True) as bar:
            for clients in bar:
                for figure, value in (await repeat(shop, server, observer, orders=orders, clients=clients)).items():
                    figures[clients][figure].append(value)
        await require_confirmed(shop, WARM_UP + len(turns) * orders)
    return figures


def goals(figures: Figures) -> list[Goal]:
    return [
        at_least(f"CPU of the baseline over {whose}, clients: {clients}", 300, [BASELINE_CPU_MS / ms for ms in used])
        for clients, seen in figures.items()
        for whose, used in (
            ("the service's", seen[SERVICE]),
            ("the service's and PostgreSQL's", [sum(both) for both in zip(seen[SERVICE], seen[POSTGRES], strict=True)]),
        )
    ]


def notes(figures: Figures) -> list[str]:
    """The baseline, and what its goal leaves out."""
    seen = figures[CLIENTS[0]]
    statements = BASELINE_STATEMENTS / spread(seen[STATEMENTS]).median
    commits = BASELINE_COMMITS / spread(seen[COMMITS]).median
    baseline = (
        f"{BASELINE_CPU_MS:,} ms of CPU, {BASELINE_STATEMENTS} statements and {BASELINE_COMMITS} commits an order"
    )
    return [
        f"Baseline: a popular open commerce server, measured before on another run: {baseline}",
        f"It takes {statements:.0f} times the statements and {commits:.1f} times the commits",
        "Statements are those that read or write; beside them a pool's reset and BEGIN and COMMIT are sent",
    ]


@click.command(help=__doc__)
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True)
@click.option("--orders", type=click.IntRange(1), default=400, show_default=True, help="Of each repetition.")
def main(*, repetitions: int, orders: int) -> None:
    watch = Watch()
    figures = asyncio.run(measure(repetitions=repetitions, orders=orders))
    keep(
        "orders.journey",
        what="One order from the quote to its confirmation by four requests, two lines and a coupon",
        watch=watch,
        goals=goals(figures),
        rows=[
            Row(
                labels={"order": "quoted, placed, paid, confirmed", "clients": clients},
                figures={name: spread(values) for name, values in seen.items()},
            )
            for clients, seen in figures.items()
        ],
        notes=notes(figures),
    )


if __name__ == "__main__":
    main()
