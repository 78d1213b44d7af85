"""The one reader of what stands in resources/ (installed as data inside this package)."""

from importlib import resources
from importlib.resources.abc import Traversable


def resource(name: str) -> Traversable:
    """Return the file `name` below resources/, e.g. ``styles/light.qss``; it may not exist."""
    return resources.files("protocol.resources").joinpath(name)


def resource_text(name: str) -> str:
    """Return the UTF-8 text of a resource; raises FileNotFoundError."""
    return resource(name).read_text(encoding="utf-8")
