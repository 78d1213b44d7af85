"""decide(): what a laptop's rules say of its facts, and why. Pure and total; every decision explains itself."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from protocol.messages import Changeable, Id, Line, Name, Slug, Time, Value, Verb
from protocol.policy.document import Policy
from protocol.policy.facts import Facts
from protocol.policy.rule import Do


class Change(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tutor's change of the rules for this device: a lease that ends by itself."""

    id: Id
    by: Name
    verb: Verb
    subject: Changeable
    value: Line
    until: Time


class RulesLease(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule set in force on one device: by a lesson's permit, or by an assessment, whose end holds by itself.

    `only` is the one application an assessment is locked to, or "". `device` and `user` are whom exceptions name.
    """

    lesson: Id
    rules: Slug
    by: Name
    device: Name
    user: Line
    until: Time
    assessment: bool = False
    only: Line = ""
    changes: Annotated[tuple[Change, ...], Meta(max_length=64)] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule broken by the facts: which, by what (`key` is the same while it is the same thing), what to do about it.

    `sentence` is what the student reads, `detail` names the thing for people, `pids` the processes to be closed.
    """

    rule: str
    key: str
    do: frozenset[Do]
    sentence: str
    detail: str
    category: str
    grace: int = 0
    pids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WebRules:
    """What every browser is held to. Sites are "host" or "host/path", without a scheme; a host covers its subdomains.

    `only` None: everything but `blocked` and the sites of `categories`; else nothing but `only`. `allowed` wins over
    `blocked` and `categories`.
    """

    blocked: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing is blocked."""
        return self.only is None and not self.blocked and not self.categories


@dataclass(frozen=True, slots=True)
class Held:
    """A rule of the set in force, or why it does not hold now: the exception or adjustment that lifts it."""

    rule: str
    sentence: str
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What holds now and what breaks it. `sentences` and `allowed` are what the student's panel lists."""

    broken: tuple[Decision, ...] = ()
    web: WebRules = WebRules()
    block_usb_storage: bool = False
    switch_bluetooth_off: bool = False
    held: tuple[Held, ...] = ()
    sentences: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


def decide(policy: Policy, lease: RulesLease | None, facts: Facts, now: float) -> Decisions:
    """Return what the policy's rules say of these facts at this moment (Unix seconds).

    Without a lease, or with one that is over, only rules marked `always` hold.
    """
    raise NotImplementedError
