"""The fake machine, with a count of how often it was asked anything, and a way to make it hang."""

import threading
from dataclasses import dataclass, field

from student_client.backends.fake_machine import FakeMachine


@dataclass
class Ground(FakeMachine):
    """`looks` is how often facts were read or changes made out; while `answers` is not set, whoever asks waits."""

    looks: int = 0
    answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answers.set()

    def check(self) -> None:
        self.looks += 1
        self.answers.wait(10)
        super().check()

    def blocked(self) -> set[str]:
        """Return the sites that the browser's policy blocks now."""
        lines = self.web_file.read_text().splitlines()
        return {line.removeprefix("block ") for line in lines if line.startswith("block ")}
