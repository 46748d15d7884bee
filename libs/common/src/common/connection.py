"""One connection to PostgreSQL: how it is opened, and the types that cross it."""

from typing import TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from common.errors import Unavailable

Record: TypeAlias = asyncpg.Record
Connection: TypeAlias = "asyncpg.Connection[Record] | PoolConnectionProxy[Record]"
Pool: TypeAlias = "asyncpg.Pool[Record]"


async def connect(url: str, *, schema: str, application: str) -> Connection:
    """A connection of its own. The caller closes it."""
    connection = await asyncpg.connect(url, server_settings=session_settings(schema=schema, application=application))
    try:
        await prepare_session(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def create_pool(url: str, *, schema: str, application: str, maximum: int) -> Pool:
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=maximum,
        init=prepare_session,
        reset=_keep_session,
        server_settings=session_settings(schema=schema, application=application),
    )


async def _keep_session(_: Connection) -> None:
    """Nothing on a pooled connection outlives its transaction, so nothing is reset: that would be one more round trip."""


def session_settings(*, schema: str, application: str) -> dict[str, str]:
    return {"search_path": schema, "application_name": f"huitou.{application}", "TimeZone": "UTC"}


async def prepare_session(connection: Connection) -> None:
    """Refuse a server that may forget what it confirmed, and read and write jsonb as Python values."""
    if await connection.fetchval("SHOW synchronous_commit") == "off":
        raise Unavailable("synchronous_commit is off: the event log would lose confirmed events; set it to on")
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_json, decoder=msgspec.json.decode, format="text"
    )


def _encode_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def try_lock(connection: Connection, service: str, name: str) -> bool:
    """Take one of a service's advisory locks, until the connection is closed; False while another connection has it."""
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_lock(hashtext($1), hashtext($2))", service, name)
    return taken


def row_count(status: str) -> int:
    """`"UPDATE 3"` → 3."""
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0
