"""How often somebody may ask. Counted in Valkey; what happens without Valkey is decided here.

Ordinary requests pass (fail open). What is worth attacking, sign-in, coupon claims, webhooks, falls back to a count inside
this process with a quarter of the rate, because every process would otherwise grant the whole rate again.

Of an ordinary rate a process takes a fiftieth at once and spends it by itself, so that counting costs little beside what is
counted; the first it spends before it asks, so that most callers cost nothing at all. A caller may so be refused a little early
or late: by a fiftieth of the rate for each other process that they asked.
"""

from dataclasses import dataclass
from time import monotonic

import structlog
from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from prometheus_client import CollectorRegistry, Counter, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.errors import RateLimited

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60
STRICTER = 4
SHARE = 50
REMEMBERED = 10_000
TIMEOUT_SECONDS = 0.25


class TooManyRequests(RateLimited):
    """The rate is used up; `Retry-After` says when to come again."""


@dataclass(slots=True)
class _Share:
    """What this process may still let through of a caller, until the window ends. `untold`: Valkey does not know of it yet."""

    left: int
    until: float
    untold: int


class Limiter:
    def __init__(self, *, service: str, url: str | None, registry: CollectorRegistry) -> None:
        self._service = service
        self._valkey = (
            Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS) if url else None
        )
        self._local = FixedWindowRateLimiter(MemoryStorage())
        self._shares: dict[tuple[str, str], _Share] = {}
        self._available = Gauge("rate_limit_valkey_available", "1 while rates are counted in Valkey", registry=registry)
        self._refused = Counter("rate_limit_refused", "Requests refused", ["name"], registry=registry)
        self._available.set(1 if url else 0)

    async def close(self) -> None:
        if self._valkey is not None:
            await self._valkey.aclose()

    async def check(self, name: str, caller: str, *, per_minute: int, guarded: bool) -> None:
        """Count one. Raises TooManyRequests. `guarded`: count each alone, and stricter in this process when Valkey is away."""
        allowed = await (self._take_alone if guarded else self._take_of_share)(name, caller, per_minute)
        if not allowed:
            self._refused.labels(name).inc()
            raise TooManyRequests(f"at most {per_minute} a minute; wait a little", retry_after_seconds=WINDOW_SECONDS)

    async def _take_alone(self, name: str, caller: str, per_minute: int) -> bool:
        counted = await self._count(name, caller, 1)
        if counted is None:
            return await self._local.hit(RateLimitItemPerMinute(max(1, per_minute // STRICTER)), name, caller)
        return counted[0] <= per_minute

    async def _take_of_share(self, name: str, caller: str, per_minute: int) -> bool:
        size = max(1, per_minute // SHARE)
        share = self._shares.get((name, caller))
        if share is None or share.until <= monotonic():
            share = _Share(left=size, until=monotonic() + WINDOW_SECONDS, untold=size)
            self._remember(name, caller, share)
        if share.left == 0:
            untold, share.untold = share.untold, 0
            counted = await self._count(name, caller, untold + size)
            if counted is None:
                return True
            count, seconds = counted
            share.left += min(size, max(0, per_minute - count + size))  # others of this caller asked at the same time
            share.until = monotonic() + seconds
            if share.left == 0:
                return False
        share.left -= 1
        return True

    def _remember(self, name: str, caller: str, share: _Share) -> None:
        self._shares.pop((name, caller), None)
        self._shares[name, caller] = share
        if len(self._shares) > REMEMBERED:
            del self._shares[next(iter(self._shares))]

    async def _count(self, name: str, caller: str, asked: int) -> tuple[int, float] | None:
        """How many in this window, those asked for included, and how many seconds it lasts; None when Valkey cannot say."""
        if self._valkey is None:
            return None
        key = f"huitou:{self._service}:rate:{name}:{caller}"
        try:
            async with self._valkey.pipeline(transaction=False) as pipeline:
                pipeline.incrby(key, asked)
                pipeline.expire(key, WINDOW_SECONDS, nx=True)
                pipeline.pttl(key)
                counted, _, milliseconds = await pipeline.execute()
        except (RedisError, OSError) as error:
            log.warning("rate limit not counted", error=str(error))
            self._available.set(0)
            return None
        self._available.set(1)
        return int(counted), max(0, int(milliseconds)) / 1000


def caller_of(request: Request) -> str:
    """The signed-in principal, else the address."""
    principal = getattr(request.state, "principal", None)
    if principal is not None:
        return str(principal.id)
    return request.client.host if request.client else "unknown"


class LimitRate:
    """A route's own, guarded rate, named by the setting that holds it: `Depends(LimitRate("sign_ins_per_minute"))`.

    Among a route's `dependencies`, before `public`, it counts addresses and stands in for the general rate, which many
    share behind one address; as a parameter after the rule that finds the caller, `_: Annotated[None, Depends(LimitRate(…))]`,
    it counts callers, beside the general rate.
    """

    def __init__(self, setting: str) -> None:
        self._setting = setting

    async def __call__(self, request: Request) -> None:
        runtime = request.app.state.runtime
        per_minute = getattr(runtime.settings, self._setting)
        request.state.counted = True
        await runtime.limiter.check(self._setting, caller_of(request), per_minute=per_minute, guarded=True)


async def count_request(request: Request) -> None:
    """The general rate of every request that has no rate of its own."""
    if getattr(request.state, "counted", False):
        return
    runtime = request.app.state.runtime
    await runtime.limiter.check(
        "requests", caller_of(request), per_minute=runtime.settings.requests_per_minute, guarded=False
    )
