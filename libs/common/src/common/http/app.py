"""A service's HTTP application: the same surroundings for every service."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from common.http import dead_letters, health, problems
from common.http.middleware import BodyLimit, RequestContext
from common.http.problems import Problem, problem_responses
from common.runtime import Runtime

VERSION = "0.1.0"
_ANYWHERE = problem_responses(401, 403, 404, 409, 413, 422, 429, 503)


def service_app(runtime: Runtime) -> FastAPI:
    """Routers under `/v1`, health, metrics, dead letters, problems, ids, limits. Opening the runtime is the caller's."""
    service, settings = runtime.service, runtime.settings
    app = FastAPI(title=service.title, version=VERSION, description=f"{service.title} of Huitou 回頭.", redoc_url=None)
    app.state.runtime = runtime
    problems.install(app)
    # Routes are tried in turn, so what is asked most comes first; at one level, since each level is matched anew.
    for router in (*service.routers, dead_letters.router):
        app.include_router(router, prefix="/v1", responses=_ANYWHERE)
    app.include_router(health.router)
    app.add_middleware(BodyLimit, maximum_bytes=settings.maximum_body_bytes)
    app.add_middleware(RequestContext, metrics=runtime.http_metrics)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with problems where it would describe its own errors."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        reference = "#/components/schemas/{model}"
        schemas["Problem"] = Problem.model_json_schema(ref_template=reference)
        schemas.update(schemas["Problem"].pop("$defs", {}))
        for model in ("HTTPValidationError", "ValidationError"):
            schemas.pop(model, None)
        app.openapi_schema = document
    return app.openapi_schema
