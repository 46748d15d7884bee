"""Waiting for a condition with a deadline, instead of a sleep that hopes."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar, overload

T = TypeVar("T")
DEADLINE_SECONDS = 20.0
_STEP_SECONDS = 0.005


@overload
async def eventually(
    condition: Callable[[], Coroutine[Any, Any, T]], *, seconds: float = ..., what: str = ...
) -> T: ...
@overload
async def eventually(condition: Callable[[], T], *, seconds: float = ..., what: str = ...) -> T: ...
async def eventually(
    condition: Callable[[], Any], *, seconds: float = DEADLINE_SECONDS, what: str = "the condition"
) -> Any:
    """Ask again until the answer is truthy, and return it. Raises AssertionError with the last answer at the deadline."""
    deadline = monotonic() + seconds
    while True:
        answer = condition()
        value = await answer if inspect.isawaitable(answer) else answer
        if value:
            return value
        if monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {seconds} s; last: {value!r}")
        await asyncio.sleep(_STEP_SECONDS)
