"""Taking our own part out of a file that somebody else has written in meanwhile. No I/O."""

import json
from typing import Any


def without_ours(before: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None:
    """Return `theirs` with what `ours` had changed of `before` taken back; None: no file.

    Only JSON objects can be taken apart; of anything else theirs is the last word, and stays as it is.
    """
    if theirs == ours:
        return before
    mine, now = _object(ours), _object(theirs)
    old: dict[str, Any] | None = {} if before is None else _object(before)
    if mine is None or now is None or old is None:
        return theirs
    left = _taken_back(old, mine, now)
    if left == old:
        return before
    return (json.dumps(left, indent=2, ensure_ascii=False) + "\n").encode()


def _object(content: bytes | None) -> dict[str, Any] | None:
    try:
        value = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _taken_back(before: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return theirs, key by key: what is still ours as it was before, what they changed as they have it now."""
    left: dict[str, Any] = {}
    for key, value in theirs.items():
        if key not in ours:
            left[key] = value
        elif value == ours[key]:
            if key in before:
                left[key] = before[key]
        elif isinstance(value, dict) and isinstance(ours[key], dict):
            rest = _taken_back(_as(dict, before.get(key)), ours[key], value)
            if rest or key in before:
                left[key] = rest
        elif isinstance(value, list) and isinstance(ours[key], list):
            old = _as(list, before.get(key))
            rest_of_list = [item for item in value if item in old or item not in ours[key]]
            if rest_of_list or key in before:
                left[key] = rest_of_list
        else:
            left[key] = value
    taken_out = {key: value for key, value in before.items() if key not in theirs and key not in ours}
    return left | taken_out


def _as(kind: type, value: Any) -> Any:
    return value if isinstance(value, kind) else kind()
