"""What goes wrong, as exceptions: `Error`, and one subclass for each gRPC status code.

Each is also the builtin that one expects (`NotFoundError` is a `KeyError`, `DeadlineExceededError` a `TimeoutError`),
and has `code`, the status code's name. An actor raises them to answer with that status:

>>> raise NotFoundError("no weather report for Atlantis")
Traceback (most recent call last):
    ...
paranet.NotFoundError: no weather report for Atlantis
"""

from typing import Dict, Tuple, Type


class Error(Exception):
    """Base of all errors of Paranet. `code` is the gRPC status code's name, `number` its number."""

    code = "UNKNOWN"
    number = 2

    def __str__(self) -> str:
        # KeyError would quote it.
        return " ".join(str(arg) for arg in self.args)


class CancelledError(Error, RuntimeError):
    """The caller gave up, or the node stops."""

    code, number = "CANCELLED", 1


class UnknownError(Error, RuntimeError):
    """An error that says no more."""

    code, number = "UNKNOWN", 2


class InvalidArgumentError(Error, ValueError):
    """What was given is wrong, whatever the state of things."""

    code, number = "INVALID_ARGUMENT", 3


class DeadlineExceededError(Error, TimeoutError):
    """It took longer than the caller would wait."""

    code, number = "DEADLINE_EXCEEDED", 4


class NotFoundError(Error, KeyError):
    """There is no such thing."""

    code, number = "NOT_FOUND", 5


class AlreadyExistsError(Error, FileExistsError):
    """There is such a thing already."""

    code, number = "ALREADY_EXISTS", 6


class PermissionDeniedError(Error, PermissionError):
    """The caller may not do that."""

    code, number = "PERMISSION_DENIED", 7


class ResourceExhaustedError(Error, RuntimeError):
    """A limit is reached: of a mailbox, a quota, space."""

    code, number = "RESOURCE_EXHAUSTED", 8


class FailedPreconditionError(Error, RuntimeError):
    """The state of things does not allow it; trying again without changing that does not help."""

    code, number = "FAILED_PRECONDITION", 9


class AbortedError(Error, RuntimeError):
    """It collided with something else; begin again."""

    code, number = "ABORTED", 10


class OutOfRangeError(Error, IndexError):
    """Past the end of what is valid."""

    code, number = "OUT_OF_RANGE", 11


class UnimplementedError(Error, NotImplementedError):
    """This is not offered here."""

    code, number = "UNIMPLEMENTED", 12


class InternalError(Error, RuntimeError):
    """A fault in a program: an actor's, or Paranet's."""

    code, number = "INTERNAL", 13


class UnavailableError(Error, ConnectionError):
    """Not now; trying again may help."""

    code, number = "UNAVAILABLE", 14


class DataLossError(Error, RuntimeError):
    """Data is lost or damaged."""

    code, number = "DATA_LOSS", 15


class UnauthenticatedError(Error, PermissionError):
    """It is not known who calls."""

    code, number = "UNAUTHENTICATED", 16


_CLASSES: Tuple[Type[Error], ...] = (
    CancelledError,
    UnknownError,
    InvalidArgumentError,
    DeadlineExceededError,
    NotFoundError,
    AlreadyExistsError,
    PermissionDeniedError,
    ResourceExhaustedError,
    FailedPreconditionError,
    AbortedError,
    OutOfRangeError,
    UnimplementedError,
    InternalError,
    UnavailableError,
    DataLossError,
    UnauthenticatedError,
)

# By the status code's number. For the extension modules, which raise them.
BY_NUMBER: Dict[int, Type[Error]] = {error.number: error for error in _CLASSES}

for _class in (Error, *_CLASSES):
    _class.__module__ = "paranet"
