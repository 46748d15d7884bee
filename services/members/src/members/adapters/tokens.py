"""Access tokens are signed here and verified everywhere (`common.auth.tokens`)."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from time import time
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from common.auth.keys import ALGORITHM
from common.auth.principal import Role
from common.auth.tokens import LIFETIME_SECONDS, TYPE
from common.settings import SettingsError


def load_signing_key(file: Path) -> Ed25519PrivateKey:
    """Read the key; make it, readable by its owner only, when the file is not there. Raises SettingsError."""
    try:
        if not file.exists():
            _write_new_key(file)
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise SettingsError(f"MEMBERS_SIGNING_KEY_FILE: {file} cannot be used: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"MEMBERS_SIGNING_KEY_FILE: {file} holds no Ed25519 key")
    return key


def _write_new_key(file: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, file)  # whoever is first has made the key
    except FileExistsError:
        pass
    finally:
        draft.unlink()


class TokenSigner:
    def __init__(self, key: Ed25519PrivateKey, *, issuer: str, audience: str) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = hashlib.sha256(raw).hexdigest()[:16]

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def sign(self, member_id: UUID, roles: Iterable[Role], *, lifetime_seconds: int = LIFETIME_SECONDS) -> str:
        now = int(time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(member_id),
            "roles": sorted(roles),
            "iat": now,
            "exp": now + lifetime_seconds,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.key_id, "typ": TYPE})

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, as other services fetch them."""
        key = jwt.algorithms.OKPAlgorithm.to_jwk(self.public_key, as_dict=True)
        return {"keys": [{**key, "kid": self.key_id, "alg": ALGORITHM, "use": "sig"}]}
