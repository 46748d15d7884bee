from datetime import UTC, datetime
from uuid import UUID

from common.bus.cursors import Cursor
from common.bus.position import START, Position
from common.bus.records import LogRow


def row(generation: int, id_: int) -> LogRow:
    position = Position(generation, id_)
    return LogRow("orders", position, datetime(2026, 1, 1, tzinfo=UTC), "key", "type", UUID(int=id_), b"")


def test_a_cursor_knows_what_it_has_passed_in_every_generation() -> None:
    cursor = Cursor(START, None).advanced([row(1, 1), row(1, 3), row(2, 4)])
    assert (cursor.position, cursor.event_id) == (Position(2, 4), UUID(int=4))
    assert cursor.ends == {1: 3, 2: 4}
    passed = [Position(1, 1), Position(1, 2), Position(1, 3), Position(2, 4)]
    assert all(cursor.has_passed(position) for position in passed)
    assert not any(cursor.has_passed(position) for position in (Position(1, 4), Position(2, 5), Position(3, 1)))


def test_scanning_again_what_was_passed_forgets_nothing() -> None:
    """After a fork was accepted the scan begins again further back."""
    cursor = Cursor(Position(1, 2), UUID(int=2), {1: 5, 2: 9})
    assert cursor.advanced([row(1, 3), row(1, 4)]).ends == {1: 5, 2: 9}
    assert cursor.advanced([row(1, 3), row(3, 4)]).ends == {1: 5, 2: 9, 3: 4}
