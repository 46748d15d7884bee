from collections.abc import Sequence
from datetime import datetime


def earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """Of moments up to which something is complete. None when one of them is not known, or there is none."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None
