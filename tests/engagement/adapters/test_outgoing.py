import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engagement.adapters import outgoing
from engagement.adapters.outgoing import READ_BYTES, Outgoing, outgoing_client, resolve_host
from engagement.webhooks.domain import Egress
from factories.receivers import receiving

SHOP = Egress(frozenset({"*.shop.example"}))
URL, PUBLIC, OTHER = "https://api.shop.example/hook?x=1", "93.184.216.34", "93.184.216.35"


class Names:
    """A name server that gives each list of addresses once, the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Network(httpx2.AsyncBaseTransport):
    """Notes what is asked of which address; addresses in `down` cannot be connected to."""

    def __init__(
        self, status: int = 200, *, down: Sequence[str] = (), body: httpx2.AsyncByteStream | None = None
    ) -> None:
        self.requests: list[httpx2.Request] = []
        self._answer = (status, body)
        self._down = down

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.host in self._down:
            raise httpx2.ConnectError("nobody there", request=request)
        status, body = self._answer
        headers = {"location": "http://127.0.0.1/"} if status in range(300, 400) else {}
        return httpx2.Response(status, headers=headers, stream=body or httpx2.ByteStream(b"ok"), request=request)


async def call(network: Network, names: Names, url: str = URL, egress: Egress = SHOP) -> outgoing.Answer:
    async with httpx2.AsyncClient(transport=network, follow_redirects=False) as client:
        return await Outgoing(client, egress, resolve=names).post(url, headers={"webhook-id": "1"}, body=b"{}")


async def test_what_is_checked_is_what_is_connected_to() -> None:
    """A name that means this machine a moment later (DNS rebinding) means nothing: it is looked up once."""
    network, names = Network(), Names([PUBLIC], ["127.0.0.1"])
    answer = await call(network, names)

    assert (answer.status, answer.fault) == (200, None)
    assert names.asked == [("api.shop.example", 443)]
    [request] = network.requests
    assert (request.url.host, request.url.raw_path) == (PUBLIC, b"/hook?x=1")
    assert request.headers["host"] == "api.shop.example"
    assert request.extensions["sni_hostname"] == "api.shop.example"


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::ffff:10.0.0.1"], ["fd00::1"], [PUBLIC, "192.168.0.1"]],
)
async def test_a_name_that_means_a_network_of_ours_is_not_connected_to(addresses: list[str]) -> None:
    network = Network()
    answer = await call(network, Names(addresses))

    assert (answer.status, answer.fault) == (None, "address_forbidden")
    assert not network.requests


async def test_what_the_setting_does_not_allow_is_not_even_looked_up() -> None:
    names = Names([PUBLIC])
    answer = await call(Network(), names, "https://evil.example/")

    assert answer.fault == "address_forbidden"
    assert not names.asked


async def test_the_next_address_is_tried_when_one_is_down() -> None:
    network = Network(down=[PUBLIC])
    assert (await call(network, Names([PUBLIC, OTHER]))).status == 200
    assert [request.url.host for request in network.requests] == [PUBLIC, OTHER]

    down = Network(down=[PUBLIC, OTHER])
    assert (await call(down, Names([PUBLIC, OTHER]))).fault == "no_connection"
    assert (await call(Network(), Names([]))).fault == "no_address"


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    network = Network(302)
    assert (await call(network, Names([PUBLIC]))).status == 302
    assert len(network.requests) == 1


class Endless(httpx2.AsyncByteStream):
    def __init__(self) -> None:
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.given += 1000
            yield b"x" * 1000


async def test_an_answer_without_end_is_read_to_a_bound() -> None:
    body = Endless()
    assert (await call(Network(body=body), Names([PUBLIC]))).status == 200
    assert body.given <= READ_BYTES + 1000


async def test_who_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.2)
    async with receiving() as receiver, outgoing_client() as client:
        receiver.holding = asyncio.Event()
        answer = await Outgoing(client, Egress(loopback=True)).post(receiver.url(), headers={}, body=b"{}")
        receiver.holding.set()

    assert (answer.status, answer.fault) == (None, "timeout")
    assert answer.milliseconds < 5000


async def test_what_is_no_http_is_no_answer() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp.example\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, outgoing_client() as client:
        answer = await Outgoing(client, Egress(loopback=True)).post(f"http://127.0.0.1:{port}/", headers={}, body=b"")

    assert answer.fault == "no_http"


def certificate_for(name: str, folder: Path) -> Path:
    """A key and a certificate of its own making, which a client may trust."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / "server.pem"
    file.write_bytes(key.private_bytes(pem, pkcs8, plain) + certificate.public_bytes(pem))
    return file


async def test_the_certificate_is_that_of_the_host_though_an_address_is_connected_to(tmp_path: Path) -> None:
    file = certificate_for("api.shop.example", tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    trusting = ssl.create_default_context(cafile=str(file))
    async with receiving(tls=tls) as receiver, outgoing_client(trusting) as client:
        egress = Egress(frozenset({f"*.shop.example:{receiver.port}"}), loopback=True)
        calling = Outgoing(client, egress, resolve=Names(["127.0.0.1"]))
        right = await calling.post(receiver.url(scheme="https", host="api.shop.example"), headers={}, body=b"{}")
        wrong = await calling.post(receiver.url(scheme="https", host="other.shop.example"), headers={}, body=b"{}")

    assert (right.status, wrong.fault) == (200, "no_connection")
    assert [told.headers["host"] for told in receiver.told] == [f"api.shop.example:{receiver.port}"]


async def test_no_connection_of_one_host_is_used_for_another(tmp_path: Path) -> None:
    """Both are one address; the second's certificate must be asked for all the same."""
    file = certificate_for("api.shop.example", tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    async with receiving(tls=tls) as receiver, outgoing_client(ssl.create_default_context(cafile=str(file))) as client:
        egress = Egress(frozenset({f"*.shop.example:{receiver.port}"}), loopback=True)
        calling = Outgoing(client, egress, resolve=Names(["127.0.0.1"]))
        urls = [receiver.url(scheme="https", host=f"{name}.shop.example") for name in ("api", "other")] * 3
        answers = await asyncio.gather(*(calling.post(url, headers={}, body=b"{}") for url in urls))

    assert [answer.status for answer in answers] == [200, None] * 3


async def test_names_are_looked_up_ipv4_first_and_an_unknown_one_has_no_address() -> None:
    assert list(await resolve_host("127.0.0.1", 443)) == ["127.0.0.1"]
    assert list(await resolve_host("no-such-host.invalid", 443)) == []
