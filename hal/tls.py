"""Modbus/TCP Security from the master's side: mutual certificates, TLS 1.2 at least (MB-TCP-Security v2.1, 8)."""

import re
import ssl
from base64 import b64decode
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

from hal.errors import BadCredentials, CertificateRefused, LinkDown

ROLE_OID_DER: Final = bytes.fromhex("060b2b060104018389" "0c862201")
"""1.3.6.1.4.1.50316.802.1, the extension that names a client's role (R-21), as it stands in a certificate."""

_OTHERS: Final = 0o007

_CERTIFICATE: Final = re.compile("-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.+?)-----END ", re.DOTALL)
"""By each of the labels that OpenSSL reads."""

_ABOUT_CERTIFICATES: Final = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE", "DECRYPT_ERROR")
"""Alerts by which a peer refuses who we are (RFC 8446, 6.2); a TLS 1.2 server that misses one says the fourth."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: whom to trust, who we are, and our key. ``server_name`` must stand in the station's certificate."""

    ca: Path
    certificate: Path
    key: Path
    server_name: str


@dataclass(frozen=True, slots=True)
class Security:
    """How a connection is secured."""

    context: ssl.SSLContext
    server_name: str


def security_of(files: TlsFiles) -> Security:
    """Read a side's files.

    Raises:
        BadCredentials: one of them is missing, unreadable, open to everybody, or does not fit.

    """
    for name, path in (("ca", files.ca), ("certificate", files.certificate), ("key", files.key)):
        _demand_readable(name, path)
    if files.key.stat().st_mode & _OTHERS:
        raise BadCredentials(f"key {files.key}: open to every user of this machine; `chmod o= {files.key}`")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(files.ca)
    except ssl.SSLError as error:
        raise BadCredentials(f"ca {files.ca}: holds no certificate") from error
    try:
        context.load_cert_chain(files.certificate, files.key, password=partial(_refuse_lock, files.key))
    except ssl.SSLError as error:
        raise BadCredentials(f"certificate {files.certificate} and key {files.key}: {_reason(error)}") from error
    _demand_role(files.certificate)
    return Security(context, files.server_name)


def refusal(where: str, error: ssl.SSLError) -> LinkDown:
    """Return the fault that a failed or broken TLS session means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateRefused(f"{where}: its certificate is refused: {error.verify_message}")
    if error.reason and any(word in error.reason for word in _ABOUT_CERTIFICATES):
        return CertificateRefused(f"{where}: it refuses our certificate: {_reason(error)}")
    return LinkDown(f"{where}: no TLS session: {_reason(error)}")


def silent_refusal(where: str) -> CertificateRefused:
    """Return the fault of a peer that hung up as it got our certificate, without an alert."""
    return CertificateRefused(f"{where}: it hung up over the handshake: most likely it refuses our certificate")


def _demand_readable(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise BadCredentials(f"{name} {path}: {error.strerror or error}") from error


def _refuse_lock(key: Path) -> NoReturn:
    """Stand in for OpenSSL's own question, which waits at the terminal, and of a service fails without a reason."""
    raise BadCredentials(f"key {key}: needs a pass phrase, and nobody is there to give it; `openssl pkey` removes it")


def _demand_role(certificate: Path) -> None:
    """Without a role a station lets nobody in; better told here than by it."""
    found = _CERTIFICATE.search(certificate.read_text("latin-1"))
    if found is None or ROLE_OID_DER not in b64decode(found[1]):
        raise BadCredentials(f"certificate {certificate}: names no Modbus role (extension 1.3.6.1.4.1.50316.802.1)")


def _reason(error: ssl.SSLError) -> str:
    """Return a reason in small words: ``tlsv1 alert unknown ca``."""
    return (error.reason or str(error)).lower().replace("_", " ")
