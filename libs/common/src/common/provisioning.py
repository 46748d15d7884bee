"""What a superuser sets up once: a role and a schema for each service, and the role that may read every log.

A service's role owns its schema and sees nothing of the others but their logs. Its time limits are set on the role, because a
long writing transaction anywhere on the server holds every reader of every log back.
"""

import re
from collections.abc import Mapping

import asyncpg

from common.connection import Connection

LOG_READER = "log_reader"
LIMITS = {
    "transaction_timeout": "30s",
    "idle_in_transaction_session_timeout": "10s",
    "statement_timeout": "20s",
    "lock_timeout": "2s",
}
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,30}")


async def provision_roles(connection: Connection, *, passwords: Mapping[str, str]) -> None:
    """Create the roles that are missing, and set every service's password. `passwords`: service → password."""
    await create_role(connection, LOG_READER)
    for service, password in passwords.items():
        await create_role(connection, service)
        literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await connection.execute(f"ALTER ROLE {service} LOGIN PASSWORD {literal}")
        await connection.execute(f"GRANT {LOG_READER} TO {service}")
        for name, value in LIMITS.items():
            await connection.execute(f"ALTER ROLE {service} SET {name} = '{value}'")


async def provision_database(url: str, *, database: str, services: Mapping[str, str] | list[str]) -> None:
    """Create the database when it is missing, and the services' schemas in it. `url`: a superuser's, any database."""
    _check(database)
    connection: Connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database):
            await connection.execute(f"CREATE DATABASE {database}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(url, database=database)
    try:
        for service in services:
            _check(service)
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {service}")
    finally:
        await connection.close()


async def create_role(connection: Connection, name: str) -> None:
    """Unless it is there."""
    _check(name)
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", name):
        await connection.execute(f"CREATE ROLE {name}")


def _check(identifier: str) -> None:
    if not _IDENTIFIER.fullmatch(identifier):
        raise ValueError(f"not a plain lower-case name: {identifier!r}")
