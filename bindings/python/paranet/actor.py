"""Actors in Python: skills from plain functions with type hints.

    from dataclasses import dataclass
    from typing import Iterator
    from paranet import Context, skill

    @dataclass
    class Report:
        city: str
        degrees: float

    @skill("weather/current", idempotent=True)
    def current(city: str) -> Report:
        "The weather in a city, now."
        return Report(city, 21.5)

    @skill("weather/watch")
    def watch(context: Context, city: str, count: int = 3) -> Iterator[Report]:
        "The weather in a city, again and again."
        for _ in range(count):
            yield current(city)

The parameters are the fields of the request, in their order. What is returned is the response: the fields of a
dataclass or a TypedDict, or one field `value`. An iterator that is returned (a generator) is a stream to the caller; a
parameter whose hint is `Iterator[...]` is a stream from it, and then the only parameter. `async def` functions use
`AsyncIterator`. A parameter whose hint is `Context` takes no field: it is the call.

Hints: str, int (64 bits), float, bool, bytes, list[T], dict[str, T] (also int and bool as keys), Optional[T], Enum,
dataclasses and TypedDict. What has a default, or is Optional, knows whether the caller gave it. All skills of a subject
are one skill set: subject `weather` in version 1.2.0 is the protobuf service `weather.v1.Weather`, `weather/watch` its
method `Watch`, with the request `WatchRequest`. So what other languages see follows from the names and their order;
`Annotated[str, Field(7)]` sets a field's number where that must stay.
"""

import re
import time
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Type, TypeVar, Union

from paranet.errors import BY_NUMBER, CancelledError, Error, InvalidArgumentError

_Function = TypeVar("_Function", bound=Callable[..., Any])

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")


@dataclass(frozen=True)
class Field:
    """In `Annotated[T, Field(7)]`: a field's number in the message, where it must not follow from the order."""

    number: int


@dataclass(frozen=True)
class SkillOptions:
    """What a decorator said about a function."""

    function: Callable[..., Any]
    subject: str
    action: str
    version: Optional[str]
    idempotent: bool
    private: bool


@dataclass(frozen=True)
class SkillSetOptions:
    """What a module said about one of its skill sets."""

    subject: str
    version: Optional[str]
    description: Optional[str]
    private: bool


