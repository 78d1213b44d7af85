"""The check-list before an assessment, as resources/assessment/checklist.toml has it."""

import tomllib

from protocol.resource import resource_text


def items() -> tuple[str, ...]:
    """Return the items in their order."""
    return tuple(tomllib.loads(resource_text("assessment/checklist.toml"))["items"])
