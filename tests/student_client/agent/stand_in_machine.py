"""The fake machine, with a count of how often it was asked anything."""

from dataclasses import dataclass

from student_client.backends.fake_machine import FakeMachine


@dataclass
class Ground(FakeMachine):
    """`looks` is how often facts were read or changes made out."""

    looks: int = 0

    def check(self) -> None:
        self.looks += 1
        super().check()

    def blocked(self) -> set[str]:
        """Return the sites that the browser's policy blocks now."""
        lines = self.web_file.read_text().splitlines()
        return {line.removeprefix("block ") for line in lines if line.startswith("block ")}
