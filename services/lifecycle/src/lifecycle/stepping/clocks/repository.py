from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from common.connection import Record
from common.db import UnitOfWork

# Rows of this size are written by nobody but the lane's owner; a lane's first row makes itself. `beat_at` moves with a
# watermark only, and only when it is too old: then this turn is to be a heartbeat.
_TURN = """
INSERT INTO lane_clock AS clock (lane, gate_at, watermark, beat_at)
SELECT lane, $2::timestamptz, $3, CASE WHEN $3::timestamptz IS NOT NULL THEN $2::timestamptz END FROM unnest($1::smallint[]) AS asked (lane)
ORDER BY lane
ON CONFLICT (lane) DO UPDATE
SET gate_at = greatest(clock.gate_at, excluded.gate_at), watermark = greatest(clock.watermark, excluded.watermark),
    beat_at = CASE WHEN clock.beat_at IS NULL OR excluded.beat_at >= clock.beat_at + $4::interval
                   THEN excluded.beat_at ELSE clock.beat_at END
RETURNING lane, gate_at, watermark, (SELECT coalesce(max(revision), 0) FROM policy_change) AS revision,
    beat_at IS DISTINCT FROM (SELECT before.beat_at FROM lane_clock AS before WHERE before.lane = clock.lane) AS beats
"""


_READ_TO = """
UPDATE lane_clock AS clock SET read_to = stated.moment
FROM unnest($1::smallint[], $2::timestamptz[]) AS stated (lane, moment)
WHERE clock.lane = stated.lane AND (clock.read_to IS NULL OR clock.read_to < stated.moment)
"""


async def read_to(uow: UnitOfWork, moments: Mapping[int, datetime]) -> None:
    await uow.execute(_READ_TO, list(moments), list(moments.values()))


async def turn(
    uow: UnitOfWork, lanes: Collection[int], *, gate_at: datetime, watermark: datetime | None, beat: timedelta
) -> list[Record]:
    """Move the lanes' clocks, which never go back; where they stand then."""
    return await uow.fetch(_TURN, list(lanes), gate_at, watermark, beat)
