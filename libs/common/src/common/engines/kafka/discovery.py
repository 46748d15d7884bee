"""Whom a client that asks a broker is told of."""

import asyncio
from collections.abc import Callable, Collection

from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaError

from common.engines.errors import EngineError

_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 3


async def list_brokers(bootstrap_servers: str) -> set[int]:
    """The node ids that one of the addresses, which must be plain ones, tells a client of; empty when none answers."""
    if not any([await _listens(address) for address in bootstrap_servers.split(",")]):
        return set()
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=_ANSWER_SECONDS * 1000)
    try:
        await client.bootstrap()
        return {broker.nodeId for broker in client.cluster.brokers()}
    except (KafkaError, TimeoutError):
        return set()
    finally:
        await client.close()


async def wait_listed(
    address: str,
    nodes: Collection[int],
    *,
    deadline_seconds: float,
    going_on: Callable[[], bool] = lambda: True,
) -> bool:
    """Until the broker at a plain address tells clients of all these nodes; False when it is not `going_on`.

    Raises EngineError at the deadline.
    """
    try:
        async with asyncio.timeout(deadline_seconds):
            while not await list_brokers(address) >= set(nodes):
                if not going_on():
                    return False
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError as error:
        raise EngineError(f"Kafka at {address} did not answer within {deadline_seconds} seconds") from error
    return True


async def _listens(address: str) -> bool:
    """Asked before the client is, which logs every refused connection as an error."""
    host, _, port = address.strip().rpartition(":")
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
