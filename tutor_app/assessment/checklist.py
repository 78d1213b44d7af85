"""The check-list before an assessment, where a college's policy has none of its own."""

from protocol.policy.parse import parse_policy
from protocol.resource import resource_text


def items() -> tuple[str, ...]:
    """Return that of the policy which `lessonlight-admin init` writes."""
    return parse_policy(resource_text("policies/college.toml")).checklist
