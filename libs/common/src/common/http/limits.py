"""How often somebody may ask. Counted in Valkey; what happens without Valkey is decided here.

Ordinary requests pass (fail open). What is worth attacking, sign-in, coupon claims, webhooks, falls back to a count inside
this process with a quarter of the rate, because every process would otherwise grant the whole rate again.
"""

import structlog
from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from prometheus_client import CollectorRegistry, Counter, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.errors import RateLimited

log = structlog.get_logger()

WINDOW_SECONDS = 60
STRICTER = 4
TIMEOUT_SECONDS = 0.25


class TooManyRequests(RateLimited):
    """The rate is used up; `Retry-After` says when to come again."""


class Limiter:
    def __init__(self, *, service: str, url: str | None, registry: CollectorRegistry) -> None:
        self._service = service
        self._valkey = (
            Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS) if url else None
        )
        self._local = FixedWindowRateLimiter(MemoryStorage())
        self._available = Gauge("rate_limit_valkey_available", "1 while rates are counted in Valkey", registry=registry)
        self._refused = Counter("rate_limit_refused", "Requests refused", ["name"], registry=registry)
        self._available.set(1 if url else 0)

    async def close(self) -> None:
        if self._valkey is not None:
            await self._valkey.aclose()

    async def check(self, name: str, caller: str, *, per_minute: int, guarded: bool) -> None:
        """Count one. Raises TooManyRequests. `guarded`: count stricter in this process when Valkey is away."""
        count = await self._count(name, caller)
        if count is None:
            if not guarded:
                return
            allowed = await self._local.hit(RateLimitItemPerMinute(max(1, per_minute // STRICTER)), name, caller)
        else:
            allowed = count <= per_minute
        if not allowed:
            self._refused.labels(name).inc()
            raise TooManyRequests(f"at most {per_minute} a minute; wait a little", retry_after_seconds=WINDOW_SECONDS)

    async def _count(self, name: str, caller: str) -> int | None:
        """How many in this window, this one included; None when Valkey cannot say."""
        if self._valkey is None:
            return None
        key = f"huitou:{self._service}:rate:{name}:{caller}"
        try:
            async with self._valkey.pipeline(transaction=False) as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, WINDOW_SECONDS, nx=True)
                counted, _ = await pipeline.execute()
        except (RedisError, OSError) as error:
            log.warning("rate limit not counted", error=str(error))
            self._available.set(0)
            return None
        self._available.set(1)
        return int(counted)


def caller_of(request: Request) -> str:
    """The signed-in principal, else the address."""
    principal = getattr(request.state, "principal", None)
    if principal is not None:
        return str(principal.id)
    return request.client.host if request.client else "unknown"


class LimitRate:
    """A route's own, guarded rate, named by the setting that holds it: `Depends(LimitRate("sign_ins_per_minute"))`.

    Among a route's `dependencies` it counts addresses, since those run before the rule that finds the caller; as a
    parameter after that rule, `_: Annotated[None, Depends(LimitRate(…))]`, it counts callers.
    """

    def __init__(self, setting: str) -> None:
        self._setting = setting

    async def __call__(self, request: Request) -> None:
        runtime = request.app.state.runtime
        per_minute = getattr(runtime.settings, self._setting)
        await runtime.limiter.check(self._setting, caller_of(request), per_minute=per_minute, guarded=True)


async def count_request(request: Request) -> None:
    """The general rate of every request."""
    runtime = request.app.state.runtime
    await runtime.limiter.check(
        "requests", caller_of(request), per_minute=runtime.settings.requests_per_minute, guarded=False
    )
