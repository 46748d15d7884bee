"""Keys derived from the one secret, and sealing with them: AES-GCM, bound to what it belongs to."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from common.errors import Unavailable

_FORMAT = b"\x01"
_NONCE_BYTES = 12


class SealBroken(Unavailable):
    """Sealed bytes cannot be opened: another secret sealed them, or somebody changed them."""


class Secrecy:
    def __init__(self, secret: str) -> None:
        self._lookup_key = _derive(secret, b"lookup")
        self._sealing_key = _derive(secret, b"sealing")

    def hash_subject(self, provider: str, subject: str) -> bytes:
        """The same for the same person at the same provider; tells nothing without the secret."""
        return hmac.digest(self._lookup_key, f"{provider}\0{subject}".encode(), hashlib.sha256)

    def seal_key(self, key: bytes, *, owner: bytes) -> bytes:
        """A member's own key, as it may be stored."""
        return seal(key, self._sealing_key, bound_to=b"key:" + owner)

    def open_key(self, sealed: bytes, *, owner: bytes) -> bytes:
        """Raises SealBroken."""
        return unseal(sealed, self._sealing_key, bound_to=b"key:" + owner)


def new_key() -> bytes:
    return AESGCM.generate_key(256)


def seal(plain: bytes, key: bytes, *, bound_to: bytes) -> bytes:
    """Format, nonce and ciphertext. It opens only with the same key and for what it is bound to."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(sealed: bytes, key: bytes, *, bound_to: bytes) -> bytes:
    """Raises SealBroken."""
    body = sealed.removeprefix(_FORMAT)
    try:
        return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("personal data cannot be opened now", retry_after_seconds=60) from error


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"huitou.members." + purpose).derive(secret.encode())
