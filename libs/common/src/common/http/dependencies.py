"""What endpoints ask for."""

from typing import Annotated

from fastapi import Depends, Request

from common.db import Database
from common.runtime import Runtime


def get_runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def get_database(request: Request) -> Database:
    return get_runtime(request).db


CurrentRuntime = Annotated[Runtime, Depends(get_runtime)]
Db = Annotated[Database, Depends(get_database)]
