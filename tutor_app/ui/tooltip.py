"""What a tile says when the pointer rests on it. Qt reads tooltips as markup, so every word is escaped."""

from html import escape

from tutor_app.classroom.student import Student


def tooltip(student: Student) -> str:
    """Return user, host, address and what is in front, as markup in which peers' text is plain."""
    facts = (
        ("User", student.user),
        ("Computer", student.host),
        ("Address", student.address),
        ("In front", student.application),
        ("Monitors", ", ".join(f"{one.width}×{one.height}" for one in student.monitors)),
        ("Device", student.device),
        ("Rules not held", " ".join(one.why for one in student.unheld)),
    )
    rows = "".join(f"<tr><td>{what}&nbsp;&nbsp;</td><td>{escape(value)}</td></tr>" for what, value in facts if value)
    return f"<qt><b>{escape(student.name)}</b><table>{rows}</table></qt>"