def where(function: Callable[..., Any]) -> str:
    """`greet (hello/main.py:12)`: how errors name a function."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", repr(function))
    return name if code is None else "%s (%s:%d)" % (name, code.co_filename, code.co_firstlineno)


def _check_name(text: object, what: str, example: str) -> str:
    if not isinstance(text, str):
        raise TypeError("%s: expected a str such as %r, found %s" % (what, example, type(text).__name__))
    for part, name in zip(("subject", "action"), text.split("/")):
        if not _NAME.fullmatch(name):
            raise ValueError("%s: %s %r is not a lower-case letter followed by at most 62 lower-case letters, digits "
                             "and hyphens" % (what, part, name))
    return text


def _check_version(version: object, what: str) -> None:
    if version is not None and not (isinstance(version, str) and _VERSION.fullmatch(version)):
        raise ValueError("%s: expected a semantic version such as '1.2.0', found %r" % (what, version))


def _check_bool(value: object, what: str) -> None:
    if not isinstance(value, bool):
        raise TypeError("%s: expected True or False, found %r" % (what, value))


def skill(name: str, *, version: Optional[str] = None, idempotent: bool = False,
          private: bool = False) -> Callable[[_Function], _Function]:
    """Makes a skill of a function, which stays what it is and can be called and tested as before.

    Args:
        name: `subject/action`.
        version: Semantic version of the skill set, 1.0.0 if nobody says; the same for all skills of a subject.
        idempotent: Doing it twice has the effect of doing it once, so that a call may be repeated after a failure.
        private: It is never exported to a peer.
    """
    if isinstance(name, FunctionType):
        raise TypeError("skill on %s: expected @skill(\"subject/action\"), found @skill without a name" % where(name))

    def decorate(function: _Function) -> _Function:
        if not isinstance(function, FunctionType):
            raise TypeError("skill %r: expected a function, found %s %r; decorate a plain function of the module" %
                            (name, type(function).__name__, getattr(function, "__name__", function)))
        what = "skill of %s" % where(function)
        _check_name(name, what, "hello/greet")
        if name.count("/") != 1:
            raise ValueError("%s: expected subject/action such as 'hello/greet', found %r" % (what, name))
        _check_version(version, what + ": version")
        _check_bool(idempotent, what + ": idempotent")
        _check_bool(private, what + ": private")
        if "__paranet_skill__" in vars(function):
            raise ValueError("%s: it is a skill already; a function is one skill" % what)
        subject, action = name.split("/")
        options = SkillOptions(function, subject, action, version, idempotent, private)
        vars(function)["__paranet_skill__"] = options
        # Of all that are defined, also where a later function takes the name of an earlier one.
        function.__globals__.setdefault("__paranet_skills__", []).append(options)
        return function

    return decorate


def skill_set(subject: str, *, version: Optional[str] = None, description: Optional[str] = None, private: bool = False,
              module: Optional[Dict[str, Any]] = None) -> None:
    """Says what is true of all skills of a subject; to be called in their module, once for a subject.

    Args:
        subject: The part of the skills' names before the slash.
        version: Semantic version.
        description: One or two sentences; the first paragraph of the module's docstring if not given.
        private: The skill set is never exported to a peer.
        module: The namespace of the module (`globals()`); the caller's if not given.
    """
    what = "skill_set"
    _check_name(subject, what, "hello")
    if "/" in subject:
        raise ValueError("skill_set: expected a subject such as 'hello', found %r" % subject)
    what = "skill_set %r" % subject
    _check_version(version, what + ": version")
    _check_bool(private, what + ": private")
    if description is not None and not isinstance(description, str):
        raise TypeError("%s: description: expected a str, found %s" % (what, type(description).__name__))
    if module is None:
        import sys  # pylint: disable=import-outside-toplevel
        module = sys._getframe(1).f_globals  # pylint: disable=protected-access
    sets: List[SkillSetOptions] = module.setdefault("__paranet_skill_sets__", [])
    if any(other.subject == subject for other in sets):
        raise ValueError("%s: it is described twice in module %s" % (what, module.get("__name__")))
    sets.append(SkillSetOptions(subject, version, description, private))


class Context:
    """One call, as its function sees it: who calls, until when, and the node around it.

    It must not be used after the function has returned.
    """

    __slots__ = ("_call",)

    def __init__(self, call: Any) -> None:
        self._call = call

    @property
    def caller(self) -> str:
        """Who calls: `paranet://acme/node/alpha`, `uid:1000`, `local` or `anonymous`."""
        return self._call.caller()

    @property
    def deadline(self) -> Optional[float]:
        """When the call must have ended, as `time.time()` counts; None if never."""
        return self._call.deadline()

    @property
    def remaining(self) -> Optional[float]:
        """The seconds left until the deadline, 0.0 at least; None if there is none."""
        deadline = self.deadline
        return None if deadline is None else max(0.0, deadline - time.time())

    @property
    def cancelled(self) -> bool:
        """True if nobody waits for the answer any more: the caller gave up, or the deadline has passed."""
        return self._call.cancelled()

    def check(self) -> None:
        """Raises CancelledError if nobody waits for the answer any more."""
        if self.cancelled:
            raise CancelledError("the call is over")

    def metadata(self, key: str) -> List[Union[str, bytes]]:
        """The values of the caller's metadata `key`: bytes where it ends in "-bin", else str."""
        return self._call.metadata(key)

    def add_trailer(self, key: str, value: Union[str, bytes]) -> None:
        """Adds to the metadata that travels with the answer."""
        if not self._call.add_trailer(key, value):
            raise InvalidArgumentError("%r with this value is no valid trailing metadata" % key)

    def sleep(self, seconds: float) -> bool:
        """Sleeps, and lets other skills of the actor run meanwhile. False, at once, when the call is over.

        In an `async def` use asyncio.sleep.
        """
        return self._call.sleep(seconds)

    def config(self, key: str, default: Optional[str] = None) -> Optional[str]:
        """The actor's configuration: `env` in paranet.yaml and what the operator adds. Also in `os.environ`."""
        value = self._call.config(key)
        return default if value is None else value

    def debug(self, text: object) -> None:
        """One line in the actor's log."""
        self._call.log(0, str(text))

    def info(self, text: object) -> None:
        """One line in the actor's log."""
        self._call.log(1, str(text))

    def warning(self, text: object) -> None:
        """One line in the actor's log."""
        self._call.log(2, str(text))

    def error(self, text: object) -> None:
        """One line in the actor's log."""
        self._call.log(3, str(text))

    def call(self, name: str, request: Any = b"", returns: Optional[Type[Any]] = None, *,
             timeout: Optional[float] = None) -> Any:
        """Calls a unary skill of this node or of a peer, on behalf of the present caller, and waits for the answer.

        Args:
            name: `weather/current`, `weather/current~1.2` or a gRPC path.
            request: A dataclass instance whose fields are those of the request, a generated protobuf message, or bytes.
            returns: The dataclass, TypedDict or generated message that the response becomes; None: its bytes.
            timeout: Seconds; never more than what this call has left.

        Raises:
            Error: Of the class of the status that the skill answers.
        """
        from paranet import _messages  # pylint: disable=import-outside-toplevel
        code, data = self._call.call(name, _messages.encode(request), timeout)
        return _result(name, code, data, returns)

    async def call_async(self, name: str, request: Any = b"", returns: Optional[Type[Any]] = None, *,
                         timeout: Optional[float] = None) -> Any:
        """As `call`, and other coroutines run while it waits."""
        import asyncio  # pylint: disable=import-outside-toplevel
        from paranet import _messages  # pylint: disable=import-outside-toplevel
        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def done(code: int, data: bytes) -> None:
            loop.call_soon_threadsafe(lambda: future.done() or future.set_result((code, data)))

        self._call.call_async(name, _messages.encode(request), timeout, done)
        code, data = await future
        return _result(name, code, data, returns)

    def stream(self, name: str, requests: Iterable[Any] = (b"",), returns: Optional[Type[Any]] = None, *,
               timeout: Optional[float] = None) -> Iterator[Any]:
        """Calls a skill that streams, in either direction or both; yields the answers.

        Arguments and errors are those of `call`. Leaving the loop early gives up on the call. The requests are taken on
        another thread if there are several. For functions that are not async.
        """
        from paranet import _messages  # pylint: disable=import-outside-toplevel
        outgoing = self._call.open(name, timeout)

        def send() -> None:
            for request in requests:
                if not outgoing.send(_messages.encode(request)):
                    return
            outgoing.close_send()

        if isinstance(requests, (list, tuple)) and len(requests) <= 1:
            send()
        else:
            import threading  # pylint: disable=import-outside-toplevel
            threading.Thread(target=send, daemon=True).start()
        over = False
        try:
            while (answer := outgoing.receive()) is not None:
                yield _messages.decode(answer, returns)
            over = True
        finally:
            if not over:
                outgoing.cancel()
            code, text = outgoing.outcome()
        if code:
            _result(name, code, text, None)


def _result(name: str, code: int, data: bytes, returns: Optional[Type[Any]]) -> Any:
    if code:
        raise BY_NUMBER.get(code, Error)("%s: %s" % (name, data.decode("utf-8", "replace")))
    from paranet import _messages  # pylint: disable=import-outside-toplevel
    return _messages.decode(data, returns)
