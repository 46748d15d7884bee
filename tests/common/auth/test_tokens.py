"""Access tokens: each way of being wrong is refused, by name, and never with a server error."""

import base64
import json
from collections.abc import Callable
from time import time
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.auth import tokens
from common.auth.keys import FixedKeys
from common.auth.principal import Principal, Role
from common.auth.tokens import LEEWAY_SECONDS, TYPE, TokenInvalid, TokenVerifier
from common.errors import Unavailable

KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()
MEMBER = UUID(int=7)
HEADER = {"kid": "k1", "typ": TYPE, "alg": "EdDSA"}


class CountedKeys(FixedKeys):
    """How often a key was looked up: once a token, unless it is remembered."""

    asked = 0

    async def find(self, key_id: str) -> Any | None:
        self.asked += 1
        return await super().find(key_id)


@pytest.fixture
def keys() -> CountedKeys:
    return CountedKeys({"k1": KEY.public_key()})


@pytest.fixture
def verifier(keys: CountedKeys) -> TokenVerifier:
    return TokenVerifier(keys=keys, issuer="huitou", audience="huitou")


def claims(**changed: Any) -> dict[str, Any]:
    """A right token's; `None` leaves one out."""
    now = int(time())
    right = {"iss": "huitou", "aud": "huitou", "sub": str(MEMBER), "roles": ["member"], "iat": now, "exp": now + 600}
    return {name: value for name, value in (right | changed).items() if value is not None}


def token(*, key: Ed25519PrivateKey = KEY, header: dict[str, Any] | None = None, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm="EdDSA", headers={**HEADER, **(header or {})})


def forged(header: Any, payload: Any = None, signature: bytes = b"") -> str:
    """A token of any parts, as an attacker writes it."""
    parts = [json.dumps(part).encode() for part in (header, payload if payload is not None else claims())]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, signature))


async def test_a_right_token_names_its_bearer(verifier: TokenVerifier) -> None:
    assert await verifier.verify(token(roles=["operator", "member"])) == Principal(
        MEMBER, frozenset({Role.OPERATOR, Role.MEMBER})
    )
    assert await verifier.verify(token(roles=None)) == Principal(MEMBER, frozenset())


async def test_no_token_is_told_apart(verifier: TokenVerifier) -> None:
    with pytest.raises(TokenInvalid, match="sign in first"):
        await verifier.verify(None)


