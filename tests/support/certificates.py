"""Certificates made while the tests run: an authority, a station's, and a client's for every way to be refused."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hal.tls import TlsFiles

STATION = "plc.tower.test"
ROLE = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1")
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs; its own certificate and all others stand in a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder / name
        self._folder.mkdir()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        own = _builder(self._name, self._name, self._key, expired=False)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = self._write("ca.pem", own.sign(self._key, hashes.SHA256()))

    def station(self, name: str = STATION, *, expired: bool = False) -> Pair:
        """Sign a station's certificate, for its name and for the loopback address."""
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        return self._sign(name, ExtendedKeyUsageOID.SERVER_AUTH, [(x509.SubjectAlternativeName(names))], expired)

    def client(self, role: str | None = "Controller", *, expired: bool = False, der: bytes | None = None) -> Pair:
        """Sign a client's certificate with its role; ``der`` stands in for the role's encoding."""
        text = None if role is None else bytes((0x0C, len(role.encode()))) + role.encode()
        value = text if der is None else der
        extensions = [] if value is None else [x509.UnrecognizedExtension(ROLE, value)]
        return self._sign("client", ExtendedKeyUsageOID.CLIENT_AUTH, extensions, expired)

    def files(self, client: Pair, server_name: str = STATION) -> TlsFiles:
        """Return a client's files that trust this authority."""
        return TlsFiles(self.certificate, client.certificate, client.key, server_name)

    def _sign(
        self, name: str, usage: x509.ObjectIdentifier, extensions: Sequence[x509.ExtensionType], expired: bool
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self._name, key, expired=expired)
        for extension in (x509.ExtendedKeyUsage([usage]), *extensions):
            builder = builder.add_extension(extension, critical=False)
        stem = f"{name}-{len(list(self._folder.iterdir()))}"
        path = self._folder / f"{stem}.key"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        path.chmod(0o600)
        return Pair(self._write(f"{stem}.pem", builder.sign(self._key, hashes.SHA256())), path)

    def _write(self, name: str, certificate: x509.Certificate) -> Path:
        path = self._folder / name
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, expired: bool
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    until = now - DAY if expired else now + 30 * DAY
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(until)
    )
