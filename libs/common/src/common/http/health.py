"""Liveness, readiness and metrics of one service."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from common.errors import Unavailable

# Open to anyone on purpose, and not counted as `public` is: behind a proxy probes share their address with everybody, and
# a probe that is refused ends a process that is well.
router = APIRouter(tags=["operations"])


class NotReady(Unavailable):
    """Something it needs is away."""


class Health(BaseModel):
    """It is well."""

    status: Literal["ok"] = "ok"


@router.get("/health/live", operation_id="get_liveness")
async def get_liveness() -> Health:
    """Whether the process answers at all; if not, start it anew."""
    return Health()


@router.get("/health/ready", operation_id="get_readiness")
async def get_readiness(request: Request) -> Health:
    """Whether it can do its work now: its database answers."""
    try:
        await request.app.state.runtime.db.fetchval("SELECT 1")
    except Exception as error:
        raise NotReady("the database does not answer", retry_after_seconds=1) from error
    return Health()


@router.get(
    "/metrics", operation_id="get_metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
async def get_metrics(request: Request) -> Response:
    """Prometheus metrics of this service."""
    return Response(generate_latest(request.app.state.runtime.registry), media_type=CONTENT_TYPE_LATEST)
