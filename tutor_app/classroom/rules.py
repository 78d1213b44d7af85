"""The lesson's rules as the tutor changed them, and what each device still has to be told of it."""

from dataclasses import dataclass
from typing import Final

from protocol.messages import Changeable, ChangeRule, Command, DropChange, SetRules, Verb
from tutor_app.classroom.phrases import duration

MOST_CHANGES: Final = 32  # in force: a laptop that comes late is told them all at once, and takes 48 commands so


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What the tutor wants of the rules: for so many minutes, or until the lesson ends."""

    verb: Verb
    subject: Changeable
    value: str
    minutes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """An edit in force; `devices` None: for everybody, also for those who come later."""

    id: str
    edit: Edit
    at: float
    until: float
    devices: tuple[str, ...] | None

    @property
    def words(self) -> str:
        """The change in a few words: "Allowed desmos.com"."""
        return f"{'Allowed' if self.edit.verb is Verb.ALLOW else 'Blocked'} {self.edit.value}"

    @property
    def length(self) -> str:
        """For how long it was made: "20 min", "until the lesson ends"."""
        return duration(self.until - self.at) if self.edit.minutes else "until the lesson ends"

    def command(self, now: float) -> ChangeRule:
        """Return what a device is sent: a lease for the time that is left."""
        return ChangeRule(
            id=self.id,
            verb=self.edit.verb,
            subject=self.edit.subject,
            value=self.edit.value,
            lease=max(1, min(24 * 3600, int(self.until - now))),
        )

    def concerns(self, device: str) -> bool:
        """Whether it is meant for this device."""
        return self.devices is None or device in self.devices


class Rules:
    """The rule set and its changes in force. `current` is the rule set's name in the policy."""

    def __init__(self, current: str) -> None:
        self.current = current
        self._set: SetRules | None = None
        self._changes: dict[str, Change] = {}
        self._holders: dict[str, set[str]] = {}
        self._dropped: dict[str, DropChange] = {}

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes in force, oldest first."""
        return tuple(self._changes.values())

    @property
    def full(self) -> bool:
        """Whether one has to end before there can be another."""
        return len(self._changes) >= MOST_CHANGES

    def get(self, change: str) -> Change | None:
        """Return a change in force."""
        return self._changes.get(change)

    def use(self, command: SetRules) -> None:
        """From now on the lesson is held under this rule set."""
        self.current, self._set = command.rules, command

    def add(self, change: Change) -> None:
        """From now on this change is in force."""
        self._changes[change.id], self._holders[change.id] = change, set()

    def drop(self, command: DropChange) -> set[str]:
        """The change is over; returns the devices it was sent to, which are to be told."""
        del self._changes[command.change]
        self._dropped[command.change] = command
        return set(self._holders[command.change])

    def expire(self, now: float) -> list[Change]:
        """Forget the changes whose time is over, as the devices do; return them."""
        over = [change for change in self._changes.values() if change.until <= now]
        for change in over:
            del self._changes[change.id]
        return over

    def sent(self, device: str, command: Command) -> None:
        """The device is being told this: from now on it may hold the change, or hold it no longer."""
        if isinstance(command, ChangeRule):
            self._holders[command.id].add(device)
        elif isinstance(command, DropChange):
            self._holders[command.change].discard(device)

    def standing(self, device: str, now: float) -> list[Command]:
        """Return what a device with a new link has to be told, whatever it was told before."""
        commands: list[Command] = [self._set] if self._set else []
        commands += [change.command(now) for change in self._changes.values() if change.concerns(device)]
        commands += [drop for change, drop in self._dropped.items() if device in self._holders[change]]
        return commands
