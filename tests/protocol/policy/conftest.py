"""The policy a new college begins with, as text and as values."""

import pytest

from protocol.policy.document import Policy
from protocol.policy.parse import parse_policy
from protocol.resource import resource_text


@pytest.fixture(scope="session")
def first_policy_text() -> str:
    return resource_text("policies/college.toml")


@pytest.fixture(scope="session")
def first_policy(first_policy_text: str) -> Policy:
    return parse_policy(first_policy_text)
