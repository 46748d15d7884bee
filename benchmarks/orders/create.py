"""What placing an order over HTTP costs, beside the same order by ORM sessions and two bare endpoints.

All run in turn on one database, each in a process of its own with one worker; this process makes the load. What each
variant is: `python -m benchmarks.orders.serving --help`.
"""

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack

import click

from benchmarks.measuring import Goal, Row, Watch, at_least, cpu_seconds, keep, quantile, spread, using_cpu
from benchmarks.orders.agreement import require_agreement
from benchmarks.orders.client import send
from benchmarks.orders.shop import MEMBERS, Server, Shop, open_shop

VARIANTS = ("service", "orm", "sql", "bare")
CLIENTS = (1, 16)
WARM_UP_ORDERS = MEMBERS
"""So that each member's token is known."""
LEAST_RATIO = 4
GREATEST_RATE = {"service": 3_000, "orm": 1_500, "sql": 4_000, "bare": 8_000}
"""Requests are made beforehand; were they used up, the repetition would just be shorter."""

RATE, LATENCY, SLOWEST = "requests/s", "p50 ms", "p99 ms"
SERVER, POSTGRES, GENERATOR = "server CPU ms", "PostgreSQL CPU ms", "load generator CPU ms"

Figures = dict[tuple[str, int], dict[str, list[float]]]


async def repeat(shop: Shop, server: Server, *, variant: str, clients: int, seconds: float) -> dict[str, float]:
    """One repetition: its figures, CPU by request."""
    greatest = GREATEST_RATE[variant] if clients > 1 else GREATEST_RATE[variant] // 2
    requests = await shop.orders(int(greatest * seconds))
    before = cpu_seconds(server.pid)
    with using_cpu(shop.bench.postgres_pid) as postgres:
        sent = await send(server.port, requests, clients=clients, seconds=seconds)
    return {
        RATE: sent.count / sent.seconds,
        LATENCY: 1000 * quantile(sent.latencies, 0.5),
        SLOWEST: 1000 * quantile(sent.latencies, 0.99),
        SERVER: 1000 * (cpu_seconds(server.pid) - before) / sent.count,
        POSTGRES: 1000 * postgres[0] / sent.count,
        GENERATOR: 1000 * sent.cpu_seconds / sent.count,
    }


async def measure(*, repetitions: int, seconds: float) -> Figures:
    figures: Figures = defaultdict(lambda: defaultdict(list))
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop())
        servers = {name: await stack.enter_async_context(shop.serving(name)) for name in VARIANTS}
        await require_agreement(shop, servers["service"], servers["orm"])
        for server in servers.values():
            await send(server.port, await shop.orders(WARM_UP_ORDERS), clients=16, seconds=60)
        turns = [(clients, name) for _ in range(repetitions) for clients in CLIENTS for name in VARIANTS]
        with click.progressbar(turns, label="placing orders", show_pos=True) as bar:
            for clients, name in bar:
                seen = await repeat(shop, servers[name], variant=name, clients=clients, seconds=seconds)
                for figure, value in seen.items():
                    figures[name, clients][figure].append(value)
    return figures


def ratios(figures: Figures, *, figure: str, over: str, clients: int) -> list[float]:
    """The service's figure over the other's of the same repetition."""
    pairs = zip(figures["service", clients][figure], figures[over, clients][figure], strict=True)
    return [own / other for own, other in pairs]


def goals(figures: Figures) -> list[Goal]:
    cheaper = [1 / ratio for ratio in ratios(figures, figure=SERVER, over="orm", clients=16)]
    return [
        *(
            at_least(
                f"requests/s of the service over the ORM's, clients: {clients}",
                LEAST_RATIO,
                ratios(figures, figure=RATE, over="orm", clients=clients),
            )
            for clients in CLIENTS
        ),
        at_least("server CPU of the ORM's over the service's, clients: 16", LEAST_RATIO, cheaper),
    ]


def notes(figures: Figures) -> list[str]:
    """The service's share of what the bare endpoints reach."""
    return [
        f"The service reaches {spread(ratios(figures, figure=RATE, over=over, clients=clients)).median:.0%}"
        f" of the requests/s of `{over}`, clients: {clients}"
        for over in ("sql", "bare")
        for clients in CLIENTS
    ]


@click.command(help=__doc__)
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True, help="Of each measurement.")
@click.option("--seconds", type=click.FloatRange(0.2), default=2.5, show_default=True, help="Of each repetition.")
def main(*, repetitions: int, seconds: float) -> None:
    watch = Watch()
    figures = asyncio.run(measure(repetitions=repetitions, seconds=seconds))
    keep(
        "orders.create",
        what="Placing an order over HTTP: two lines of tracked stock, a coupon, an Idempotency-Key, its event",
        watch=watch,
        goals=goals(figures),
        rows=[
            Row(
                labels={"endpoint": variant, "clients": clients},
                figures={name: spread(values) for name, values in seen.items()},
            )
            for (variant, clients), seen in figures.items()
        ],
        notes=notes(figures),
    )


if __name__ == "__main__":
    main()
