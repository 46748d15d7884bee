"""What a partition does with the records that come: pure.

A gap is first taken for a mistake of ours: the partition is read again from its start. If what is missing does not come,
everything is passed over until a record follows what was applied last (`relay rewind` sends them all again), and a person is
told. A fork, or a record of another log, stops the partition until a person has decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.bus.kafka.chain import Baseline, Verdict
from common.bus.kafka.offsets import Gap, Offset
from common.bus.kafka.wire import Chained, Heartbeat
from common.bus.position import START, Position
from common.bus.records import LogRow

SHORTEST_REREAD, LONGEST_REREAD = timedelta(minutes=1), timedelta(hours=1)
"""While a gap is open the partition is read again after a minute, two, four, at last each hour."""


class Stopped(Exception):
    """The partition stands still and needs a person."""


class Missing(Stopped):
    """Events that the relay has sent are not in the topic."""


class Forked(Stopped):
    """The producer has lost events that this group has applied."""


class Left(Stopped):
    """Somebody goes on with a history that this group has left: what is told there is passed over."""


class Foreign(Stopped):
    """The records are of another log."""


@dataclass(slots=True)
class Plan:
    """What to do with a batch. `offset` is to be stored together with the effects of `rows`."""

    offset: Offset
    scanned_to: int
    """The offset after the last record that was looked at."""
    rows: list[LogRow] = field(default_factory=list)
    complete_to: datetime | None = None
    """Every event of this partition that was appended by then is applied, once `rows` are. None: nothing new is known."""
    reread: bool = False
    """Go on at the start of the partition."""
    missing: Position | None = None
    """The group is new here, and everything up to this position is gone."""
    stopped: Stopped | None = None
    """A fork or another log: nothing behind it was looked at. A gap or a history that was left: the rest was passed over."""


def follow(
    offset: Offset, records: Sequence[Chained | Heartbeat], *, where: str, now: datetime, look_until: int = 0
) -> Plan:
    """`records`: in their order, at least one. `where` names the partition to a person. `look_until`: the offset up to which
    what a person has given up is still looked for; it may have been sent again.
    """
    plan = Plan(offset, scanned_to=records[0].offset)
    for record in records:
        known = replace(plan.offset, log=record.log) if plan.offset.log is None else plan.offset
        if record.log != known.log:
            plan.stopped = Foreign(f"{where}: the record at offset {record.offset} is of another log ({record.log})")
            break
        if known.chain.baseline is Baseline.FIRST and record.prev != START:
            plan.missing = record.prev
        verdict = _judge(known, record)
        if verdict is Verdict.FORK:
            plan.offset = replace(known, next_offset=record.offset, fork=record.prev)
            plan.stopped = Forked(
                f"{where}: {known.chain.last} was applied, and now {record.position} follows {record.prev}: the producer"
                " has lost what was between"
            )
            break
        if verdict is Verdict.GAP and known.gap is None:
            plan.offset = replace(known, next_offset=0, gap=Gap(record.prev, since=now, reread_at=now))
            plan.reread = True
            break
        plan.offset = _pass(known, record, verdict, plan, where)
        plan.scanned_to = record.offset + 1
        gap = plan.offset.gap
        if gap is not None and gap.giving_up and plan.scanned_to >= look_until:
            plan.offset = replace(plan.offset, chain=plan.offset.chain.applied(gap.least), gap=None, next_offset=0)
            plan.reread, plan.stopped = True, None
            break
    return plan


def _pass(offset: Offset, record: Chained | Heartbeat, verdict: Verdict, plan: Plan, where: str) -> Offset:
    """Behind this record."""
    if verdict is Verdict.APPLY:
        return _apply(offset, record, plan)
    if verdict is Verdict.GAP and offset.gap is not None:
        offset = replace(offset, gap=replace(offset.gap, least=min(offset.gap.least, record.prev)))
        plan.stopped = Missing(f"{where}: something after {offset.chain.last}, up to {record.prev}, has not come")
    elif isinstance(record, Heartbeat):
        plan.stopped = Left(
            f"{where}: {offset.chain.last} was applied, and a relay goes on at {record.position}, before it: end that relay,"
            " or restart the producer's server if that is where it writes now, so that it begins a generation"
        )
    return replace(offset, next_offset=record.offset + 1)


def _judge(offset: Offset, record: Chained | Heartbeat) -> Verdict:
    if isinstance(record, Heartbeat):
        return offset.chain.judge_head(record.position)
    return offset.chain.judge(position=record.position, prev=record.prev)


def _apply(offset: Offset, record: Chained | Heartbeat, plan: Plan) -> Offset:
    if isinstance(record, Chained):
        plan.rows.append(record.row)
        plan.stopped = None
        chain = offset.chain.applied(record.position)
        return replace(offset, next_offset=record.offset + 1, chain=chain, gap=None)
    if isinstance(plan.stopped, Left):
        plan.stopped = None
    if offset.gap is None and record.complete_to is not None:
        plan.complete_to = max(plan.complete_to or record.complete_to, record.complete_to)
    return replace(offset, next_offset=record.offset + 1, chain=offset.chain.begun(record.position))


def read_again(offset: Offset, now: datetime) -> Offset | None:
    """From the start, when it is time to look whether what is missing has come somewhere; else None."""
    if offset.gap is None:
        return None
    waited = now - offset.gap.reread_at
    open_for = now - offset.gap.since
    if waited < min(max(open_for / 2, SHORTEST_REREAD), LONGEST_REREAD):
        return None
    return replace(offset, next_offset=0, gap=replace(offset.gap, reread_at=now))
