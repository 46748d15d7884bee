"""Bytes that are no event of the catalogue: each is refused with the field and what was expected."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.envelope import MAXIMUM_BYTES, EnvelopeError, UnknownType, decode, encode
from common.contracts.members import MemberRegistered, ProfileChanged
from golden_examples import envelope

TYPE = MemberRegistered.type_name()
GOOD: dict[str, Any] = msgspec.json.decode(envelope(TYPE))
REQUIRED = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"]
OPTIONAL = ["correlationid", "causationid"]
AT = datetime(2026, 3, 10, tzinfo=UTC)


def changed(**attributes: object) -> bytes:
    return msgspec.json.encode(GOOD | attributes)


def with_data(**fields: object) -> bytes:
    return changed(data=GOOD["data"] | fields)


def test_the_example_itself_is_good() -> None:
    assert decode(changed())[1].type_name() == TYPE


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_attribute_is_named(name: str) -> None:
    with pytest.raises(EnvelopeError, match=name):
        decode(msgspec.json.encode({key: value for key, value in GOOD.items() if key != name}))


@pytest.mark.parametrize("name", OPTIONAL)
def test_ids_of_request_and_cause_may_be_absent(name: str) -> None:
    told, _ = decode(msgspec.json.encode({key: value for key, value in GOOD.items() if key != name}))

    assert getattr(told, name) is None


@pytest.mark.parametrize("name", sorted(GOOD["data"].keys() - {"referrer_id"}))
def test_a_missing_field_is_named_with_its_type(name: str) -> None:
    with pytest.raises(EnvelopeError, match=f"{TYPE}.*`{name}`"):
        decode(changed(data={key: value for key, value in GOOD["data"].items() if key != name}))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (changed(specversion="0.3"), "specversion"),
        (changed(specversion=1.0), "specversion"),
        (changed(causationdepth=-1), "causationdepth"),
        (changed(causationdepth="deep"), "causationdepth"),
        (changed(id="no uuid"), "id"),
        (changed(id=7), "id"),
        (changed(source=None), "source"),
        (changed(type=1), "type"),
        (changed(subject=["a"]), "subject"),
        (changed(time="2026-03-10T02:00:00"), "timezone"),
        (changed(time="yesterday"), "time"),
        (changed(time=1773108000), "time"),
        (changed(datacontenttype="text/plain"), "datacontenttype"),
        (changed(correlationid=5), "correlationid"),
        (changed(causationid="x"), "causationid"),
        (changed(data=None), TYPE),
        (changed(data=[]), TYPE),
        (changed(data="{}"), TYPE),
        (with_data(member_id="x"), "member_id"),
        (with_data(channel=""), "channel"),
        (with_data(channel="c" * 65), "channel"),
        (with_data(channel=None), "channel"),
        (with_data(registered_at="2026-03-10T02:00:00"), "registered_at"),
        (with_data(referrer_id=False), "referrer_id"),
    ],
)
def test_a_wrong_value_is_named(wrong: bytes, named: str) -> None:
    with pytest.raises(EnvelopeError, match=named):
        decode(wrong)


@pytest.mark.parametrize(
    "wrong",
    [b"", b" ", b"null", b"[]", b"{}", b'"event"', b"{", b"\x00", b"\xef\xbb\xbf{}", changed() + b"}", changed()[:-1]],
)
def test_what_is_no_json_object_is_no_event(wrong: bytes) -> None:
    with pytest.raises(EnvelopeError, match="envelope"):
        decode(wrong)


@pytest.mark.parametrize(
    "type_name", ["", "huitou.members.member.registered.v2", "order.paid", "huitou.\0", TYPE.upper()]
)
def test_a_type_of_another_version_is_known_to_be_unknown(type_name: str) -> None:
    with pytest.raises(UnknownType, match="catalogue"):
        decode(changed(type=type_name))


def test_an_unknown_type_is_known_to_be_unknown_whatever_its_data() -> None:
    with pytest.raises(UnknownType):
        decode(changed(type="huitou.members.member.vanished.v1", data=[1, None, {"deep": {}}]))


def test_readers_ignore_attributes_and_fields_that_they_do_not_know() -> None:
    plain = decode(changed())

    assert decode(changed(traceparent="00-1-2-01", dataschema=None)) == plain
    assert decode(with_data(tier="gold", nested={"a": [1]}))[1] == plain[1]


def test_control_characters_stand_escaped_or_not_at_all() -> None:
    with pytest.raises(EnvelopeError, match="envelope"):
        decode(changed(source="x").replace(b'"x"', b'"\x00"'))
    told, event = decode(msgspec.json.encode(GOOD | {"source": "\0"}))
    assert told.source == "\0"
    assert event.type_name() == TYPE


@pytest.mark.parametrize("text", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80"])
def test_what_is_not_utf8_is_no_event(text: bytes) -> None:
    with pytest.raises(EnvelopeError, match=r"envelope.*UTF-8"):
        decode(changed(source="xyz").replace(b"xyz", text))
    with pytest.raises(EnvelopeError, match=rf"{TYPE}.*UTF-8"):
        decode(with_data(channel="xyz").replace(b"xyz", text))


@pytest.mark.parametrize("escaped", [rb"\ud800", rb"\udc00", rb"\x00", rb"\u12"])
def test_half_a_character_is_no_text(escaped: bytes) -> None:
    with pytest.raises(EnvelopeError):
        decode(changed(source="xyz").replace(b"xyz", escaped))


DEEP = b"[" * 60_000 + b"]" * 60_000


def test_brackets_without_end_are_refused() -> None:
    with pytest.raises(EnvelopeError, match=r"envelope.*nested"):
        decode(changed(data=0).replace(b'"data":0', b'"data":' + DEEP))
    with pytest.raises(EnvelopeError, match=r"envelope.*nested"):
        decode(changed(extension=0).replace(b'"extension":0', b'"extension":' + DEEP))


@given(st.binary(max_size=200))
def test_random_bytes_are_no_event(wrong: bytes) -> None:
    with pytest.raises(EnvelopeError):
        decode(wrong)


@given(st.integers(0, len(changed()) - 1), st.binary(min_size=1, max_size=3))
def test_an_event_with_wrong_bytes_is_an_event_or_an_error(position: int, noise: bytes) -> None:
    """A flipped byte may still be good JSON; what never happens is another kind of failure."""
    encoded = changed()
    try:
        decode(encoded[:position] + noise + encoded[position + len(noise) :])
    except EnvelopeError:
        return


def _told(event: ProfileChanged) -> bytes:
    return encode(event, event_id=UUID(int=1), service="members", type_name=event.type_name(), time=AT)


def test_an_event_that_is_too_large_is_not_told() -> None:
    def profile(fields: int) -> ProfileChanged:
        return ProfileChanged(member_id=UUID(int=2), fields=["x" * 64] * fields)

    empty, one = len(_told(profile(0))), len(_told(profile(1)))
    most = (MAXIMUM_BYTES - empty + 1) // (one - empty + 1)

    assert len(_told(profile(most))) <= MAXIMUM_BYTES
    with pytest.raises(EnvelopeError, match=rf"{ProfileChanged.type_name()}.*{MAXIMUM_BYTES}"):
        _told(profile(most + 1))


@pytest.mark.parametrize("build", [lambda: AT.replace(tzinfo=None), lambda: "2026"])
def test_moments_without_a_zone_are_never_read_back(build: Callable[[], Any]) -> None:
    """Constructors check nothing; the reader does."""
    event = MemberRegistered(member_id=UUID(int=2), channel="wechat", registered_at=build())
    encoded = encode(event, event_id=UUID(int=1), service="members", type_name=TYPE, time=AT)

    with pytest.raises(EnvelopeError, match="registered_at"):
        decode(encoded)
