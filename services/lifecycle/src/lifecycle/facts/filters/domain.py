"""A filter 篩選: which events a metric counts, by the events' own fields alone."""

from collections.abc import Callable

from common.contracts.event import Event
from lifecycle.conditions.expressions.domain import Always, And, Condition, Node, Not, Or, Plain, Said
from lifecycle.facts.events.domain import field_of
from lifecycle.facts.measures.domain import COMPARE

Filter = Callable[[Event], bool]

FILTERING: tuple[type[Node], ...] = (Said, And, Or, Not, Always)
"""What a filter is made of."""


def filter_of(condition: Condition) -> Filter:
    match condition:
        case Always():
            return lambda _event: True
        case Said(field):
            return lambda event: is_said(condition, field_of(event, field))
        case And(conditions):
            parts = [filter_of(child) for child in conditions]
            return lambda event: all(part(event) for part in parts)
        case Or(conditions):
            parts = [filter_of(child) for child in conditions]
            return lambda event: any(part(event) for part in parts)
        case Not(child):
            part = filter_of(child)
            return lambda event: not part(event)
    raise TypeError(f"{condition} asks for more than the event's own fields")


def is_said(said: Said, value: Plain | None) -> bool:
    """An absent field compares false."""
    if value is None:
        return False
    return value in said.values if said.op == "==" else COMPARE[said.op](value, said.values[0])
