"""What people call the window in front."""

from typing import Final

_LIMIT: Final = 120
_DASHES: Final = (" — ", " – ", " - ")


def title_of(name: str, title: str) -> str:
    """Return "Application — document" of a window's class and title, whichever of them it has.

    Many titles end in the application's full name ("essay.odt — LibreOffice Writer"): that is nicer than the class.
    """
    application = name[:1].upper() + name[1:]
    document = title
    for dash in _DASHES:
        front, found, last = title.rpartition(dash)
        if found and _alike(name, last):
            application, document = last.strip(), front.strip()
            break
    if not document or _letters(document) == _letters(application):
        return (application or document)[:_LIMIT]
    return (f"{application} — {document}" if application else document)[:_LIMIT]


def _alike(name: str, last: str) -> bool:
    one, other = _letters(name), _letters(last)
    return bool(one and other) and (one in other or other in one)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
