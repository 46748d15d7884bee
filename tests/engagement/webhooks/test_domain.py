import base64
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.channels.domain import fault, secret_bytes, sign
from engagement.webhooks.domain import OVERLAP, Egress, is_public, secret_of, signing_numbers

SHOP = Egress(frozenset({"api.shop.example", "*.hooks.example", "other.example:8443"}))
HOME = Egress(loopback=True)
MASTER, ENDPOINT = b"a master secret of thirty-two bytes", UUID(int=7)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.shop.example/x",
        "https://API.shop.example:443/x?y=1",
        "https://api.shop.example.",
        "https://a.hooks.example/",
        "https://a.b.hooks.example/",
        "https://other.example:8443/",
    ],
)
def test_an_endpoint_may_be_where_the_setting_says(url: str) -> None:
    assert SHOP.fault(url) is None
    assert Egress().fault(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://api.shop.example/x",
        "ftp://api.shop.example/x",
        "https://hooks.example/",
        "https://evilhooks.example/",
        "https://api.shop.example.evil.example/",
        "https://api.shop.example:8443/",
        "https://other.example/",
        "https://user@api.shop.example/",
        "https://api.shop.example@evil.example/",
        "https://api.shop.example/#part",
        "https://api.shop.example:99999/",
        "https://api.shop.example:x/",
        "https://[::1",
        "https:///x",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://аpi.shop.example/",
        "https://api.shop.example\\@evil.example/",
    ],
)
def test_an_endpoint_may_be_nowhere_else(url: str) -> None:
    assert SHOP.fault(url) is not None


def test_this_machine_is_for_development_only() -> None:
    for url in ("http://127.0.0.1:8080/", "https://localhost/", "http://[::1]:1/"):
        assert HOME.fault(url) is None
        assert SHOP.fault(url) is not None
    assert HOME.fault("http://10.0.0.1/") is not None
    assert HOME.reaches("127.0.0.2")
    assert not HOME.reaches("10.0.0.1")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1"),
        *("224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:101:101::",
            "2001:0:1::1",
        ),
        *("", "api.shop.example", "1"),
    ],
)
def test_no_webhook_reaches_what_is_not_of_the_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"])
def test_the_internet_can_be_reached(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_in_the_clothes_of_ipv6_is_public_only_if_it_is_without(address: IPv4Address) -> None:
    assert is_public(f"2002:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}::") <= is_public(str(address))
    assert not is_public(f"::ffff:{address}") or is_public(str(address))


@given(st.ip_addresses(v=6))
def test_nothing_is_public_that_is_not_global(address: IPv6Address) -> None:
    assert is_public(str(address)) <= (address.is_global and not address.is_multicast)


def test_every_endpoint_and_number_has_a_secret_of_its_own_that_signs() -> None:
    secrets = {secret_of(MASTER, endpoint, number) for endpoint in (ENDPOINT, UUID(int=8)) for number in (1, 2)}
    secrets.add(secret_of(b"another master", ENDPOINT, 1))

    assert len(secrets) == 5
    assert all(len(secret_bytes(secret)) == 32 for secret in secrets)
    assert secret_of(MASTER, ENDPOINT, 1) == secret_of(MASTER, ENDPOINT, 1)


def test_the_secret_before_signs_for_a_day_and_the_one_before_that_no_more() -> None:
    assert list(signing_numbers(1, rotated_at=NOW, now=NOW)) == [1]
    assert list(signing_numbers(3, rotated_at=NOW, now=NOW + OVERLAP - timedelta(microseconds=1))) == [3, 2]
    assert list(signing_numbers(3, rotated_at=NOW, now=NOW + OVERLAP)) == [3]


def test_a_signature_is_as_the_standard_says() -> None:
    """The example of the Standard Webhooks specification's reference libraries."""
    secret, at, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1614265330, b'{"test": 2432232314}'
    signature = sign(secret, delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=at, body=body)

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert len(base64.b64decode(signature.removeprefix("v1,"))) == 32
    both = f"v1,{'A' * 43}= {signature}"
    assert (
        fault(
            [secret],
            delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp=str(at),
            signatures=both,
            body=body,
            now=at,
        )
        is None
    )
