"""What a relay writes a consumer reads, whatever is in it; what no relay wrote is told apart."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.bus.kafka.wire import Chained, ForeignRecord, Header, Heartbeat, read_record, write_heartbeat, write_row
from common.bus.position import Position
from common.bus.records import LogRow

numbers = st.integers(0, 2**63 - 1)
positions = st.builds(Position, numbers, numbers)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds have none
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
rows = st.builds(
    LogRow,
    producer=st.just("members"),
    position=positions,
    appended_at=moments,
    key=text,
    type=text,
    event_id=st.uuids(),
    envelope=st.binary(min_size=1),
)


@given(row=rows, log=st.uuids(), partition=st.integers(0, 11), prev=positions, offset=numbers)
def test_a_row_comes_back_as_it_was(row: LogRow, log: UUID, partition: int, prev: Position, offset: int) -> None:
    sent = write_row(row, log=log, partition=partition, prev=prev)
    read = read_record("members", offset=offset, key=sent.key, value=sent.value, headers=sent.headers)

    assert read == Chained(log, offset, prev, row)
    assert sent.value is row.envelope, "bytes are copied, never encoded again"


@given(log=st.uuids(), position=positions, complete_to=st.none() | moments, offset=numbers)
def test_a_heartbeat_comes_back_as_it_was(
    log: UUID, position: Position, complete_to: datetime | None, offset: int
) -> None:
    sent = write_heartbeat(log=log, partition=3, position=position, complete_to=complete_to)
    read = read_record("members", offset=offset, key=sent.key, value=sent.value, headers=sent.headers)

    assert read == Heartbeat(log, offset, position, complete_to)
    assert read.prev == position


GOOD: list[Header] = [
    ("log", str(UUID(int=1)).encode()),
    ("position", b"1/2"),
    ("prev", b"1/1"),
    ("type", b"huitou.members.points.earned.v1"),
    ("event_id", str(UUID(int=2)).encode()),
    ("appended_at", b"0"),
]


@pytest.mark.parametrize("missing", [name for name, _ in GOOD])
def test_a_record_without_one_of_the_headers_is_foreign(missing: str) -> None:
    headers = [header for header in GOOD if header[0] != missing]
    with pytest.raises(ForeignRecord, match="offset 5"):
        read_record("members", offset=5, key=b"key", value=b"{}", headers=headers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log", b"mine"),
        ("position", b"12"),
        ("position", b"1/2/3"),
        ("prev", b"a/b"),
        ("type", b"\xff"),
        ("event_id", b"7"),
        ("appended_at", b"today"),
        ("appended_at", b"9" * 40),
    ],
)
def test_a_header_that_cannot_be_read_makes_a_record_foreign(name: str, value: bytes) -> None:
    headers = [(known, value if known == name else said) for known, said in GOOD]
    with pytest.raises(ForeignRecord):
        read_record("members", offset=5, key=b"key", value=b"{}", headers=headers)


@pytest.mark.parametrize(("key", "value"), [(None, b"{}"), (b"key", None), (b"\xff", b"{}")])
def test_an_event_has_a_key_and_a_value(key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(ForeignRecord):
        read_record("members", offset=5, key=key, value=value, headers=GOOD)
