"""Permanent numbers: what a new version counts keeps the number under which it is counted already, or gets a new one.

A number stands for a definition, not for a name: a metric that is declared otherwise is another one, and so is every metric
once the business's days begin elsewhere. No number is ever given twice.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from lifecycle.policy.domain import Policy
from lifecycle.policy.sources.domain import AttributeSource, Metric

_Source = TypeVar("_Source", Metric, AttributeSource)


def renumbered(policy: Policy, *, live: Sequence[Policy], metrics_given: int, attributes_given: int) -> Policy:
    """`live`: those whose facts are being counted; `…_given`: the greatest number ever given."""
    alike = [each for each in live if each.tz == policy.tz]
    metrics = _numbered(policy.metrics, [metric for each in alike for metric in each.metrics], metrics_given)
    attributes = _numbered(policy.attributes, [source for each in live for source in each.attributes], attributes_given)
    return msgspec.structs.replace(policy, metrics=metrics, attributes=attributes)


def _numbered(sources: Iterable[_Source], known: Iterable[_Source], given: int) -> tuple[_Source, ...]:
    numbers = {_definition(source): source.number for source in known}
    found: list[_Source] = []
    for source in sources:
        number = numbers.get(_definition(source))
        if number is None:
            given += 1
            number = given
        found.append(msgspec.structs.replace(source, number=number))
    return tuple(found)


_encode: Callable[[object], bytes] = msgspec.json.Encoder().encode


def _definition(source: _Source) -> bytes:
    """All of it but the number."""
    return _encode(msgspec.structs.replace(source, number=1))
