"""What endpoints ask for.

Every dependency is `async`, also where it waits for nothing: what is not, classes too, costs a request a thread each.
"""

from typing import Annotated

from fastapi import Depends, Request

from common.db import Database
from common.runtime import Runtime


async def get_runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def get_database(request: Request) -> Database:
    runtime: Runtime = request.app.state.runtime
    return runtime.db


CurrentRuntime = Annotated[Runtime, Depends(get_runtime)]
Db = Annotated[Database, Depends(get_database)]
