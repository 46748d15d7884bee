"""Lanes 泳道: the partitions of the whole platform. A key has the same lane in every topic, so that one worker has all of it."""

import struct
from functools import lru_cache

LANES = 12
"""Lanes of every group. A topic has as many partitions, or a multiple: then the lane of a partition is its rest."""

_SEED, _M, _R = 0x9747B28C, 0x5BD1E995, 24
_32 = 0xFFFFFFFF


@lru_cache(maxsize=1 << 16)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's own clients give this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def lane_of(key: str) -> int:
    """The lane of a key: its partition, where there are as many of them as lanes."""
    return partition_of(key.encode(), LANES)


def murmur2(data: bytes) -> int:
    """MurmurHash2 with Kafka's seed, signed, as its Java client computes it."""
    length = len(data)
    words = length // 4
    h = _SEED ^ length
    for word in struct.unpack_from(f"<{words}I", data):
        k = word * _M & _32
        k = (k ^ k >> _R) * _M & _32
        h = h * _M & _32 ^ k
    if rest := data[words * 4 :]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _32
    h = (h ^ h >> 13) * _M & _32
    h ^= h >> 15
    return h - (h >> 31 << 32)
