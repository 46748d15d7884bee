"""Errors by kind. A service names its own as facts (`class OutOfStock(Conflict)`); `common.http.problems` maps a kind to a
status in one place, and the log decides by kind what is poison.
"""

import re
from typing import ClassVar


class AppError(Exception):
    """`detail` tells a client what to do about it; `code` is stable and derives from the class's name."""

    code: ClassVar[str] = "error"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class Invalid(AppError):
    """The request can never be carried out as it is; which parts are wrong, and how, may be in `extra` as `errors`: pairs."""


class Unauthenticated(AppError):
    """Who asks is not known."""


class Forbidden(AppError):
    """Who asks may not do this."""


class NotFound(AppError):
    """There is no such thing, or it is someone else's."""


class Conflict(AppError):
    """The state of things forbids it now; what holds instead may be in `extra` as `current`."""


class TooLarge(AppError):
    """More than a bound allows."""


class RateLimited(AppError):
    """Too often; `retry_after_seconds` is in `extra`."""


class Unavailable(AppError):
    """Try again: something it needs is away or busy; `retry_after_seconds` is in `extra`."""
