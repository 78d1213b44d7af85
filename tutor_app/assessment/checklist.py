"""The check-list before an assessment where a policy has none of its own: resources/assessment/checklist.toml."""

import tomllib

from protocol.resource import resource_text


def items() -> tuple[str, ...]:
    """Return the items in their order."""
    return tuple(tomllib.loads(resource_text("assessment/checklist.toml"))["items"])
