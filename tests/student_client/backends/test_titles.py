"""A window's class and title as people would say them."""

import pytest

from student_client.backends.titles import title_of


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        ("libreoffice-writer", "essay.odt — LibreOffice Writer", "LibreOffice Writer — essay.odt"),
        ("firefox", "BBC News — Mozilla Firefox", "Mozilla Firefox — BBC News"),
        ("Code", "a - b.py - Visual Studio Code", "Visual Studio Code — a - b.py"),
        ("XTerm", "bash", "XTerm — bash"),
        ("gedit", "2 - 1 - homework", "Gedit — 2 - 1 - homework"),
        ("Mousepad", "mousepad", "Mousepad"),
        ("Calculator", "", "Calculator"),
        ("", "Untitled", "Untitled"),
        ("", "", ""),
        ("x" * 300, "y" * 300, "X" + "x" * 119),
    ],
)
def test_title_of(name: str, title: str, said: str) -> None:
    assert title_of(name, title) == said
