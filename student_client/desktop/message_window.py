"""A tutor's message as a card."""

from dataclasses import dataclass

from student_client.desktop.card_window import CardWindow
from student_client.desktop.words import clock


@dataclass(frozen=True, slots=True)
class TutorText:
    """One message: from whom, when, what."""

    id: str
    by: str
    at: float
    text: str


class MessageWindow(CardWindow):
    """One message; `answered` is "Understood"."""

    def __init__(self, message: TutorText) -> None:
        super().__init__("Message")
        self.setAccessibleName(f"Message from {message.by}")
        self.setAccessibleDescription(message.text)
        self.add_head(f"Message from {message.by}", clock(message.at))
        self.add_text(message.text)
        self.add_button("Understood", f"Tells {message.by} that you have read it, and closes the message.")
