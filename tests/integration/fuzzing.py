"""Schemathesis against a service that runs in this process: what its OpenAPI document permits is sent, and what it forbids."""

import asyncio
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import httpx2
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok, Result
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from common.auth.principal import Role
from common.http.problems import MEDIA_TYPE
from common.testing.services import RunningService

CHECKS: list[CheckFunction] = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
REFUSALS = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429"]
"""What may be answered to what the document forbids."""
KNOWN_IN_TEN = 7
"""How often, of ten times, a path's parameter is one that is there; else what was generated, which never is."""
OF_SO_MANY = 5
_CODE = re.compile(r"[a-z][a-z0-9_]*")


Operation = APIOperation[Any, Any, Any, Any]
Sent = Case[Any]
Known = Mapping[str, Sequence[str | int]]
"""Name → values that mean something."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What is there before anything is sent."""

    caller: UUID
    """Member, operator and admin in one."""
    paths: Known
    fields: Known
    """Of bodies, at any depth."""
    sign: Callable[[httpx2.Request], None] = lambda _: None
    """Signs a request that needs it."""


class Fuzzer:
    """Sends cases from a thread of its own (Hypothesis is not async), which the service's loop answers.

    Seeded, and nothing is shrunk: the requests before are what the service's state comes from, so that one alone would not
    fail again. Each failure is kept once an operation and kind.
    """

    def __init__(self, service: RunningService, world: World, *, seed: int) -> None:
        self.failures: dict[tuple[str, str], str] = {}
        self._service = service
        self._world = world
        self._headers = service.headers(Role.ADMIN, Role.OPERATOR, member_id=world.caller)
        self._random = random.Random(seed)
        self._loop = asyncio.get_running_loop()
        self._requests = 0

    async def run(self, *, boundaries: int | None, examples: int) -> None:
        """For each operation, first what it permits, then what it forbids: `boundaries` of the values at the edges of its
        schema (None: all), then random examples.
        """
        schema = schemathesis.openapi.from_dict(await self._document())
        schema.config.checks.negative_data_rejection.expected_statuses = REFUSALS
        operations = sorted((_operation(result) for result in schema.get_all_operations()), key=_what_makes_first)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for operation in operations:
                await asyncio.to_thread(self._fuzz, operation, mode, boundaries, examples)

    async def _document(self) -> dict[str, Any]:
        """Without who may call what: everything is sent by one who may; each service's test_routes has the rest."""
        answer = await self._service.client.get(f"/{self._service.runtime.service.name}/openapi.json")
        document: dict[str, Any] = answer.json()
        for methods in document["paths"].values():
            for operation in methods.values():
                operation.pop("security", None)
        return document

    def _fuzz(self, operation: Operation, mode: GenerationMode, boundaries: int | None, examples: int) -> None:
        for case in self._boundaries(operation, mode, boundaries):
            self._try(case)

        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def fuzz(case: Sent) -> None:
            self._try(case)

        with suppress(Unsatisfiable):  # what takes no parameters cannot be asked wrongly
            fuzz()

    def _boundaries(self, operation: Operation, mode: GenerationMode, most: int | None) -> list[Sent]:
        """Some of the first, since to make them takes longer than to send them."""
        schema = operation.schema
        generation = schema.config.generation_for(operation=operation)
        cases = schema.iter_coverage_cases(operation, generation_modes=[mode], generation_config=generation)
        first = list(islice(cases, most and most * OF_SO_MANY))
        self._random.shuffle(first)
        return first[:most]

    def _try(self, case: Sent) -> None:
        self._requests += 1
        wrong = (
            {location for location, part in case.meta.components.items() if part.mode.is_negative}
            if case.meta
            else set()
        )
        if ParameterLocation.PATH not in wrong:
            case.path_parameters = self._with_known(case.path_parameters, self._world.paths)
        if ParameterLocation.BODY not in wrong:
            case.body = self._with_known(case.body, self._world.fields)
        try:
            request = self._request(case, whole=ParameterLocation.HEADER not in wrong)
        except (ValueError, TypeError):  # no client can send it
            return
        sending = asyncio.run_coroutine_threadsafe(self._service.client.send(request), self._loop)
        answer = sending.result(timeout=60)
        for kind, said in self._wrong(case, answer):
            body = request.content[:400].decode(errors="replace")
            self.failures.setdefault(
                (case.operation.label, kind), f"{request.method} {request.url} {body}\n{answer.status_code} {said}"
            )

    def _with_known(self, generated: Any, known: Known) -> Any:
        """The same with some of its values replaced by those that mean something."""
        match generated:
            case dict():
                return {name: self._known_or(value, known.get(name, ()), known) for name, value in generated.items()}
            case list():
                return [self._with_known(value, known) for value in generated]
        return generated

    def _known_or(self, value: Any, wanted: Sequence[str | int], known: Known) -> Any:
        alike = [one for one in wanted if type(one) is type(value)]
        if alike and self._random.randrange(10) < KNOWN_IN_TEN:
            return self._random.choice(alike)
        return self._with_known(value, known)

    def _request(self, case: Sent, *, whole: bool) -> httpx2.Request:
        """`whole`: its headers are to be right, so that what is wrong elsewhere is found."""
        sent = case.as_transport_kwargs(base_url=f"http://test/{self._service.runtime.service.name}")
        headers = {str(name).lower(): str(value) for name, value in (sent.get("headers") or {}).items()}
        if "idempotency-key" in headers and whole:
            headers["idempotency-key"] = f"request-{self._requests}"
        content = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
        request = self._service.client.build_request(
            sent["method"], sent["url"], params=sent.get("params"), headers={**headers, **self._headers}, **content
        )
        if whole:
            self._world.sign(request)
        return request

    def _wrong(self, case: Sent, answer: httpx2.Response) -> Iterator[tuple[str, str]]:
        if answer.status_code >= 500:
            yield "server error", answer.text
            return
        if answer.status_code >= 400:
            problem: dict[str, Any] = answer.json()
            if answer.headers["content-type"] != MEDIA_TYPE or not _CODE.fullmatch(problem["code"]):
                yield "no problem document", answer.text
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                yield type(failure).__name__, f"{failure}\n{answer.text[:400]}"


def _operation(result: Result[Operation, InvalidSchema]) -> Operation:
    assert isinstance(result, Ok), "the document itself is wrong"
    return result.ok()


def _what_makes_first(operation: Operation) -> tuple[bool, bool, int]:
    """What makes and reads things before what changes them, and that before what ends them: the caller, too."""
    methods = ["get", "post", "put", "patch", "delete"]
    return operation.method == "delete", "{" in operation.path, methods.index(operation.method)
