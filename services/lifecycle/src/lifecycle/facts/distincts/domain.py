"""Distinct values 相異值: how many different values a metric's field had, as a set of digests that saturates.

Digests stand sorted behind one another. Beyond MOST of them nothing is kept but that there were more: which ones were kept
would depend on their order.
"""

from hashlib import blake2b

import msgspec

from lifecycle.conditions.expressions.domain import Plain

MOST = 64
SIZE = 8
"""Bytes of a digest: two of MOST values share one with a chance of 1 in 10^16."""
SATURATED = b""


def digest(value: Plain) -> bytes:
    return blake2b(msgspec.msgpack.encode(value), digest_size=SIZE).digest()


def merged(one: bytes, other: bytes) -> bytes:
    if SATURATED in {one, other}:
        return SATURATED
    digests = {*_split(one), *_split(other)}
    return SATURATED if len(digests) > MOST else b"".join(sorted(digests))


def size(values: bytes) -> int:
    """How many; MOST when there were more."""
    return len(values) // SIZE if values != SATURATED else MOST


def _split(values: bytes) -> list[bytes]:
    return [values[start : start + SIZE] for start in range(0, len(values), SIZE)]
