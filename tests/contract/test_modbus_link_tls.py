"""Modbus/TCP Security: who lets whom in, what a role may ask, and how a refusal is called."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from pymodbus.client import AsyncModbusTlsClient

from hal import tcp_channel
from hal.errors import BadCredentials, CertificateRefused, HalError, LinkDown, NotAuthorised
from hal.modbus_link import TcpLink
from hal.tls import Security, TlsFiles, security_of
from sim_plc.tls import Credentials, TlsServer, role_of, server_context
from tests.support.certificates import STATION, Authority, Pair
from tests.support.modbus_peers import mbap, registers_of
from tests.support.registers import Registers

pytestmark = pytest.mark.realtime

UNIT = 1
AT_ONCE_S = 1.0

VERSIONS = {"tls 1.2": ssl.TLSVersion.TLSv1_2, "tls 1.3": ssl.TLSVersion.TLSv1_3}
each_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)

Scene = Callable[[TcpLink], Awaitable[None]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("theirs"), "stranger")


class Slices:
    """`sim_plc.wire_faults.WireFaults`: each byte of an answer in a record of its own."""

    def bend(self, frame: bytes) -> list[tuple[float, bytes]]:
        return [(0.0005 * i, frame[i : i + 1]) for i in range(len(frame))]


def context_of(authority: Authority, station: Pair | None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    pair = station or authority.station()
    context = server_context(Credentials(authority.certificate, pair.certificate, pair.key))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def play(
    authority: Authority,
    security: Security,
    scene: Scene,
    *,
    version: ssl.TLSVersion | None = None,
    station: Pair | None = None,
    faults: Slices | None = None,
) -> Registers:
    """Run a scene on a link to a station; return the station's registers."""
    unit = Registers(200)

    async def run() -> None:
        context = context_of(authority, station, version)
        server = TlsServer({UNIT: unit}, "127.0.0.1", 0, faults=faults, tls=context)
        await server.start()
        link = TcpLink("127.0.0.1", server.port, timeout_s=0.3, security=security)
        try:
            await scene(link)
        finally:
            await link.close()
            await server.stop()

    asyncio.run(run())
    return unit


async def ask(link: TcpLink) -> None:
    await link.connect()
    assert await link.read_input(UNIT, 0, 3) == (1000, 1001, 1002)


def bare(authority: Authority, client: Pair | None) -> Security:
    """A client that does not look at its own certificate first, or has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.certificate)
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    return Security(context, STATION)


# Let in


@each_version
def test_both_ends_prove_who_they_are_and_talk(authority: Authority, version: ssl.TLSVersion) -> None:
    async def scene(link: TcpLink) -> None:
        await ask(link)
        await link.write(UNIT, 10, [7, 8])
        assert await link.read_write(UNIT, 10, 2, 12, [9]) == (7, 8)

    unit = play(authority, security_of(authority.files(authority.client())), scene, version=version)
    assert unit.holding[10:13] == [7, 8, 9]


@each_version
def test_an_answer_may_come_in_a_record_a_byte(authority: Authority, version: ssl.TLSVersion) -> None:
    security = security_of(authority.files(authority.client()))
    play(authority, security, ask, version=version, faults=Slices())


def test_a_stock_client_is_let_in_and_answered(authority: Authority) -> None:
    security = bare(authority, authority.client())

    async def run() -> None:
        context = context_of(authority, authority.station("127.0.0.1"))
        server = TlsServer({UNIT: Registers(200)}, "127.0.0.1", 0, tls=context)
        await server.start()
        client = AsyncModbusTlsClient("127.0.0.1", port=server.port, sslctx=security.context, timeout=1.0, retries=0)
        assert await client.connect()
        answer = await client.read_input_registers(0, count=3, device_id=UNIT)
        assert answer.registers == [1000, 1001, 1002]
        client.close()
        await server.stop()

    asyncio.run(run())


def test_a_link_comes_back_after_its_connection_broke(authority: Authority) -> None:
    async def scene(link: TcpLink) -> None:
        for _ in range(3):
            await ask(link)
            await link.close()
        assert link.generation == 3

    play(authority, security_of(authority.files(authority.client())), scene)


# Turned away by the station


@contextlib.contextmanager
def alerting_server(context: ssl.SSLContext) -> Iterator[int]:
    """A station that tells by an alert why it hangs up, as most do; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listener.accept()
                with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as session:
                    while frame := session.recv(300):
                        transaction, _, _, unit = struct.unpack_from(">HHHB", frame)
                        session.sendall(mbap(transaction, unit, registers_of(4, (1000, 1001, 1002))))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5.0)


