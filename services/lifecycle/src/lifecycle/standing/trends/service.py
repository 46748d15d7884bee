from datetime import date

from common.db import Database
from lifecycle.calendars.domain import Calendar
from lifecycle.standing.transitions.schemas import Period
from lifecycle.standing.transitions.service import bounds
from lifecycle.standing.trends import repository
from lifecycle.standing.trends.domain import Stand, trend


async def standing_by(
    db: Database, calendar: Calendar, *, first: date, last: date, by: Period
) -> list[tuple[date, dict[Stand, int]]]:
    """How many members stood where at the end of each business day or month; of one that goes on: by now. One to come is
    left out. Each with the first day of its period. Raises RangeInvalid.
    """
    starts, moments = bounds(calendar, first=first, last=last, by=by)
    begun = sum(moment <= db.clock.now() for moment in moments[:-1])
    if not begun:
        return []
    rows = await repository.trend(db, moments[1 : begun + 1])
    now: dict[Stand, int] = {}
    moved: list[tuple[int, Stand, int]] = []
    for row in rows:
        stand = row["dimension"], row["value"]
        if row["period"] is None:
            now[stand] = row["members"]
        else:
            moved.append((row["period"], stand, row["members"]))
    return list(zip(starts[:begun], trend(now, moved, periods=begun), strict=True))
