"""Keys derived from the one secret: a hash to look identities up by, and the key that seals members' own keys."""

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Secrecy:
    def __init__(self, secret: str) -> None:
        self._lookup_key = _derive(secret, b"lookup")
        self.sealing_key = _derive(secret, b"sealing")

    def hash_subject(self, provider: str, subject: str) -> bytes:
        """The same for the same person at the same provider; tells nothing without the secret."""
        return hmac.digest(self._lookup_key, f"{provider}\0{subject}".encode(), hashlib.sha256)


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"huitou.members." + purpose).derive(secret.encode())