def public_pem() -> bytes:
    return KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hs256_with_the_public_key() -> str:
    """The oldest trick: our public key, known to all, taken for a shared secret."""
    header = base64.urlsafe_b64encode(json.dumps(HEADER | {"alg": "HS256"}).encode()).rstrip(b"=")
    payload = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    signed = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = signed.sign(header + b"." + payload, public_pem())
    return b".".join([header, payload, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


WRONG: dict[str, tuple[Callable[[], str], str]] = {
    "alg none": (lambda: forged(HEADER | {"alg": "none"}), "EdDSA"),
    "alg None": (lambda: forged(HEADER | {"alg": "None"}), "EdDSA"),
    "no alg": (lambda: forged({"kid": "k1", "typ": TYPE}), "EdDSA"),
    "HS256 with the public key": (hs256_with_the_public_key, "EdDSA"),
    "no signature": (lambda: forged(HEADER), "not valid"),
    "another's signature": (lambda: token(key=OTHER), "not valid"),
    "a signature of another text": (lambda: token()[:-4] + "AAAA", "not valid"),
    "an ID token": (lambda: token(header={"typ": "JWT"}), "of type"),
    "no type": (lambda: forged({"kid": "k1", "alg": "EdDSA"}), "of type"),
    "an unknown key": (lambda: token(header={"kid": "k2"}), "a key that is not ours"),
    "no key": (lambda: forged({"typ": TYPE, "alg": "EdDSA"}), "a key that is not ours"),
    "another audience": (lambda: token(aud="elsewhere"), "udience"),
    "another issuer": (lambda: token(iss="elsewhere"), "ssuer"),
    "expired": (lambda: token(exp=int(time()) - LEEWAY_SECONDS - 1), "expired; sign in again"),
    "issued in the future": (lambda: token(iat=int(time()) + LEEWAY_SECONDS + 60), "not yet valid"),
    "valid in the future": (lambda: token(nbf=int(time()) + LEEWAY_SECONDS + 60), "not yet valid"),
    "no expiry": (lambda: token(exp=None), "exp"),
    "no time of issue": (lambda: token(iat=None), "iat"),
    "no issuer": (lambda: token(iss=None), "iss"),
    "no audience": (lambda: token(aud=None), "aud"),
    "no subject": (lambda: token(sub=None), "sub"),
    "a subject that is no id": (lambda: token(sub="ann"), "UUID"),
    "a subject that is a number": (lambda: token(sub=7), "not valid"),
    "an unknown role": (lambda: token(roles=["member", "king"]), "king"),
    "roles that are one": (lambda: token(roles="member"), "not valid"),
    "roles that are a number": (lambda: token(roles=5), "not valid"),
    "roles of lists": (lambda: token(roles=[["member"]]), "not valid"),
    "roles of objects": (lambda: token(roles=[{"role": "member"}]), "not valid"),
    "an expiry without end": (lambda: token(exp=float("inf")), "not valid"),
    "an expiry in words": (lambda: token(exp="tomorrow"), "not valid"),
    "no object": (lambda: forged(HEADER, [1]), "not valid"),
    "a header that is none": (lambda: forged([1]), "not valid"),
    "a deep header": (lambda: base64.urlsafe_b64encode(b"[" * 50_000).decode().rstrip("=") + ".e30.", "not valid"),
    "a critical extension": (lambda: token(header={"crit": ["b64"], "b64": False}), "not valid"),
    "nothing": (lambda: "", "not valid"),
    "words": (lambda: "let me in", "not valid"),
    "two parts": (lambda: "a.b", "not valid"),
    "no base64": (lambda: "é.é.é", "not valid"),
}


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=WRONG)
async def test_a_wrong_token_is_refused_by_what_is_wrong(
    verifier: TokenVerifier, make: Callable[[], str], said: str
) -> None:
    with pytest.raises(TokenInvalid, match=said):
        await verifier.verify(make())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=60) | st.builds(forged, st.recursive(st.none() | st.text() | st.integers(), st.lists), st.text())
)
async def test_any_text_is_refused(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), character=st.sampled_from("ABCxyz019-_."))
async def test_a_changed_character_is_refused(verifier: TokenVerifier, position: int, character: str) -> None:
    right = token()
    position %= right.rindex(".")
    changed = right[:position] + character + right[position + 1 :]

    if changed != right:
        with pytest.raises(TokenInvalid):
            await verifier.verify(changed)


async def test_clocks_may_differ_a_little(verifier: TokenVerifier) -> None:
    now = int(time())
    assert (await verifier.verify(token(exp=now - LEEWAY_SECONDS // 2))).id == MEMBER
    assert (await verifier.verify(token(iat=now + LEEWAY_SECONDS // 2))).id == MEMBER


async def test_a_token_is_verified_once_and_remembered_until_it_expires(
    verifier: TokenVerifier, keys: CountedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time()
    right = token(exp=int(now) + 100)
    for _ in range(3):
        assert (await verifier.verify(right)).id == MEMBER
    assert keys.asked == 1

    monkeypatch.setattr(tokens, "time", lambda: now + 101)
    await verifier.verify(right)  # by PyJWT's own clock it is still valid: only the memory was too old
    assert keys.asked == 2


async def test_a_remembered_token_ends_with_its_time(verifier: TokenVerifier) -> None:
    """Not before PyJWT's leeway is over, and not a second later."""
    expired = token(exp=int(time()) - LEEWAY_SECONDS - 1, iat=int(time()) - 600)
    verifier._known[expired] = (Principal(MEMBER, frozenset()), time() - LEEWAY_SECONDS - 1)

    with pytest.raises(TokenInvalid, match="expired"):
        await verifier.verify(expired)


async def test_a_refused_token_is_not_remembered(verifier: TokenVerifier, keys: CountedKeys) -> None:
    for _ in range(2):
        with pytest.raises(TokenInvalid):
            await verifier.verify(token(header={"kid": "k2"}))

    assert keys.asked == 2
    assert not verifier._known


async def test_the_memory_has_a_bound(verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 3)
    for number in range(10):
        await verifier.verify(token(sub=str(UUID(int=number))))

    assert len(verifier._known) == 3


async def test_keys_that_cannot_be_had_are_an_outage_and_no_refusal() -> None:
    class Away:
        async def find(self, key_id: str) -> Any | None:
            raise Unavailable(f"no key {key_id}", retry_after_seconds=5)

    with pytest.raises(Unavailable):
        await TokenVerifier(keys=Away(), issuer="huitou", audience="huitou").verify(token())
