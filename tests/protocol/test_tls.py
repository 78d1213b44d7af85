"""Handshakes over real sockets: who gets in, and everybody who does not, before one byte of ours is read."""

import asyncio
import ssl
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from protocol.identity import Credentials, Identity, IdentityError
from protocol.role import Role
from protocol.tls import device_context, peer_identity, staff_context
from tests.protocol.issuer import Issuer
from tutor_app.admin.certificates import Authority, Holder, make_leaf, new_key
from tutor_app.admin.keys import Keys

DAY = 24 * 3600.0


@pytest.fixture
def present(new_college: Callable[..., Issuer]) -> Issuer:
    """A college of today: TLS asks the machine's own clock."""
    return new_college(now=time.time())


@dataclass
class Meeting:
    """What came of one dial: whom each side saw, what the device read, and what each side's refusal was."""

    staff_saw: Identity | None = None
    device_saw: Identity | None = None
    read: bytes = b""
    staff_refusal: Exception | None = None
    device_refusals: list[BaseException] | None = None
    connection: ssl.SSLObject | None = None


async def meet(device: ssl.SSLContext, staff: ssl.SSLContext | None) -> Meeting:
    """Dial a device on port 0 and send it a word; it echoes what it reads."""
    meeting = Meeting(device_refusals=[])
    finished = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: meeting.device_refusals.append(context.get("exception")))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            meeting.device_saw = peer_identity(writer.get_extra_info("ssl_object"))
            meeting.read = await reader.read(100)
            writer.write(meeting.read)
            await writer.drain()
        finally:
            writer.close()
            finished.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=device)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=staff)
            meeting.connection = writer.get_extra_info("ssl_object")
            if staff:
                meeting.staff_saw = peer_identity(meeting.connection)
            writer.write(b"hello")
            echoed = await asyncio.wait_for(reader.read(100), 5)
            writer.close()
            if echoed == b"hello":
                await asyncio.wait_for(finished.wait(), 5)
            else:
                meeting.staff_refusal = ConnectionError(f"the device answered {echoed!r}")
        except (ssl.SSLError, ConnectionError) as error:
            meeting.staff_refusal = error
    return meeting


def refused_unread(meeting: Meeting) -> bool:
    return meeting.device_saw is None and meeting.read == b"" and meeting.staff_refusal is not None


async def test_tutor_and_laptop_meet(present: Issuer) -> None:
    tutor, laptop = present.staff(), present.device()
    meeting = await meet(device_context(laptop), staff_context(tutor))
    assert meeting.read == b"hello"
    assert meeting.staff_saw == laptop.identity
    assert meeting.device_saw == tutor.identity
    assert meeting.connection is not None
    assert meeting.connection.version() == "TLSv1.3"


async def test_no_session_is_offered_for_resumption(present: Issuer) -> None:
    meeting = await meet(device_context(present.device()), staff_context(present.staff()))
    assert meeting.read == b"hello"
    assert meeting.connection is not None
    assert not meeting.connection.session or not meeting.connection.session.has_ticket


async def test_a_device_posing_as_staff_is_refused(present: Issuer) -> None:
    posing = present.device("LAPTOP-08")
    # It dials as a tutor would, and trusts whom a tutor would.
    posing = replace(posing, peer_ca=present.staff().peer_ca)
    meeting = await meet(device_context(present.device()), staff_context(posing))
    assert refused_unread(meeting)


async def test_staff_posing_as_a_device_is_refused(present: Issuer) -> None:
    posing = replace(present.staff("other"), peer_ca=present.device().peer_ca)
    meeting = await meet(device_context(posing), staff_context(present.staff()))
    assert isinstance(meeting.staff_refusal, ssl.SSLCertVerificationError)
    assert meeting.read == b""


async def test_another_college_is_refused_both_ways(present: Issuer, new_college: Callable[..., Issuer]) -> None:
    foreign = new_college("Other College", now=time.time())
    stranger = replace(foreign.staff(), peer_ca=present.staff().peer_ca)
    assert refused_unread(await meet(device_context(present.device()), staff_context(stranger)))
    fake = replace(foreign.device(), peer_ca=present.device().peer_ca)
    meeting = await meet(device_context(fake), staff_context(present.staff()))
    assert isinstance(meeting.staff_refusal, ssl.SSLCertVerificationError)


