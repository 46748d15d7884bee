"""The events that happen to a member, and what of them a policy may compare."""

from datetime import date, datetime
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from common.contracts.engagement import CheckinRecorded
from common.contracts.event import Event
from common.contracts.lifecycle import EventForwarded, IdentityCounted, IdentityJoined, IdentityLeft
from common.contracts.members import MemberErased, MemberRegistered
from common.contracts.topics import CATALOGUE
from lifecycle.conditions.expressions.domain import Plain

EVENTS: dict[str, type[Event]] = {
    event.NAME: event
    for event in CATALOGUE.values()
    if event.SUBJECT == "member_id" and event.producer() != "lifecycle"
}
"""By the name that policies use; not the lifecycle's own, or a rule would feed itself."""

FORWARDED: tuple[type[Event], ...] = (IdentityJoined, IdentityCounted, IdentityLeft, EventForwarded)
"""What is sent from lane to lane; see `forwarding`."""

ONCE_EVER = frozenset({MemberRegistered.NAME, MemberErased.NAME})
"""What comes once for a member."""
DAILY = frozenset({CheckinRecorded.NAME})
"""What comes at most once a business day."""

INSTEAD_OF_NUL = "\N{REPLACEMENT CHARACTER}"

Kind = Literal["text", "number", "yes_no"]

_KINDS: dict[type[Any], Kind] = {str: "text", UUID: "text", date: "text", int: "number", bool: "yes_no"}


@cache
def kinds_of(event: type[Event]) -> MappingProxyType[str, Kind]:
    """The kind of each field that can be compared: ids and dates as text; no moments, no lists."""
    kinds = {name: _kind(hint) for name, hint in get_type_hints(event).items()}
    return MappingProxyType({name: kind for name, kind in kinds.items() if kind is not None})


def kind_of(value: Plain) -> Kind:
    return _KINDS[type(value)]


def has_moment(event: type[Event], field: str) -> bool:
    return get_type_hints(event).get(field) is datetime


def field_of(event: Event, field: str) -> Plain | None:
    """A field as it is compared and kept; None when it is absent. Of text without NUL, which no row of PostgreSQL can hold:
    a value that was taken in and cannot be written would hold up its member for ever.
    """
    value = getattr(event, field, None)
    if isinstance(value, str):
        return value.replace("\0", INSTEAD_OF_NUL)
    return value if value is None or isinstance(value, int) else str(value)


def _kind(hint: Any) -> Kind | None:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        kinds = {_kind(part) for part in parts if part is not NoneType}
    elif origin is Literal:
        kinds = {_KINDS.get(type(part)) for part in parts}
    else:
        kinds = {_KINDS.get(hint)}
    return kinds.pop() if len(kinds) == 1 else None
