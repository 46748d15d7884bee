"""One origin: every service of this process under its own prefix, a page that links them, and all their metrics."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from common.http.problems import problem_response

_PAGE = """<!doctype html>
<html lang="zh-Hant"><meta charset="utf-8"><title>Huitou 回頭</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}}td,th{{padding:.2rem 1rem .2rem 0;text-align:left}}</style>
<h1>Huitou 回頭</h1><p>社區團購的私域平台 · the private domain of community group buying</p>
<table>{rows}</table><p><a href="/metrics">metrics</a></p></html>"""
_ROW = (
    '<tr><th>{title}</th><td><a href="/{name}/docs">API</a></td><td><a href="/{name}/openapi.json">OpenAPI</a></td>'
    '<td><a href="/{name}/health/ready">health</a></td><td><a href="/{name}/metrics">metrics</a></td></tr>'
)


def front(apps: Mapping[str, FastAPI]) -> ASGIApp:
    """`apps`: service → its application, which sees paths without its prefix. Their lifespans are the caller's affair."""
    pages = _pages(apps)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope.get("path", "")[1:].partition("/")[0]
        app = apps.get(name)
        if app is None:
            await pages(scope, receive, send)
        else:
            await app({**scope, "root_path": f"/{name}"}, receive, send)

    return dispatch


def _pages(apps: Mapping[str, FastAPI]) -> Starlette:
    """What belongs to no service."""
    page = _PAGE.format(rows="".join(_ROW.format(name=name, title=escape(app.title)) for name, app in apps.items()))
    registry = CollectorRegistry()
    registry.register(_Merged({name: app.state.runtime.registry for name, app in apps.items()}))

    async def index(_: Request) -> Response:
        return HTMLResponse(page)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def missing(request: Request, _: Exception) -> Response:
        return problem_response(
            404, code="no_such_path", detail=f"nothing is at {request.url.path}; see / for what there is"
        )

    return Starlette(
        routes=[Route("/", index), Route("/metrics", metrics), Route("/health/live", live)],
        exception_handlers={404: missing},
    )


class _Merged(Collector):
    """Several registries as one: families of the same name together, each sample with its service."""

    def __init__(self, registries: Mapping[str, CollectorRegistry]) -> None:
        self._registries = registries

    def describe(self) -> Sequence[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for service, registry in self._registries.items():
            for family in registry.collect():
                merged = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type, family.unit)
                )
                for sample in family.samples:
                    merged.samples.append(sample._replace(labels={"service": service, **sample.labels}))
        return families.values()
