import ssl
import stat
from pathlib import Path

import pytest

from common.engines.kafka.certificates import Certificates, ensure_certificates

pytestmark = pytest.mark.integration


def test_they_are_made_once_and_a_half_made_draft_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "tls-draft").mkdir()
    made = ensure_certificates(tmp_path)
    before = {place.name: place.read_bytes() for place in made.folder.iterdir()}
    again = ensure_certificates(tmp_path)
    assert {place.name: place.read_bytes() for place in again.folder.iterdir()} == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["tls"]


def test_keys_are_private(tmp_path: Path) -> None:
    made = ensure_certificates(tmp_path)
    with_keys = [place for place in made.folder.iterdir() if b"PRIVATE KEY" in place.read_bytes()]
    assert sorted(with_keys) == [made.client_key, made.server]
    assert {stat.S_IMODE(place.stat().st_mode) for place in with_keys} == {0o600}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_both_sides_know_one_another_by_them(tmp_path: Path, host: str) -> None:
    made = ensure_certificates(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.server)
    server.load_verify_locations(made.authority)
    server.verify_mode = ssl.CERT_REQUIRED
    _shake_hands(server, _client(made), host)


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    made, other = ensure_certificates(tmp_path), ensure_certificates(tmp_path / "other")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.server)
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(server, _client(other), "127.0.0.1")


def _client(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates.authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_cert_chain(certificates.client, certificates.client_key)
    return context


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> None:
    """In memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = ends
    for _ in range(10):
        waiting = [end for end in waiting if not _advance(end)]
    assert not waiting


def _advance(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
