"""Lanes 泳道: the partitions of the whole platform. A key has the same lane in every topic, so that one worker has all of it."""

import struct

LANES = 12
"""Partitions of every topic. Raised for all of them together, see the design of the log."""

_SEED, _M, _R = 0x9747B28C, 0x5BD1E995, 24
_32 = 0xFFFFFFFF


def lane_of(key: str) -> int:
    """The partition that Kafka's own clients give this key."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % LANES


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
