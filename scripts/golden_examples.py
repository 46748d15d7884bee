"""One example of every event type, as it stands in the log: tests/contracts/golden/<type>.json.

python scripts/golden_examples.py

A change of a contract shows in their diff. Values come from the tables below, by field name and class; a new field with
a familiar name needs nothing here. Ids are made up, and follow from the field's name.
"""

import types
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid5

import msgspec

from common.contracts import lifecycle, members, orders
from common.contracts.envelope import encode
from common.contracts.event import Event
from common.contracts.topics import CATALOGUE

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "contracts" / "golden"
NAMESPACE = UUID("6875 6974 6f75 4000 8000 676f6c64656e".replace(" ", ""))
AT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
LATER = datetime(2026, 4, 9, 16, 0, tzinfo=UTC)

BY_FIELD: dict[str, Any] = {
    "amount_minor": 3480,
    "balance": 350,
    "birthday": "08-15",
    "business_day": date(2026, 3, 10),
    "channel": "wechat",
    "consent": "promo",
    "currency": "CNY",
    "current": "activated",
    "discount_minor": 500,
    "due_at": LATER,
    "endpoint": "erp",
    "expires_at": LATER,
    "fields": ["city"],
    "generation": 1767225600,
    "items_minor": 3980,
    "key": "activated#1",
    "messages": 7,
    "minimum_spend_minor": 3000,
    "pay_deadline": datetime(2026, 3, 10, 2, 30, tzinfo=UTC),
    "payable_minor": 3480,
    "points": 100,
    "previous": "acquired",
    "purpose": "promo",
    "quantity": 2,
    "reason": "first_order",
    "rule": "welcome",
    "segment": "loyal",
    "streak": 3,
    "team": "community_team",
    "template": "welcome",
    "topic": "freshness",
    "tz": "Asia/Shanghai",
    "valid_until": LATER,
    "value_minor": 500,
    "version": "2026-01",
}
BY_CLASS: dict[type, dict[str, Any]] = {
    lifecycle.HealthChanged: {"previous": "active", "current": "at_risk"},
    lifecycle.ActionRequested: {"action": lifecycle.IssueCoupon(template="welcome")},
    members.RewardGranted: {"entry_id": None},
    orders.OrderLine: {"amount_minor": 3980},
}


def example(type_name: str) -> Event:
    """The event that the golden example of a type holds."""
    kind = CATALOGUE[type_name]
    given = {kind.SUBJECT: type_name.split(".")[1]} if kind.SUBJECT == "service" else {}
    event: Event = _struct(kind, given)
    return event


def envelope(type_name: str) -> bytes:
    encoded = encode(
        example(type_name),
        event_id=uuid5(NAMESPACE, type_name),
        service=type_name.split(".")[1],
        type_name=type_name,
        time=AT,
        correlation_id="7f3c1a52",
        causation_id=uuid5(NAMESPACE, "cause"),
    )
    return msgspec.json.format(encoded, indent=2) + b"\n"


def _struct(kind: type[Any], given: dict[str, Any]) -> Any:
    known = BY_CLASS.get(kind, {}) | given
    hints = get_type_hints(kind, include_extras=True)
    made = {
        field.name: known[field.name] if field.name in known else _value(hints[field.name], field.name)
        for field in msgspec.structs.fields(kind)
    }
    return msgspec.json.decode(
        msgspec.json.encode(kind(**made)), type=kind
    )  # bounds are checked here, not by constructors


def _value(hint: Any, name: str) -> Any:
    """A value for a field, from its name where the type leaves a choice."""
    if get_origin(hint) is Annotated and name not in BY_FIELD:
        return _bounded(hint, name)
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    origin, parts = get_origin(plain), get_args(plain)
    if origin is Literal:
        return parts[0]
    if origin in {Union, types.UnionType}:
        return _value(next(part for part in parts if part is not types.NoneType), name)
    if plain is UUID:
        return uuid5(NAMESPACE, name)
    if name in BY_FIELD:
        return BY_FIELD[name]
    if origin is list:
        return [_value(parts[0], name)]
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return _struct(plain, {})
    simple = {datetime: AT, date: AT.date(), bool: True, int: 1, str: name}
    return simple[plain]


def _bounded(hint: Any, name: str) -> Any:
    plain, *metas = get_args(hint)
    meta = next((part for part in metas if isinstance(part, msgspec.Meta)), msgspec.Meta())
    if meta.pattern is not None:
        raise SystemExit(f"{name} is like {meta.pattern}: give an example in {Path(__file__).name}")
    value = _value(plain, name)
    return max(value, meta.ge) if meta.ge is not None else value


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for file in GOLDEN.glob("*.json"):
        if file.stem not in CATALOGUE:
            file.unlink()
    for type_name in CATALOGUE:
        (GOLDEN / f"{type_name}.json").write_bytes(envelope(type_name))


if __name__ == "__main__":
    main()
