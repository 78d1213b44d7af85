"""The college's folder: its keys, authorities, register and published policy. The network manager's commands act on it.

root.pem staff-ca.pem device-ca.pem policy.pem    certificates
keys/                                             private keys, encrypted; stretch.json
register.json                                     staff, devices, every certificate ever issued
policy.toml                                       the draft to edit; published.toml is the one in force
timetable.json                                    the timetable, as it was imported
college.bundle                                    for staff: signed policy, deny list, list of devices, timetable
"""

import json
import time
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace

from protocol.enrolment import JoinFile, write_join
from protocol.identity import NAME_LENGTH
from protocol.identity_file import write_identity
from protocol.policy.bundle import Bundle, RegisteredDevice, StaffBundle, sign_bundle, sign_staff_bundle
from protocol.policy.document import Policy, for_publication
from protocol.policy.parse import parse_policy
from protocol.policy.timetable import TimetableEntry, decode_timetable, encode_timetable
from protocol.resource import resource, resource_text
from protocol.role import Role
from protocol.text import is_plain
from tutor_app.admin.certificates import (
    AUTHORITY_DAYS,
    DEVICE_DAYS,
    DEVICE_USAGE,
    STAFF_DAYS,
    STAFF_USAGE,
    Authority,
    Holder,
    make_authority,
    make_leaf,
    make_root,
    new_key,
)
from tutor_app.admin.files import write_whole
from tutor_app.admin.keys import NORMAL, Cost, Keys
from tutor_app.admin.register import (
    Entry,
    Issued,
    Register,
    RegisterError,
    check_id,
    decode_register,
    encode_register,
)

DEFAULT_PACK: Final = "college"
ROOT: Final = "root"
STAFF_CA: Final = "staff-ca"
DEVICE_CA: Final = "device-ca"
POLICY: Final = "policy"
TIMETABLE: Final = "timetable.json"


class CollegeError(Exception):
    """A folder that is not, or no longer, a whole college; the text says what to do."""


