"""Types of request fields that several services have. What PostgreSQL cannot store is refused here, where it can be named."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

Code = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), Field(description="A code: `a-z`, `0-9` and `_`.")
]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00]*$")]
"""Free text without NUL and without space around it; add a `max_length`."""

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _sensible(moment: datetime) -> datetime:
    if not _FIRST <= moment < _LAST:
        raise ValueError("expected a moment of this century or the next")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_sensible), Field(description="RFC 3339 with a zone.")]

Reference = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$"), Field(description="Visible ASCII.")]
"""What another system calls something."""
