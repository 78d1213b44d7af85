"""The student's call for help: raised until somebody comes, the student takes it down, or the lesson ends."""

from msgspec import DecodeError, json

from protocol.messages import HandFacts
from student_client.agent.state import HAND, StateError, StateFolder
from student_client.agent.status import StatusBoard


class Hand:
    """One hand. It outlives the desktop and this process: whoever has called must not have to call again."""

    def __init__(self, state: StateFolder, board: StatusBoard) -> None:
        self._state, self._board = state, board
        self.facts = self._load()

    def raised(self, text: str, now: float) -> None:
        """The student asks for help; who asks again keeps the place in the queue."""
        self._keep(HandFacts(since=self.facts.since if self.facts else now, text=text))

    def lowered(self) -> None:
        """Nobody waits any more; twice is once."""
        if self.facts:
            self._keep(None)

    def _keep(self, facts: HandFacts | None) -> None:
        self.facts = facts
        try:
            if facts:
                self._state.write(HAND, json.encode(facts))
            else:
                self._state.remove(HAND)
        except StateError as error:
            self._board.problem("hand", str(error))
        else:
            self._board.solved("hand")

    def _load(self) -> HandFacts | None:
        try:
            data = self._state.read(HAND)
            return json.decode(data, type=HandFacts) if data else None
        except (DecodeError, UnicodeDecodeError, StateError):
            return None  # they can raise it again
