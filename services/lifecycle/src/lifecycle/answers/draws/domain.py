"""A draw 抽籤: which arm of an experiment a member is in for a rule, and by which bucket of which unit."""

import msgspec

from lifecycle.policy.holdouts.domain import BUCKETS, Arm, arm_of, bucket_of
from lifecycle.stepping.checks.domain import Case, holdouts, unit_of
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

HELD_OUT = Text(
    "drawn_held_out",
    en="experiment {salt}: {unit} has bucket {bucket} of {buckets}, and the first {share} are held out",
    zh="實驗「{salt}」：{unit} 是 {buckets} 個桶中的第 {bucket} 號，前 {share} 號是對照組",
)
TREATED = Text(
    "drawn_treated",
    en="experiment {salt}: {unit} has bucket {bucket} of {buckets}; the first {share} are held out, so it takes part",
    zh="實驗「{salt}」：{unit} 是 {buckets} 個桶中的第 {bucket} 號；前 {share} 號是對照組，所以照常執行",
)


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    salt: str
    unit: str
    bucket: int
    share: int
    arm: Arm


def draws(case: Case) -> tuple[Draw, ...]:
    """Of every holdout that the case's rule takes part in."""
    return tuple(
        Draw(
            salt=each.salt,
            unit=(unit := unit_of(case, each)),
            bucket=bucket_of(each.salt, unit),
            share=each.share,
            arm=arm_of(each, unit),
        )
        for each in holdouts(case)
    )


def drawn(draw: Draw) -> Statement:
    """Buckets are counted from 1."""
    treated = draw.arm == "treated"
    return say(
        TREATED if treated else HELD_OUT,
        holds=treated,
        salt=draw.salt,
        unit=draw.unit,
        bucket=draw.bucket + 1,
        buckets=BUCKETS,
        share=draw.share,
    )