def refused(authority: Authority, stranger: Authority, why: str) -> Security:
    match why:
        case "another authority":
            return bare(authority, stranger.client())
        case "expired":
            return bare(authority, authority.client(expired=True))
        case _:
            return bare(authority, None)


CAUSES = ("another authority", "expired", "no certificate")


def must_be_refused_at_once(port: int, security: Security) -> str:
    """Connecting and asking end in the named fault; return what it says."""

    async def run() -> str:
        link = TcpLink("127.0.0.1", port, timeout_s=0.3, security=security)
        began = time.perf_counter()
        with pytest.raises(CertificateRefused) as fault:
            await ask(link)
        assert time.perf_counter() - began < AT_ONCE_S
        assert not link.connected
        return str(fault.value)

    return asyncio.run(run())


@each_version
@pytest.mark.parametrize("why", CAUSES)
def test_a_station_s_alert_is_a_named_fault_at_once(
    authority: Authority, stranger: Authority, why: str, version: ssl.TLSVersion
) -> None:
    with alerting_server(context_of(authority, None, version)) as port:
        text = must_be_refused_at_once(port, refused(authority, stranger, why))
    assert "it refuses our certificate: " in text
    words = {"another authority": "unknown ca", "expired": "expired", "no certificate": ""}
    assert words[why] in text


@pytest.mark.parametrize("why", CAUSES)
def test_a_refusal_that_comes_after_the_wait_for_it_fails_the_first_request_by_its_name(
    authority: Authority, stranger: Authority, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_channel, "VERDICT_S", 0.0)
    with alerting_server(context_of(authority, None, ssl.TLSVersion.TLSv1_3)) as port:
        # The alert may cross the request and be lost with the connection.
        text = must_be_refused_at_once(port, refused(authority, stranger, why))
    assert "refuses our certificate" in text


@each_version
@pytest.mark.parametrize("why", CAUSES)
def test_a_station_that_hangs_up_without_a_word_is_a_named_fault_too(
    authority: Authority, stranger: Authority, why: str, version: ssl.TLSVersion
) -> None:
    async def scene(link: TcpLink) -> None:
        with pytest.raises(CertificateRefused, match="hung up over the handshake"):
            await ask(link)

    play(authority, refused(authority, stranger, why), scene, version=version)


# Turned away by us


def test_a_station_of_another_authority_another_name_or_another_time_is_refused(
    authority: Authority, stranger: Authority
) -> None:
    ours = security_of(authority.files(authority.client()))
    cases = [
        (stranger.station(), ours, "unable to get local issuer certificate"),
        (authority.station("plc.next.test"), ours, "Hostname mismatch"),
        (authority.station(expired=True), ours, "certificate has expired"),
    ]
    for station, security, words in cases:

        async def scene(link: TcpLink, words: str = words) -> None:
            with pytest.raises(CertificateRefused, match=f"its certificate is refused: .*{words}"):
                await ask(link)

        play(authority, security, scene, station=station)


def test_what_speaks_no_tls_is_just_no_link(authority: Authority) -> None:
    async def run() -> None:
        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\x00" * 64)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        link = TcpLink("127.0.0.1", port, timeout_s=0.3, security=security_of(authority.files(authority.client())))
        with pytest.raises(LinkDown) as fault:
            await link.connect()
        assert not isinstance(fault.value, CertificateRefused)
        server.close()

    asyncio.run(run())


# Roles


def test_a_role_that_may_only_read_changes_nothing(authority: Authority) -> None:
    async def scene(link: TcpLink) -> None:
        await ask(link)
        for write in (link.write(UNIT, 10, [7]), link.read_write(UNIT, 10, 1, 10, [7])):
            with pytest.raises(NotAuthorised) as refusal:
                await write
            assert refusal.value.code == 1
        await ask(link)

    before = Registers(200).holding
    assert play(authority, security_of(authority.files(authority.client("Observer"))), scene).holding == before