class College:
    """One college, open. Without its passphrase it can be read; issuing, revoking and publishing need the passphrase.

    Every change is on the disk when the method returns. `now` defaults to the clock.
    """

    def __init__(self, folder: Path, register: Register, keys: Keys | None) -> None:
        self.folder = folder
        self.register = register
        self._keys = keys

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        name: str,
        passphrase: str,
        cost: Cost = NORMAL,
        pack: str = DEFAULT_PACK,
        now: float | None = None,
    ) -> "College":
        """Make a college in a folder that is empty or does not exist yet, and publish the policy of a pack."""
        now = time.time() if now is None else now
        check_name(name, "The college's name")
        check_unused(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        policy = initial_policy(name, pack)
        register = Register(college=uuid4(), name=name)
        college = cls(folder, register, Keys.create(folder / "keys", passphrase, cost))
        college._make_authorities(now)
        write_whole(folder / "policy.toml", policy.encode())
        college._commit(register, now, policy)
        return college

    @classmethod
    def open(cls, folder: Path, passphrase: str | None = None) -> "College":
        """Open a college; raises CollegeError, and WrongPassphraseError where a passphrase was given."""
        try:
            register = decode_register((folder / "register.json").read_bytes())
            keys = None if passphrase is None else Keys(folder / "keys", passphrase)
        except FileNotFoundError as error:
            raise CollegeError(f"{folder} is no college's folder: it has no {Path(error.filename).name}.") from error
        except (msgspec.MsgspecError, ValueError) as error:
            raise CollegeError(f"The college in {folder} is damaged: {error}. Restore it from a backup.") from error
        if keys:
            keys.signing(POLICY)
        return cls(folder, register, keys)

    @property
    def root_pem(self) -> bytes:
        """The root certificate."""
        return self._pem(ROOT)

    @property
    def policy(self) -> Policy:
        """The published policy."""
        return parse_policy(self._read("published.toml").decode())

    @property
    def timetable(self) -> tuple[TimetableEntry, ...]:
        """The timetable in force; none where none was imported."""
        path = self.folder / TIMETABLE
        try:
            return decode_timetable(path.read_bytes()) if path.exists() else ()
        except msgspec.MsgspecError as error:
            raise CollegeError(f"{path} is damaged: {error}. Import the timetable again.") from error

    @property
    def staff_bundle(self) -> bytes:
        """What stands in college.bundle, for staff."""
        return self._read("college.bundle")

    def add_staff(
        self,
        identifier: str,
        *,
        name: str,
        role: Role,
        passphrase: str,
        again: bool = False,
        days: int = STAFF_DAYS,
        now: float | None = None,
    ) -> bytes:
        """Issue an identity file (.p12) under `passphrase`; raises RegisterError."""
        now = time.time() if now is None else now
        if role in {Role.DEVICE, Role.POLICY}:
            raise RegisterError(f"“{role}” is no role of a member of staff.")
        authorities = (self._certificate(ROOT), self._certificate(STAFF_CA), self._certificate(DEVICE_CA))
        holder = Holder(role, check_id(identifier), check_name(name, "The name"))
        key = new_key()
        leaf = make_leaf(
            self._authority(STAFF_CA), holder, key.public_key(), STAFF_USAGE, days=min(days, STAFF_DAYS), now=now
        )
        self._commit(self.register.with_entry(_entry(holder, leaf, now), again=again, now=now), now)
        return write_identity(leaf, key, authorities, passphrase, self._unlocked.cost.identity_rounds)

    def add_device(
        self,
        identifier: str,
        *,
        group: str,
        name: str = "",
        again: bool = False,
        days: int = DEVICE_DAYS,
        now: float | None = None,
    ) -> bytes:
        """Issue an enrolment file (.join); the display name is the id where none is given. Raises RegisterError."""
        now = time.time() if now is None else now
        name = check_name(name or identifier, "The name")
        holder = Holder(Role.DEVICE, check_id(identifier), name, check_name(group, "The group"))
        key = new_key()
        leaf = make_leaf(
            self._authority(DEVICE_CA), holder, key.public_key(), DEVICE_USAGE, days=min(days, DEVICE_DAYS), now=now
        )
        bundle = self._commit(self.register.with_entry(_entry(holder, leaf, now), again=again, now=now), now)
        join = JoinFile(
            college=self.register.college,
            device_id=holder.id,
            group=holder.group,
            certificate=leaf.public_bytes(Encoding.PEM),
            key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            root=self.root_pem,
            staff_ca=self._pem(STAFF_CA),
            bundle=bundle,
        )
        return write_join(join)

    def revoke(self, identifier: str, now: float | None = None) -> Entry:
        """Deny every certificate of a person or a device; returns whom. Raises RegisterError."""
        now = time.time() if now is None else now
        self._commit(self.register.without(identifier, now), now)
        found = self.register.find(identifier)
        assert found is not None
        return found

    def publish(self, policy: str, now: float | None = None) -> int:
        """Put a policy (TOML) in force; returns its version. Raises PolicyError, and publishes nothing then."""
        self._commit(self.register, time.time() if now is None else now, policy)
        return self.register.version

    def use_timetable(self, timetable: tuple[TimetableEntry, ...], now: float | None = None) -> None:
        """Put a timetable in force for the staff; laptops never get it."""
        self._commit(self.register, time.time() if now is None else now, timetable=timetable)

    def _make_authorities(self, now: float) -> None:
        root = make_root(self.register.college, self.register.name, now)
        staff = make_authority(root, "Lessonlight staff authority", STAFF_USAGE, now)
        devices = make_authority(root, "Lessonlight device authority", DEVICE_USAGE, now)
        signer = Ed25519PrivateKey.generate()
        holder = Holder(Role.POLICY, "policy", self.register.name)
        certificate = make_leaf(root, holder, signer.public_key(), (), days=AUTHORITY_DAYS, now=now)
        for name, key, made in (
            (ROOT, root.key, root.certificate),
            (STAFF_CA, staff.key, staff.certificate),
            (DEVICE_CA, devices.key, devices.certificate),
            (POLICY, signer, certificate),
        ):
            self._unlocked.save(name, key)
            write_whole(self.folder / f"{name}.pem", made.public_bytes(Encoding.PEM))

    def _commit(
        self,
        register: Register,
        now: float,
        policy: str | None = None,
        timetable: tuple[TimetableEntry, ...] | None = None,
    ) -> bytes:
        """Put register, policy and timetable in force as the next version; returns the policy bundle for devices."""
        text = self._read("published.toml").decode() if policy is None else policy
        register = replace(register, version=register.version + 1)
        bundle = Bundle(
            register.college, register.version, now, for_publication(parse_policy(text), now), register.denied(now)
        )
        lessons = self.timetable if timetable is None else timetable
        certificate, sign = self._certificate(POLICY), self._unlocked.signing(POLICY).sign
        raw = sign_bundle(bundle, certificate, sign)
        staff = sign_staff_bundle(StaffBundle(bundle, raw, _listed(register), lessons), certificate, sign)
        self._refuse_a_second_writer()
        # The register first: what was issued can be revoked, whatever happens to the rest.
        write_whole(self.folder / "register.json", encode_register(register))
        write_whole(self.folder / "published.toml", text.encode())
        if timetable is not None:
            write_whole(self.folder / TIMETABLE, encode_timetable(timetable))
        write_whole(self.folder / "college.bundle", staff)
        self.register = register
        return raw

    def _refuse_a_second_writer(self) -> None:
        path = self.folder / "register.json"
        version = decode_register(path.read_bytes()).version if path.exists() else 0
        if version != self.register.version:
            raise CollegeError("Somebody else has changed the college in the meantime. Run the command again.")

    @property
    def _unlocked(self) -> Keys:
        if self._keys is None:
            raise CollegeError("The college is open for reading only: this needs its passphrase.")
        return self._keys

    def _authority(self, name: str) -> Authority:
        return Authority(self._certificate(name), self._unlocked.elliptic(name))

    def _certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._pem(name))

    def _pem(self, name: str) -> bytes:
        return self._read(f"{name}.pem")

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise CollegeError(f"{self.folder / name} is missing. Restore the college from a backup.") from error


