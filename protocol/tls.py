"""The two TLS contexts: mutual TLS 1.3, each side trusting only the authority of the other side's kind."""

import secrets
import ssl
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from protocol.identity import Credentials, Identity, IdentityError, identity_of


def device_context(credentials: Credentials) -> ssl.SSLContext:
    """Return the listening side's context: whoever connects must hold a certificate of the staff authority."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, credentials)
    context.num_tickets = 0  # no resumption: every connection shows its certificate again, also after a revocation
    return context


def staff_context(credentials: Credentials) -> ssl.SSLContext:
    """Return the dialling side's context: whoever answers must hold a certificate of the device authority."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, credentials)


def peer_identity(connection: ssl.SSLObject | ssl.SSLSocket) -> Identity:
    """Return who is at the other end of a finished handshake; raises IdentityError."""
    certificate = connection.getpeercert(binary_form=True)
    if not certificate:
        raise IdentityError("The other side has shown no certificate.")
    return identity_of(certificate)


def _context(side: int, credentials: Credentials) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.check_hostname = False  # a host name identifies nobody here; the certificate's URI does
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The anchor is the staff or the device authority itself, not the root above both.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=credentials.peer_ca.decode("ascii"))
    _load_own(context, credentials)
    return context


def _load_own(context: ssl.SSLContext, credentials: Credentials) -> None:
    # OpenSSL takes keys from files only. What touches the disk is sealed under a passphrase nobody keeps.
    passphrase = secrets.token_hex(32)
    key = load_pem_private_key(credentials.key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
    )
    with tempfile.TemporaryDirectory(prefix="lessonlight-") as folder:
        path = Path(folder, "own.pem")
        path.touch(mode=0o600)
        path.write_bytes(credentials.certificate + key)
        context.load_cert_chain(path, password=passphrase)
