"""Signing in with an identity file, and opening a lesson inside what the policy allows. No window, no network."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from protocol.identity import Credentials, IdentityError
from protocol.identity_file import MAXIMUM_SIZE, load_identity
from protocol.messages import LessonTerms, Reason
from protocol.policy.bundle import STAFF_MAXIMUM_SIZE, BundleError, StaffBundle, open_staff_bundle
from protocol.policy.document import Policy, same_group
from protocol.policy.hours import college_hours
from protocol.policy.permit import Refusal, decide_permit
from protocol.text import plain
from tutor_app.classroom.classroom import Place

BUNDLE: Final = "college.bundle"
ORDINARY: Final = 60 * 60  # seconds a lesson lasts where nothing else is said
NAME_LENGTH: Final = 80  # of a lesson, as in the protocol


class SignInError(Exception):
    """Nobody is signed in; the text says what is wrong and what to do."""


class LessonRefused(Exception):
    """No such lesson may be held now; the text says why, and which hours."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True)
class SignedIn:
    """Who signed in, and the college as they have it. Both have been checked."""

    credentials: Credentials
    bundle: StaffBundle

    @property
    def policy(self) -> Policy:
        """The college's policy."""
        return self.bundle.bundle.policy

    @property
    def places(self) -> tuple[Place, ...]:
        """The devices in the register, without those that were revoked."""
        return tuple(
            Place(device=one.id, name=one.name, group=one.group) for one in self.bundle.devices if not one.revoked
        )

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the register."""
        return tuple(sorted({place.group for place in self.places}))


def sign_in(identity: Path, bundle: Path | None, passphrase: str, now: float | None = None) -> SignedIn:
    """Open an identity file and the college file (by default beside it); raises SignInError. Takes about a second.

    `now` defaults to the clock.
    """
    now = time.time() if now is None else now
    bundle = bundle or identity.with_name(BUNDLE)
    data = _read(identity, MAXIMUM_SIZE, "Choose the .p12 file that the network manager gave you.")
    try:
        credentials = load_identity(data, passphrase, now)
    except IdentityError as error:
        raise SignInError(str(error)) from error
    college = _college(bundle, credentials, now)
    if credentials.identity.serial in college.bundle.deny:
        raise SignInError("Your identity has been revoked. Ask the network manager for a new one.")
    return SignedIn(credentials, college)


def with_newest(who: SignedIn, bundle: Path, now: float) -> tuple[SignedIn, str]:
    """Read the college file again: return who is signed in with the newest one, and why another one does not count.

    A missing, damaged or older file leaves the one in force. A newer one counts even where it revokes the tutor: then
    `open_lesson` refuses.
    """
    try:
        college = _college(bundle, who.credentials, now)
    except SignInError as error:
        return who, f"{error} The policy of your last sign-in or lesson stays in force."
    version, in_force = college.bundle.version, who.bundle.bundle.version
    if version < in_force:
        return who, (
            f"{bundle} is older than the policy you have (version {version}, not {in_force}), which stays in force."
            " Ask the network manager for the newest one."
        )
    return (replace(who, bundle=college) if version > in_force else who), ""


def open_lesson(
    who: SignedIn, *, name: str, group: str, room: str = "", rules: str = "", ends_at: float | None = None, now: float
) -> LessonTerms:
    """Return the terms of a lesson that begins now; raises LessonRefused as every device would.

    Without an end it lasts an hour, or as long as the policy and the college's hours allow if that is less.
    """
    policy = who.policy
    terms = LessonTerms(
        id=uuid4().hex,
        name=plain(name, NAME_LENGTH).strip() or group,
        group=_group(who, group),
        room=plain(room, NAME_LENGTH).strip(),
        starts_at=now,
        ends_at=_ordinary_end(policy, now) if ends_at is None else ends_at,
        rules=rules or next(iter(policy.rules), "lesson"),
    )
    decided = decide_permit(policy, who.bundle.bundle.deny, who.credentials.identity, terms.group, terms, now)
    if isinstance(decided, Refusal):
        raise LessonRefused(decided.reason, decided.detail)
    return terms


def clock_today(policy: Policy, hour: int, minute: int, now: float) -> float:
    """Return when the college's clocks next show this time: today, or after midnight in the evening."""
    today = datetime.fromtimestamp(now, ZoneInfo(policy.college.timezone))
    moment = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if moment <= today and today.hour >= 18 and hour < 6:
        moment += timedelta(days=1)  # an evening class that ends after midnight
    return moment.timestamp()


def _group(who: SignedIn, group: str) -> str:
    """Return the register's own spelling, which devices and wall compare by."""
    for known in who.groups:
        if same_group(known, group):
            return known
    raise LessonRefused(Reason.OTHER_GROUP, f"The register has no group “{group}”. {_listed(who.groups)}")


def _listed(groups: Iterable[str]) -> str:
    names = ", ".join(groups)
    return f"Its groups are: {names}." if names else "It lists no laptop at all: ask the network manager."


def _ordinary_end(policy: Policy, now: float) -> float:
    closing = college_hours(policy, now)
    latest = closing.until if closing.is_open and closing.until else math.inf
    return min(now + ORDINARY, now + policy.lesson.longest, latest)


def _college(bundle: Path, credentials: Credentials, now: float) -> StaffBundle:
    data = _read(bundle, STAFF_MAXIMUM_SIZE, f"Ask the network manager for {BUNDLE}; it belongs beside your identity.")
    try:
        return open_staff_bundle(data, credentials.root, now)
    except BundleError as error:
        raise SignInError(f"{bundle} cannot be used. {error} Ask the network manager for the newest one.") from error


def _read(path: Path, most: int, advice: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)  # one more than may be: what opens it says that it is too large
    except FileNotFoundError as error:
        raise SignInError(f"There is no {path}. {advice}") from error
    except OSError as error:
        raise SignInError(f"{path} cannot be read: {error.strerror}. {advice}") from error
