"""A tally 計數: what one metric counts and sums of one member, per business day.

In memory it is what is stored. The newest day stands open, so that the next event mostly adds to it or opens a newer
one; the days before are packed, newest first, so that a window reads only what it covers. Their totals stand beside them,
so that no count over all time reads them. A retraction may arrive before what it undoes: a day may then be negative.
A day with neither count nor amount is absent, so equal facts are equal values and equal bytes in whatever order they came.
"""

from collections.abc import Iterable, Iterator

import msgspec

Cell = tuple[int, int, int]
"""Day, count, amount."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[int]).decode

_ARRAY = b"\xdd"
_SHORT, _LONG = 16, 65_536  # from so many items on, an array's header has three bytes instead of one, and five
_COUNTED = 2
_SUMMED = 1


class Older(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The days before the newest: `cells` holds `size` whole numbers in MessagePack without the array's own header.

    A cell is `gap << 2 | counted << 1 | summed`, the gap being the days to the cell after it, then the count unless
    it is 1, then the amount unless it is 0.
    """

    size: int
    cells: bytes
    count: int
    amount: int
    days: int
    first: int | None


class Tally(msgspec.Struct, frozen=True, array_like=True, gc=False):
    day: int
    count: int
    amount: int
    older: Older | None = None

    @property
    def total_count(self) -> int:
        return self.count if self.older is None else self.count + self.older.count

    @property
    def total_amount(self) -> int:
        return self.amount if self.older is None else self.amount + self.older.amount

    @property
    def days(self) -> int:
        """Distinct days that keep at least one event."""
        return (self.count > 0) + (0 if self.older is None else self.older.days)

    @property
    def first(self) -> int | None:
        """The first day that keeps an event."""
        if self.older is not None and self.older.first is not None:
            return self.older.first
        return self.day if self.count > 0 else None

    @property
    def last(self) -> int | None:
        """The last day that keeps an event."""
        if self.count > 0:
            return self.day
        return next((day for day, count, _ in cells(self) if count > 0), None)


def cells(tally: Tally) -> Iterator[Cell]:
    """Every day with something on it, newest first."""
    yield tally.day, tally.count, tally.amount
    numbers, index, day = _unpacked(tally.older), 0, tally.day
    while index < len(numbers):
        cell, index = _cell(numbers, index, day)
        day = cell[0]
        yield cell


def added(tally: Tally | None, day: int, count: int, amount: int) -> Tally | None:
    """The tally with so much more, or less, on a day; None when nothing is left. What is newer than the day is repacked."""
    if not count and not amount:
        return tally
    newer: list[Cell] = []
    if tally is not None and day < tally.day:
        newer, tally = _split(tally, day)
    if tally is None:
        changed: Tally | None = Tally(day, count, amount)
    elif day > tally.day:
        changed = Tally(day, count, amount, _closed(tally, day))
    elif tally.count + count or tally.amount + amount:
        changed = Tally(day, tally.count + count, tally.amount + amount, tally.older)
    else:
        changed = _split(tally, day - 1)[1]
    for cell in reversed(newer):
        changed = Tally(*cell, None if changed is None else _closed(changed, cell[0]))
    return changed


def gathered(parts: Iterable[Cell]) -> Tally | None:
    """The tally of these days in any order; the same day may come more than once."""
    sums: dict[int, tuple[int, int]] = {}
    for day, count, amount in parts:
        counted, summed = sums.get(day, (0, 0))
        sums[day] = counted + count, summed + amount
    kept = [(day, *sums[day]) for day in sorted(sums, reverse=True) if any(sums[day])]
    if not kept:
        return None
    return Tally(*kept[0], _older(kept) if len(kept) > 1 else None)


def merged(one: Tally, other: Tally) -> Tally | None:
    return gathered([*cells(one), *cells(other)])


def _split(tally: Tally, day: int) -> tuple[list[Cell], Tally | None]:
    """The cells after a day, newest first, and the tally of the others."""
    newer, numbers, index = [(tally.day, tally.count, tally.amount)], _unpacked(tally.older), 0
    while index < len(numbers):
        cell, after = _cell(numbers, index, newer[-1][0])
        if cell[0] <= day:
            return newer, Tally(*cell, _remaining(tally, newer, cell, numbers[:after]))
        newer.append(cell)
        index = after
    return newer, None


def _remaining(tally: Tally, newer: list[Cell], cell: Cell, taken: list[int]) -> Older | None:
    """What is packed behind a cell: all but the numbers taken, which were those of that cell and of the newer ones."""
    older = tally.older
    if older is None or older.size == len(taken):
        return None
    out = [*newer[1:], cell]
    days = older.days - sum(count > 0 for _, count, _ in out)
    return Older(
        older.size - len(taken),
        older.cells[len(_packed(taken)) :],
        older.count - sum(count for _, count, _ in out),
        older.amount - sum(amount for _, _, amount in out),
        days,
        older.first if days else None,
    )


def _closed(tally: Tally, newer: int) -> Older:
    """What a tally is once a newer day opens."""
    numbers = _numbers(newer - tally.day, tally.count, tally.amount)
    head = _packed(numbers)
    older = tally.older
    if older is None:
        return Older(len(numbers), head, tally.count, tally.amount, tally.days, tally.first)
    return Older(
        older.size + len(numbers),
        head + older.cells,
        older.count + tally.count,
        older.amount + tally.amount,
        tally.days,
        tally.first,
    )


def _older(kept: list[Cell]) -> Older:
    """All but the first of these cells, which come newest first."""
    older = kept[1:]
    numbers: list[int] = []
    for (newer, _, _), (day, count, amount) in zip(kept, older, strict=False):
        numbers += _numbers(newer - day, count, amount)
    positive = [day for day, count, _ in older if count > 0]
    return Older(
        len(numbers),
        _packed(numbers),
        sum(count for _, count, _ in older),
        sum(amount for _, _, amount in older),
        len(positive),
        positive[-1] if positive else None,
    )


def _packed(numbers: list[int]) -> bytes:
    encoded = _encode(numbers)
    return encoded[1 if len(numbers) < _SHORT else 3 if len(numbers) < _LONG else 5 :]


def _unpacked(older: Older | None) -> list[int]:
    return [] if older is None else _decode(_ARRAY + older.size.to_bytes(4) + older.cells)


def _cell(numbers: list[int], index: int, newer: int) -> tuple[Cell, int]:
    """The cell that begins at an index, before the day `newer`, and where the next begins."""
    head, index, count, amount = numbers[index], index + 1, 1, 0
    if head & _COUNTED:
        count, index = numbers[index], index + 1
    if head & _SUMMED:
        amount, index = numbers[index], index + 1
    return (newer - (head >> 2), count, amount), index


def _numbers(gap: int, count: int, amount: int) -> list[int]:
    head = gap << 2 | (_COUNTED if count != 1 else 0) | (_SUMMED if amount else 0)
    numbers = [head]
    if count != 1:
        numbers.append(count)
    if amount:
        numbers.append(amount)
    return numbers