@each_version
@pytest.mark.parametrize(
    ("role", "der"),
    [(None, None), ("Guest", None), ("", b"\x0c\x00"), ("Controller", b"\x13\x0aController"), (None, b"\x0c\x0aCon")],
    ids=["none", "unknown", "empty", "printable string", "cut"],
)
def test_without_a_known_role_the_first_request_is_a_named_fault(
    authority: Authority, role: str | None, der: bytes | None, version: ssl.TLSVersion
) -> None:
    async def scene(link: TcpLink) -> None:
        began = time.perf_counter()
        with pytest.raises(NotAuthorised, match="role in our certificate"):
            await ask(link)
        assert time.perf_counter() - began < AT_ONCE_S

    play(authority, bare(authority, authority.client(role, der=der)), scene, version=version)


@pytest.mark.parametrize("der", [b"", b"\x0c", b"\x0c\x05Cont", b"\x0c\x02\xff\xfe", b"\x0c\x02OK\x00", b"\x0c\x82"])
def test_what_is_no_text_is_no_role(authority: Authority, der: bytes) -> None:
    pem = authority.client(None, der=der).certificate.read_text()
    assert role_of(ssl.PEM_cert_to_DER_cert(pem)) is None


@pytest.mark.parametrize("role", ["Controller", "Observer", "Wartung Süd", "x" * 100])
def test_a_role_is_read_from_a_certificate(authority: Authority, role: str) -> None:
    pem = authority.client(role).certificate.read_text()
    assert role_of(ssl.PEM_cert_to_DER_cert(pem)) == role


# Our own files


def test_key_and_certificate_may_share_a_file_with_words_and_others_certificates(
    authority: Authority, tmp_path: Path
) -> None:
    client = authority.client()
    both = tmp_path / "both.pem"
    words = "Schlüssel für den Turm\n".encode("latin-1")
    both.write_bytes(words + b"".join(p.read_bytes() for p in (client.key, client.certificate, authority.certificate)))
    both.chmod(0o640)
    play(authority, security_of(TlsFiles(authority.certificate, both, both, STATION)), ask)


@pytest.mark.parametrize("label", ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
def test_a_certificate_may_have_one_of_its_older_labels(authority: Authority, tmp_path: Path, label: str) -> None:
    client, older = authority.client(), tmp_path / "older.pem"
    older.write_text(client.certificate.read_text().replace("CERTIFICATE", label))
    play(authority, security_of(TlsFiles(authority.certificate, older, client.key, STATION)), ask)


def test_files_that_are_of_no_use_are_told_by_name(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    good = authority.client()
    nothing, words = tmp_path / "nothing.pem", tmp_path / "words.pem"
    words.write_text("words")
    open_key = tmp_path / "open.key"
    open_key.write_bytes(good.key.read_bytes())
    open_key.chmod(0o644)
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key(good.key.read_bytes(), None)
    lock = serialization.BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
    locked.chmod(0o600)
    no_role = authority.client(None)
    cases = [
        (TlsFiles(nothing, good.certificate, good.key, STATION), "ca .*nothing.pem: No such file"),
        (TlsFiles(words, good.certificate, good.key, STATION), "ca .*words.pem: holds no certificate"),
        (TlsFiles(authority.certificate, nothing, good.key, STATION), "certificate .*nothing.pem: No such file"),
        (TlsFiles(authority.certificate, tmp_path, good.key, STATION), "certificate .*: Is a directory"),
        (TlsFiles(authority.certificate, good.certificate, open_key, STATION), "open.key: open to every user"),
        (TlsFiles(authority.certificate, good.certificate, locked, STATION), "locked.key: needs a pass phrase"),
        (TlsFiles(authority.certificate, good.certificate, stranger.client().key, STATION), "key values mismatch"),
        (TlsFiles(authority.certificate, no_role.certificate, no_role.key, STATION), "names no Modbus role"),
    ]
    for files, message in cases:
        with pytest.raises(BadCredentials, match=message) as fault:
            security_of(files)
        assert isinstance(fault.value, HalError | ValueError)
