"""Lists of what happened may be asked for a span of time: from a moment on, up to another."""

from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Query

from common.errors import Invalid
from common.http.fields import Moment


class SpanInvalid(Invalid):
    """The span ends before it begins."""


class Span(NamedTuple):
    since: datetime | None
    """None: from the beginning."""
    until: datetime | None
    """Not included; None: without end."""


async def span(
    since: Annotated[Moment | None, Query(alias="from", description="Only what was then or later.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Only what was before that moment.")] = None,
) -> Span:
    if since is not None and until is not None and until <= since:
        raise SpanInvalid("to: expected a moment after `from`")
    return Span(since, until)


SpanQuery = Annotated[Span, Depends(span)]
