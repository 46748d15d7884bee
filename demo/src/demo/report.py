"""What the year did: where members stand, how they moved, what was done for them, and whether the sums agree."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from common.money import format_minor
from demo.journey import Journey
from demo.places import SOURCE
from demo.run import CURRENCY, Pace, Run

YEAR = ("2017-01-01", "2018-01-01")


@dataclass(frozen=True)
class Check:
    """Two numbers that must be one."""

    what: str
    expected: int
    found: int

    @property
    def holds(self) -> bool:
        return self.expected == self.found


async def print_report(run: Run, console: Console) -> bool:
    """Print everything; False when a check does not hold."""
    await _print_standing(run, console)
    await _print_transitions(run, console)
    await _print_actions(run, console)
    _print_left_out(run.journey, console)
    checks = await _checks(run)
    _print_checks(checks, console)
    _print_pace(run.pace, console)
    console.print("Group chat and consents in this demo are SYNTHETIC: The Complete Journey has none.")
    return all(check.holds for check in checks)


async def _print_standing(run: Run, console: Console) -> None:
    counts = await run.api.get("/lifecycle/v1/standing-counts")
    table = Table("stage", *counts["health"], "all", title="Members per stage and health, at the end of the year")
    cells = {(item["stage"], item["health"]): item["members"] for item in counts["items"]}
    for stage, members in counts["stages"].items():
        table.add_row(stage, *(str(cells.get((stage, health), 0)) for health in counts["health"]), str(members))
    table.add_row("all", *(str(members) for members in counts["health"].values()), str(counts["members"]))
    table.caption = "One of them is the operator, whose program placed the baskets."
    console.print(table)


async def _print_transitions(run: Run, console: Console) -> None:
    query = {"from": YEAR[0], "to": YEAR[1], "by": "month"}
    answer = await run.api.get("/lifecycle/v1/transition-counts", **query)
    months: defaultdict[str, Counter[str]] = defaultdict(Counter)
    entered = [item for item in answer["items"] if item["dimension"] in {"stage", "health"}]
    for item in entered:
        months[item["period"][:7]][item["current"]] += item["transitions"]
    values = list(dict.fromkeys(item["current"] for item in entered))
    table = Table("month", *values, title="Transitions by month, into each stage and health")
    for month, counts in sorted(months.items()):
        table.add_row(month, *(str(counts[value]) for value in values))
    console.print(table)


async def _print_actions(run: Run, console: Console) -> None:
    answer = await run.api.get("/lifecycle/v1/action-counts")
    table = Table("rule", "action", "state", "actions", title="Actions asked for, and what became of them")
    for item in answer["items"]:
        table.add_row(item["rule"], item["kind"], item["state"], str(item["actions"]))
    console.print(table)


def _print_left_out(journey: Journey, console: Console) -> None:
    table = Table("table", "reason", "rows", title="Rows of the source that were not carried")
    for (name, reason), rows in sorted(journey.left_out.rows.items()):
        table.add_row(name, reason, f"{rows:,}")
    console.print(table)


async def _checks(run: Run) -> list[Check]:
    journey = run.journey
    orders = [order for order in await run.api.pages("/orders/v1/member-orders") if order["source"] == SOURCE]
    members = await run.api.pages("/lifecycle/v1/members")
    metrics = [member["metrics"].get("orders", {"count": 0, "sum": 0}) for member in members]
    items, discounts, payable = (
        sum(order[f"{name}_minor"] for order in orders) for name in ("items", "discount", "payable")
    )
    confirmed = [order for order in orders if order["status"] in {"confirmed", "picked_up"}]
    redeemed = sum(target.basket is not None for target in journey.targets)
    return [
        Check("orders = baskets", journey.basket_count, len(orders)),
        Check("line amounts = Σ sales_value, cents", journey.amount_cents, items),
        Check("payable = line amounts − coupon discounts, cents", items - discounts, payable),
        Check(
            "orders with a coupon = redemptions carried",
            redeemed,
            sum(order["coupon_id"] is not None for order in orders),
        ),
        Check("the lifecycle's orders = orders confirmed", len(confirmed), sum(metric["count"] for metric in metrics)),
        Check(
            "the lifecycle's sum = paid, cents",
            sum(order["paid_minor"] for order in confirmed),
            sum(metric["sum"] for metric in metrics),
        ),
    ]


def _print_checks(checks: list[Check], console: Console) -> None:
    table = Table("check", "expected", "found", "", title="Checks")
    for check in checks:
        shown = [
            format_minor(n, CURRENCY) if "cents" in check.what else f"{n:,}" for n in (check.expected, check.found)
        ]
        table.add_row(check.what, *shown, "holds" if check.holds else "[bold red]DOES NOT HOLD[/]")
    console.print(table)


def _print_pace(pace: Pace, console: Console) -> None:
    if not pace.baskets:
        console.print("Everything had been carried before: this run only reports.")
        return
    console.print(
        f"This run: {pace.baskets:,} baskets, {pace.requests:,} requests and {pace.events:,} events in {pace.seconds:,.0f} s:"
        f" {pace.baskets / pace.seconds:,.0f} baskets/s, {pace.events / pace.seconds:,.0f} events/s."
    )
