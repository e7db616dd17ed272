"""Paranet: typed skills on a fabric of nodes.

>>> import paranet
>>> with paranet.Node() as node:
...     _ = node.deploy(paranet.example_package())
...     node.call("weather/current", city="Oslo")["city"]
'Oslo'

An actor is a module with decorated functions (see `paranet.actor`):

>>> @paranet.skill("hello/greet")
... def greet(name: str) -> str:
...     "Greets somebody."
...     return f"Hello, {name}!"
>>> greet("Ada")
'Hello, Ada!'
"""

from typing import TYPE_CHECKING, Any

from paranet.actor import Context, Field, skill, skill_set
from paranet.errors import (
    AbortedError,
    AlreadyExistsError,
    CancelledError,
    DataLossError,
    DeadlineExceededError,
    Error,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
    UnknownError,
)

if TYPE_CHECKING:
    from paranet.node import Node, build_package, example_package

__all__ = [
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "Context",
    "DataLossError",
    "DeadlineExceededError",
    "Error",
    "FailedPreconditionError",
    "Field",
    "InternalError",
    "InvalidArgumentError",
    "Node",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "build_package",
    "example_package",
    "skill",
    "skill_set",
]


def __getattr__(name: str) -> Any:
    # The node is loaded when somebody wants one: an actor's process has none, and must be small and start at once.
    if name in ("Node", "build_package", "example_package"):
        from paranet import node  # pylint: disable=import-outside-toplevel
        return getattr(node, name)
    raise AttributeError("module 'paranet' has no attribute %r" % name)