def check_unused(folder: Path) -> None:
    """Raise CollegeError unless a college can be made in this folder: it is empty or does not exist."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CollegeError(f"{folder} is not empty. Choose a new folder for the college.")


def packs() -> tuple[str, ...]:
    """Return the names of the complete policies a college can begin with."""
    found = (one.name for one in resource("policies").iterdir() if one.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in found))


def initial_policy(name: str, pack: str = DEFAULT_PACK) -> str:
    """Return the commented policy a new college called `name` begins with."""
    return resource_text(f"policies/{pack}.toml").replace('"@COLLEGE@"', json.dumps(name, ensure_ascii=False))


def check_name(name: str, what: str) -> str:
    """Return a display name or a group; raises RegisterError where it could not stand in a certificate."""
    if not name.strip() or not is_plain(name) or len(name) > NAME_LENGTH:
        raise RegisterError(f"{what} must have 1 to {NAME_LENGTH} characters and no control characters.")
    return name.strip()


def _entry(holder: Holder, leaf: x509.Certificate, now: float) -> Entry:
    serial, ends_at = format(leaf.serial_number, "x"), leaf.not_valid_after_utc.timestamp()
    issued = Issued(serial=serial, issued_at=now, expires_at=ends_at)
    return Entry(id=holder.id, name=holder.name, role=holder.role, group=holder.group, certificates=(issued,))


def _listed(register: Register) -> tuple[RegisteredDevice, ...]:
    return tuple(
        RegisteredDevice(id=entry.id, name=entry.name, group=entry.group, revoked=entry.revoked)
        for entry in register.devices
    )
