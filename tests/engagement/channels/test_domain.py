import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.channels.domain import TOLERANCE_SECONDS, fault, secret_bytes, sign

NOW = 1_780_000_000
secrets = st.binary(min_size=24, max_size=64).map(lambda key: f"whsec_{base64.b64encode(key).decode()}")
ids = st.from_regex(r"[\x21-\x7e]{1,40}", fullmatch=True)


def delivered(
    held: list[str], *, delivery_id: str = "1", timestamp: int = NOW, signatures: str = "", body: bytes = b"{}"
) -> str | None:
    return fault(
        held, delivery_id=delivery_id, timestamp=str(timestamp), signatures=signatures, body=body, now=float(NOW)
    )


def test_the_published_example_of_the_scheme_is_accepted() -> None:
    """The vector of the Standard Webhooks specification."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    assert sign(secret, delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=body) == signature
    assert (
        fault(
            [secret],
            delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp="1614265330",
            signatures=signature,
            body=body,
            now=1614265330.0,
        )
        is None
    )


@given(held=st.lists(secrets, min_size=1, max_size=3), delivery_id=ids, body=st.binary(max_size=80), data=st.data())
def test_what_any_secret_signed_is_accepted_among_other_signatures(
    held: list[str], delivery_id: str, body: bytes, data: st.DataObject
) -> None:
    secret = data.draw(st.sampled_from(held))
    signature = sign(secret, delivery_id=delivery_id, timestamp=NOW, body=body)
    signatures = " ".join(data.draw(st.permutations(["v1,AAAA", "v1a,other", "nonsense", signature])))

    assert delivered(held, delivery_id=delivery_id, signatures=signatures, body=body) is None


@given(
    secret=secrets, other=secrets, body=st.binary(min_size=1, max_size=80), place=st.integers(0), bit=st.integers(0, 7)
)
def test_whatever_is_changed_afterwards_is_noticed(secret: str, other: str, body: bytes, place: int, bit: int) -> None:
    signature = sign(secret, delivery_id="1", timestamp=NOW, body=body)
    flipped = bytearray(body)
    flipped[place % len(body)] ^= 1 << bit

    assert delivered([secret], signatures=signature, body=bytes(flipped)) is not None
    assert delivered([secret], signatures=signature, body=body, delivery_id="2") is not None
    assert delivered([secret], signatures=signature, body=body, timestamp=NOW + 1) is not None
    assert other == secret or delivered([other], signatures=signature, body=body) is not None


@given(off=st.integers(-2 * TOLERANCE_SECONDS, 2 * TOLERANCE_SECONDS))
def test_only_a_recent_time_is_accepted(off: int) -> None:
    secret = "whsec_" + base64.b64encode(bytes(24)).decode()
    signature = sign(secret, delivery_id="1", timestamp=NOW + off, body=b"")
    accepted = delivered([secret], timestamp=NOW + off, signatures=signature, body=b"") is None

    assert accepted == (abs(off) <= TOLERANCE_SECONDS)


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "１７８０００００００", "1780000000.0", " 1780000000"])
def test_a_time_that_is_none_is_a_fault(timestamp: str) -> None:
    found = fault([], delivery_id="1", timestamp=timestamp, signatures="", body=b"", now=float(NOW))

    assert found is not None
    assert found.startswith("webhook-timestamp")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "c2VjcmV0" * 8, "whsec_not base64 at all, is it?"])
def test_a_weak_or_broken_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="expected whsec_") as caught:
        secret_bytes(secret)
    assert len(secret) < 10 or secret not in str(caught.value)
