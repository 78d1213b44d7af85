"""Signed bundles: policy and deny list, for every device; the same with register and timetable, for staff only.

A bundle carries the very bytes that were signed. Each kind is signed under its own domain, so that one can never be
taken for the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Meta, Struct

from protocol.identity import (
    IdentityError,
    college_of,
    identity_in,
    issued_by,
    read_certificate,
    read_der,
    valid_between,
)
from protocol.messages import Count, Name, Time, Value
from protocol.policy.document import Policy
from protocol.policy.timetable import TimetableEntry
from protocol.role import Role

MAXIMUM_SIZE: Final = 256 * 1024  # of a policy bundle: what one `PolicyOffer` may carry
STAFF_MAXIMUM_SIZE: Final = 4 * 1024 * 1024  # with a register of 30,000 devices

_POLICY_DOMAIN: Final = b"lessonlight policy bundle 1\0"
_REGISTER_DOMAIN: Final = b"lessonlight staff register 1\0"

Signer = Callable[[bytes], bytes]
"""Signs bytes with the college's Ed25519 policy key."""


class BundleError(Exception):
    """A bundle that must not be believed; the text says why."""


class RegisteredDevice(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device as the register lists it."""

    id: Name
    name: Name
    group: Name
    revoked: bool = False


@dataclass(frozen=True)
class Bundle:
    """An opened policy bundle: its signature, college and dates have been checked."""

    college: UUID
    version: int
    published_at: float
    policy: Policy
    deny: frozenset[str]


@dataclass(frozen=True)
class StaffBundle:
    """An opened staff bundle; `raw` is the policy bundle as it is offered to devices."""

    bundle: Bundle
    raw: bytes
    devices: tuple[RegisteredDevice, ...]
    timetable: tuple[TimetableEntry, ...] = ()


class _Signed(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    certificate: bytes
    content: bytes
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class _PolicyContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    college: UUID
    version: Count
    published_at: Time
    policy: Policy
    deny: tuple[Annotated[str, Meta(pattern="^[0-9a-f]{1,40}$")], ...]


class _StaffContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    college: UUID
    version: Count
    published_at: Time
    policy_bundle: bytes
    devices: tuple[RegisteredDevice, ...]
    timetable: tuple[TimetableEntry, ...] = ()


_Content = TypeVar("_Content", _PolicyContent, _StaffContent)


def sign_bundle(bundle: Bundle, certificate: x509.Certificate, sign: Signer) -> bytes:
    """Encode and sign a policy bundle; raises BundleError where it would be too large for a device."""
    content = _PolicyContent(
        college=bundle.college,
        version=bundle.version,
        published_at=bundle.published_at,
        policy=bundle.policy,
        deny=tuple(sorted(bundle.deny)),
    )
    data = _sign(_POLICY_DOMAIN, content, certificate, sign)
    if len(data) > MAXIMUM_SIZE:
        raise BundleError(f"The policy with its deny list takes {len(data) // 1024} KiB; 256 KiB is the most.")
    return data


def open_bundle(data: bytes, root_pem: bytes, now: float | None = None) -> Bundle:
    """Check and open a policy bundle; raises BundleError.

    The policy certificate must have been valid when the bundle was published and, where `now` is given, still be so.
    """
    content, signer = _open(_POLICY_DOMAIN, _PolicyContent, data, MAXIMUM_SIZE, root_pem)
    _check_origin(content, signer, now)
    return Bundle(content.college, content.version, content.published_at, content.policy, frozenset(content.deny))


def sign_staff_bundle(staff: StaffBundle, certificate: x509.Certificate, sign: Signer) -> bytes:
    """Encode and sign a staff bundle around the policy bundle `staff.raw`."""
    content = _StaffContent(
        college=staff.bundle.college,
        version=staff.bundle.version,
        published_at=staff.bundle.published_at,
        policy_bundle=staff.raw,
        devices=staff.devices,
        timetable=staff.timetable,
    )
    data = _sign(_REGISTER_DOMAIN, content, certificate, sign)
    if len(data) > STAFF_MAXIMUM_SIZE:
        raise BundleError(f"The register takes {len(data) // 1024} KiB; {STAFF_MAXIMUM_SIZE // 1024} KiB is the most.")
    return data


def open_staff_bundle(data: bytes, root_pem: bytes, now: float | None = None) -> StaffBundle:
    """Check and open a staff bundle and the policy bundle in it; raises BundleError. `now` as in `open_bundle`."""
    content, signer = _open(_REGISTER_DOMAIN, _StaffContent, data, STAFF_MAXIMUM_SIZE, root_pem)
    _check_origin(content, signer, now)
    bundle = open_bundle(content.policy_bundle, root_pem, now)
    if (bundle.college, bundle.version) != (content.college, content.version):
        raise BundleError("The register and the policy in this file do not belong together.")
    return StaffBundle(bundle, content.policy_bundle, content.devices, content.timetable)


def newer(one: Bundle, other: Bundle | None) -> bool:
    """Whether `one` should replace `other`: same college, higher version; anything replaces nothing."""
    return other is None or (one.college == other.college and one.version > other.version)


def _sign(domain: bytes, content: _PolicyContent | _StaffContent, certificate: x509.Certificate, sign: Signer) -> bytes:
    encoded = msgspec.msgpack.encode(content)
    try:
        msgspec.msgpack.decode(encoded, type=type(content))  # msgspec checks bounds only when it reads
    except msgspec.ValidationError as error:
        raise BundleError(f"Nobody could open this bundle: {error}.") from error
    return msgspec.msgpack.encode(_Signed(certificate.public_bytes(Encoding.DER), encoded, sign(domain + encoded)))


def _open(
    domain: bytes, kind: type[_Content], data: bytes, most: int, root_pem: bytes
) -> tuple[_Content, x509.Certificate]:
    if len(data) > most:
        raise BundleError(f"The bundle is too large: {len(data)} bytes, {most} at most.")
    try:
        signed = msgspec.msgpack.decode(data, type=_Signed)
        certificate = read_der(signed.certificate)
        _check_signer(certificate, read_certificate(root_pem, "the college's root"))
        key = certificate.public_key()
        if not isinstance(key, Ed25519PublicKey):
            raise BundleError("The policy's certificate is of the wrong kind.")
        key.verify(signed.signature, domain + signed.content)
        return msgspec.msgpack.decode(signed.content, type=kind), certificate
    except InvalidSignature as error:
        raise BundleError("The bundle's signature is wrong.") from error
    except IdentityError as error:
        raise BundleError(str(error)) from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BundleError("This is no policy bundle, it is damaged, or a newer program made it.") from error


def _check_signer(certificate: x509.Certificate, root: x509.Certificate) -> None:
    if not issued_by(certificate, root):
        raise BundleError("The bundle comes from another college.")
    if identity_in(certificate).role is not Role.POLICY or identity_in(certificate).college != college_of(root):
        raise BundleError("The bundle was not signed with the college's policy key.")


def _check_origin(content: _PolicyContent | _StaffContent, signer: x509.Certificate, now: float | None) -> None:
    if content.college != identity_in(signer).college:
        raise BundleError("The bundle names another college than its signature.")
    starts_at, ends_at = valid_between(signer)
    moments = (content.published_at, content.published_at if now is None else now)
    if not all(starts_at <= moment <= ends_at for moment in moments):
        raise BundleError("The policy's certificate has expired or is not valid yet.")