async def test_nobody_without_a_certificate(present: Issuer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    meeting = await meet(device_context(present.device()), context)
    assert refused_unread(meeting)


async def test_plaintext_is_refused(present: Issuer) -> None:
    assert refused_unread(await meet(device_context(present.device()), None))


def only_1_2(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


async def test_tls_1_2_is_refused_both_ways(present: Issuer) -> None:
    tutor, laptop = present.staff(), present.device()
    control = await meet(only_1_2(device_context(laptop)), only_1_2(staff_context(tutor)))
    assert control.read == b"hello"  # but for its age, this connection is good
    assert refused_unread(await meet(device_context(laptop), only_1_2(staff_context(tutor))))
    assert refused_unread(await meet(only_1_2(device_context(laptop)), staff_context(tutor)))


async def test_expired_certificates_are_refused(new_college: Callable[..., Issuer]) -> None:
    now = time.time()
    college = new_college(now=now - 500 * DAY)
    late_tutor, late_laptop = college.staff("late"), college.device("L-LATE")
    tutor, laptop = college.staff("t", now=now), college.device("L", now=now)
    assert (await meet(device_context(laptop), staff_context(tutor))).read == b"hello"
    assert refused_unread(await meet(device_context(laptop), staff_context(late_tutor)))
    meeting = await meet(device_context(late_laptop), staff_context(tutor))
    assert isinstance(meeting.staff_refusal, ssl.SSLCertVerificationError)
    assert "expired" in str(meeting.staff_refusal)


def forged(issuer: Authority, like: Credentials) -> Credentials:
    """A tutor's leaf, fit for both ends of TLS, from another authority of the same college."""
    key = new_key()
    both = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)
    leaf = make_leaf(issuer, Holder(Role.TUTOR, "forged", "F"), key.public_key(), both, days=9, now=time.time())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return replace(like, certificate=leaf.public_bytes(Encoding.PEM), key=private)


@pytest.mark.parametrize("name", ["root", "device-ca"])
async def test_only_the_staff_authority_makes_staff(present: Issuer, name: str) -> None:
    # What the key usages say is not what protects us: the anchors differ.
    folder = present.college.folder
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    authority = Authority(certificate, Keys(folder / "keys", "college").elliptic(name))
    posing = forged(authority, like=present.staff())
    assert refused_unread(await meet(device_context(present.device()), staff_context(posing)))


async def test_the_device_authority_makes_no_clients_even_for_those_who_trust_it(present: Issuer) -> None:
    folder = present.college.folder
    pem = (folder / "device-ca.pem").read_bytes()
    authority = Authority(x509.load_pem_x509_certificate(pem), Keys(folder / "keys", "college").elliptic("device-ca"))
    careless = replace(present.device(), peer_ca=pem)
    assert refused_unread(await meet(device_context(careless), staff_context(forged(authority, like=present.staff()))))


async def test_the_whole_chain_to_the_root_is_clean_under_strict_checking(present: Issuer) -> None:
    def under_the_root(credentials: Credentials, authority: str) -> Credentials:
        chain = credentials.certificate + (present.college.folder / authority).read_bytes()
        return replace(credentials, certificate=chain, peer_ca=credentials.root)

    tutor, laptop = under_the_root(present.staff(), "staff-ca.pem"), under_the_root(present.device(), "device-ca.pem")
    contexts = device_context(laptop), staff_context(tutor)
    for context in contexts:
        context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
    assert (await meet(*contexts)).read == b"hello"


def test_both_contexts_are_strict(present: Issuer) -> None:
    for context in (device_context(present.device()), staff_context(present.staff())):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_flags & ssl.VERIFY_X509_STRICT
        assert len(context.get_ca_certs()) == 1


def test_private_keys_touch_the_disk_only_sealed(
    present: Issuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[tuple[int, bytes]] = []
    real = ssl.SSLContext.load_cert_chain

    def spy(self: ssl.SSLContext, path: Path, password: str) -> None:
        seen.append((path.stat().st_mode & 0o777, path.read_bytes()))
        real(self, path, password=password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spy)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    device_context(present.device())
    assert [mode for mode, _ in seen] == [0o600]
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in seen[0][1]
    assert b"BEGIN PRIVATE KEY" not in seen[0][1]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_connection_without_a_peer_is_nobody() -> None:
    unconnected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unconnected.check_hostname = False
    unconnected.verify_mode = ssl.CERT_NONE
    connection = unconnected.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())
    with pytest.raises((IdentityError, ValueError)):
        peer_identity(connection)
