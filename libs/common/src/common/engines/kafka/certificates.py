"""Certificates for the listeners that ask for TLS, made in the data folder: an authority, the brokers', and one client's."""

import ipaddress
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from common.engines.kafka.cluster import LOOPBACK

_LIFETIME = timedelta(days=3650)
_CLOCK_TOLERANCE = timedelta(days=1)
_DRAFT = "tls-"


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files."""

    folder: Path

    @classmethod
    def within(cls, parent: Path) -> Self:
        return cls(parent / "tls")

    @property
    def authority(self) -> Path:
        """What a client trusts."""
        return self.folder / "authority.pem"

    @property
    def server(self) -> Path:
        """The brokers' key, then their certificate."""
        return self.folder / "server.pem"

    @property
    def client(self) -> Path:
        return self.folder / "client.pem"

    @property
    def client_key(self) -> Path:
        return self.folder / "client-key.pem"


def ensure_certificates(parent: Path) -> Certificates:
    """Made whole or not at all on first use, the same ever after; the authority's own key is kept nowhere."""
    certificates = Certificates.within(parent)
    for draft in parent.glob(f"{_DRAFT}*"):
        shutil.rmtree(draft)
    if not certificates.folder.exists():
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=parent))
        _make_all(Certificates(draft))
        draft.rename(certificates.folder)
    return certificates


def _make_all(files: Certificates) -> None:
    authority_key, server_key, client_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    authority = _certify("Huitou local authority", authority_key, issuer=None, issuer_key=authority_key)
    server = _certify("Huitou local Kafka", server_key, issuer=authority, issuer_key=authority_key)
    client = _certify("Huitou local client", client_key, issuer=authority, issuer_key=authority_key)
    files.authority.write_bytes(_pem(authority))
    _write_private(files.server, _pem_key(server_key) + _pem(server))
    files.client.write_bytes(_pem(client))
    _write_private(files.client_key, _pem_key(client_key))


def _certify(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """Without an issuer, the authority itself."""
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_TOLERANCE)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(_usage(authority=issuer is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if issuer is not None:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(places), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption())


def _write_private(place: Path, content: bytes) -> None:
    place.touch(mode=0o600)
    place.write_bytes(content)
