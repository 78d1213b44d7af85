"""What this program calls itself to the devices."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _version() -> str:
    try:
        return version("lessonlight")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0"


PROGRAM: Final = f"lessonlight-tutor {_version()}"
