"""The breaches that have yet to reach somebody's records: on the disk until every tutor they are for has noted them."""

from collections.abc import Collection, Iterable
from typing import Annotated, Final

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from protocol.messages import Breach, Id, Value
from student_client.agent.state import BREACHES, StateError, StateFolder

MOST: Final = 200  # about 80 KiB; the oldest go first
LONGEST: Final = 14 * 86_400.0  # seconds; whoever has not come back for them by then does not
LOST_RULE: Final = "breaches-lost"
LOST: Final = "More rules were broken than this laptop could keep while nobody was connected; the oldest are missing."


class Owed(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A breach and the lessons and the assessment, by id, whose staff have not noted it yet."""

    breach: Breach
    to: Annotated[tuple[Id, ...], Meta(max_length=17)]


class _Stored(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    owed: Annotated[tuple[Owed, ...], Meta(max_length=MOST)]


class Breaches:
    """The spool. `problem` says why the disk does not take it; in memory it works on."""

    def __init__(self, state: StateFolder, now: float) -> None:
        self._state = state
        self.problem = ""
        self._owed = self._load(now)

    def add(self, breach: Breach, to: Collection[str], lost_id: str) -> None:
        """Keep a breach for those it is owed to; `lost_id` is for the note that takes a dropped one's place."""
        owed = (*self._owed, Owed(breach=breach, to=tuple(to)))
        if len(owed) > MOST:
            owed = _without_oldest(owed, lost_id)
        self._keep(owed)

    def for_(self, names: Collection[str]) -> tuple[Breach, ...]:
        """Return what is owed to somebody who holds these lessons and assessments, the oldest first."""
        return tuple(one.breach for one in self._owed if set(one.to) & set(names))

    def noted(self, ids: Iterable[str], names: Collection[str]) -> None:
        """Somebody who holds these lessons and assessments has recorded these breaches; twice is once."""
        noted = set(ids)
        left = [
            replace(one, to=tuple(each for each in one.to if each not in names)) if one.breach.id in noted else one
            for one in self._owed
        ]
        owed = tuple(one for one in left if one.to)
        if owed != self._owed:
            self._keep(owed)

    def _keep(self, owed: tuple[Owed, ...]) -> None:
        self._owed = owed
        try:
            self._state.write(BREACHES, json.encode(_Stored(owed=owed)))
        except StateError as error:
            self.problem = str(error)
        else:
            self.problem = ""

    def _load(self, now: float) -> tuple[Owed, ...]:
        try:
            data = self._state.read(BREACHES)
            owed = json.decode(data, type=_Stored).owed if data else ()
        except (DecodeError, UnicodeDecodeError, StateError) as error:
            self.problem = f"The breaches stored on this laptop cannot be read: {error}"[:280]
            return ()
        return tuple(one for one in owed if one.breach.at > now - LONGEST)


def _without_oldest(owed: tuple[Owed, ...], lost_id: str) -> tuple[Owed, ...]:
    """Drop the oldest; what says so stands in its place, and stays for all that are dropped later."""
    first, second, *rest = owed
    if first.breach.rule == LOST_RULE:
        both = tuple(dict.fromkeys((*first.to, *second.to)))[:17]
        return (replace(first, to=both), *rest)
    note = replace(first.breach, id=lost_id, rule=LOST_RULE, sentence=LOST, detail="")
    both = tuple(dict.fromkeys((*first.to, *second.to)))[:17]
    return (Owed(breach=note, to=both), *rest)
