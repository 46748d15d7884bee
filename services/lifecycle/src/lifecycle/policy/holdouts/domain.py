"""Holdouts 對照組: the part of the members for whom a rule, or every rule, does nothing, so that its effect can be told.

A unit (a member, or all members of a community, who talk with one another) has one of 10,000 buckets for each salt, for ever.
The first buckets are held out: a larger share holds out the same units and more. Different salts are independent.
"""

from hashlib import blake2b
from typing import Annotated, Literal

import msgspec

BUCKETS = 10_000

Arm = Literal["held_out", "treated"]


class Holdout(msgspec.Struct, frozen=True, kw_only=True):
    salt: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """The experiment's permanent name."""
    share: Annotated[int, msgspec.Meta(ge=0, le=BUCKETS)]
    """How many of the buckets are held out."""
    unit: Literal["member", "community"] = "member"


def bucket_of(salt: str, unit: str) -> int:
    digest = blake2b(unit.encode(), key=blake2b(salt.encode(), digest_size=32).digest(), digest_size=8).digest()
    return int.from_bytes(digest) % BUCKETS


def arm_of(holdout: Holdout, unit: str) -> Arm:
    return "held_out" if bucket_of(holdout.salt, unit) < holdout.share else "treated"
