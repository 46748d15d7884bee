"""The Complete Journey's tables, small."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from demo.journey import Journey

ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Row:
    """A line of a basket."""

    basket: int
    household: int
    at: str
    product: int = 1
    quantity: int = 1
    value: float = 1.0
    store: int = 300


def journey(
    folder: Path,
    rows: Iterable[Row],
    *,
    campaigns: Iterable[tuple[int, str, str]] = (),
    targets: Iterable[tuple[int, int]] = (),
    redemptions: Iterable[tuple[int, int, str]] = (),
    households: int | None = None,
) -> Journey:
    """`campaigns`: (id, first day, last day); `targets`: (campaign, household); `redemptions`: (household, campaign, day)."""
    _write(
        folder / "transactions.parquet",
        {
            "household_id": pa.int64(),
            "store_id": pa.int64(),
            "basket_id": pa.int64(),
            "product_id": pa.int64(),
            "quantity": pa.int64(),
            "sales_value": pa.float64(),
            "transaction_timestamp": pa.timestamp("ns"),
        },
        [(row.household, row.store, row.basket, row.product, row.quantity, row.value, _time(row.at)) for row in rows],
    )
    _write(
        folder / "campaign_descriptions.parquet",
        {
            "campaign_id": pa.int64(),
            "campaign_type": pa.string(),
            "start_date": pa.timestamp("ns"),
            "end_date": pa.timestamp("ns"),
        },
        [(number, "Type A", _time(first), _time(last)) for number, first, last in campaigns],
    )
    _write(folder / "campaigns.parquet", {"campaign_id": pa.int64(), "household_id": pa.int64()}, targets)
    _write(
        folder / "coupon_redemptions.parquet",
        {
            "household_id": pa.int64(),
            "coupon_upc": pa.int64(),
            "campaign_id": pa.int64(),
            "redemption_date": pa.timestamp("ns"),
        },
        [(household, n, campaign, _time(day)) for n, (household, campaign, day) in enumerate(redemptions)],
    )
    return Journey(folder, households=households, zone=ZONE)


def _write(file: Path, columns: dict[str, Any], rows: Iterable[tuple[Any, ...]]) -> None:
    held = list(rows)
    arrays = [pa.array([row[n] for row in held], type=kind) for n, kind in enumerate(columns.values())]
    pq.write_table(pa.table(arrays, names=list(columns)), file)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
