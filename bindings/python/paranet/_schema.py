"""The skills of a module: from decorated functions to skill sets, methods, requests and responses."""

import collections.abc
import inspect
import types
import typing
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple

from paranet import _types
from paranet._types import Message, SchemaError, Types, show
from paranet.actor import Context, SkillOptions, SkillSetOptions, where

_ITERATORS = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator)
_ASYNC_ITERATORS = (collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator)
_DEFAULT_VERSION = "1.0.0"
# As core/skill/skill_set.cc has it.
_MAX_DESCRIPTION = 4_096

# What stands in the place of an argument that is no field (bindings/python/actor_module.h).
CONTEXT, REQUESTS = -1, -2


@dataclass
class Method:
    """One skill as a method: its function, and how to call it."""

    options: SkillOptions
    name: str
    description: str
    request: Message
    response: Message
    client_streams: bool
    server_streams: bool
    is_async: bool
    # For each parameter the index of its field in the request, CONTEXT or REQUESTS.
    arguments: List[int]
    # The last parameters, which go by name.
    keywords: Tuple[str, ...]

    @property
    def function(self) -> Callable[..., Any]:
        """What runs."""
        return self.options.function


@dataclass
class SkillSet:
    """All skills of a subject."""

    subject: str
    version: str
    description: str
    private: bool
    types: Types
    methods: List[Method]

    @property
    def package(self) -> str:
        """`hello.v1`"""
        return "%s.v%s" % (self.subject.replace("-", "_"), self.version.split(".", maxsplit=1)[0])

    @property
    def service(self) -> str:
        """`Hello`"""
        return camel(self.subject)

    @property
    def file(self) -> str:
        """`hello/v1/hello.proto`"""
        return "%s/%s.proto" % (self.package.replace(".", "/"), self.subject.replace("-", "_"))


@dataclass
class Schema:
    """All skill sets of a module, by subject."""

    skill_sets: List[SkillSet]


def camel(name: str) -> str:
    """`ledger-sum` -> `LedgerSum`"""
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def schema_of(module: types.ModuleType) -> Schema:
    """The skills that a module defines, and those that it imports from other modules."""
    found: List[SkillOptions] = list(vars(module).get("__paranet_skills__", ()))
    for value in vars(module).values():
        options = getattr(value, "__dict__", {}).get("__paranet_skill__") if callable(value) else None
        if isinstance(options, SkillOptions) and not any(options is other for other in found):
            found.append(options)
    if not found:
        raise SchemaError("module %s: expected functions with @skill(\"subject/action\"), found none" % module.__name__)
    sets: List[SkillSetOptions] = vars(module).get("__paranet_skill_sets__", [])
    said = {options.subject: options for options in sets}
    by_subject: Dict[str, List[SkillOptions]] = {}
    for options in found:
        by_subject.setdefault(options.subject, []).append(options)
    for subject in said:
        if subject not in by_subject:
            raise SchemaError("module %s: skill_set %r has no skill" % (module.__name__, subject))
    return Schema([_skill_set(module, said.get(subject), by_subject[subject]) for subject in sorted(by_subject)])


def _skill_set(module: types.ModuleType, said: Optional[SkillSetOptions], found: List[SkillOptions]) -> SkillSet:
    subject = found[0].subject
    version, source = (said.version, "skill_set") if said and said.version else (None, "")
    for options in found:
        if options.version is None:
            continue
        if version not in (None, options.version):
            raise SchemaError("skill of %s: version: expected %r as in %s, because all skills of subject %r are one "
                              "skill set, found %r" %
                              (where(options.function), version, source, subject, options.version))
        version, source = options.version, where(options.function)
    description = said.description if said and said.description is not None else _first_paragraph(module)
    if len(description.encode()) > _MAX_DESCRIPTION:
        raise SchemaError("skill_set %r: its description has more than %d bytes" % (subject, _MAX_DESCRIPTION))
    skill_set = SkillSet(subject, version or _DEFAULT_VERSION, description, bool(said and said.private), Types(), [])
    names: Dict[str, SkillOptions] = {}
    for options in found:
        name = camel(options.action)
        if name in names:
            raise SchemaError("skill of %s: %s/%s and %s/%s of %s are the same method %s; rename one" %
                              (where(options.function), subject, options.action, subject, names[name].action,
                               where(names[name].function), name))
        names[name] = options
    for name, options in names.items():
        skill_set.methods.append(_method(skill_set, name, options))
    return skill_set


def _first_paragraph(thing: Any) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n", maxsplit=1)[0].split())


def _method(skill_set: SkillSet, name: str, options: SkillOptions) -> Method:
    function = options.function
    what = "skill of %s" % where(function)
    description = _first_paragraph(function)
    if len(description.encode()) > _MAX_DESCRIPTION:
        raise SchemaError("%s: the first paragraph of its docstring has more than %d bytes" % (what, _MAX_DESCRIPTION))
    hints = _types.hints_of(function, what)
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    request, stream_of, arguments, keywords = _parameters(skill_set, name, function, hints, is_async)
    response_hint, server_streams = _result(function, hints, is_async, what)
    if stream_of is not None:
        request = _whole(skill_set, name + "Request", stream_of, what + ", stream of requests")
    response = _whole(skill_set, name + "Response", response_hint, what + ", return value")
    return Method(options, name, description, request, response, stream_of is not None, server_streams, is_async,
                  arguments, keywords)


def _element(hint: Any, is_async: bool, what: str) -> Optional[Any]:
    """T if the hint is Iterator[T] or the like."""
    origin = typing.get_origin(hint) or hint
    if origin not in _ITERATORS + _ASYNC_ITERATORS:
        return None
    if (origin in _ASYNC_ITERATORS) != is_async:
        raise SchemaError("%s: expected %s in %s, found %s" %
                          (what, "AsyncIterator[T]" if is_async else "Iterator[T]",
                           "an async function" if is_async else "a function that is not async", show(hint)))
    args = typing.get_args(hint)
    if not args:
        raise SchemaError("%s: expected Iterator[T], found %s without what is in it" % (what, show(hint)))
    return args[0]


def _parameters(skill_set: SkillSet, name: str, function: Callable[..., Any], hints: Dict[str, Any],
                is_async: bool) -> Tuple[Message, Optional[Any], List[int], Tuple[str, ...]]:
    what = "skill of %s" % where(function)
    fields: Dict[str, Any] = {}
    defaults: Dict[str, Tuple[int, Any]] = {}
    arguments: List[int] = []
    keywords: List[str] = []
    stream_of, stream_name = None, ""
    for parameter in inspect.signature(function).parameters.values():
        here = "%s, parameter %s" % (what, parameter.name)
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise SchemaError("%s: expected parameters with names, which are the fields of the request, found %s" %
                              (what, str(parameter).split(":", maxsplit=1)[0]))
        if parameter.name not in hints:
            raise SchemaError("%s: expected a type hint, found none" % here)
        if parameter.kind == parameter.KEYWORD_ONLY:
            keywords.append(parameter.name)
        hint = hints[parameter.name]
        if hint is Context:
            arguments.append(CONTEXT)
            continue
        element = _element(hint, is_async, here)
        if element is not None:
            if stream_of is not None:
                raise SchemaError("%s: expected one stream of requests, found %s too" % (here, stream_name))
            stream_of, stream_name = element, parameter.name
            arguments.append(REQUESTS)
            continue
        arguments.append(len(fields))
        fields[parameter.name] = hint
        if parameter.default is not parameter.empty:
            defaults[parameter.name] = (_types.VALUE, parameter.default)
    request = Message(name + "Request", _types.ARGUMENTS, where=what)
    if stream_of is None:
        _claim(skill_set, request, what)
        skill_set.types.fill(request, fields, defaults)
    elif fields:
        raise SchemaError("%s: expected no parameter beside the stream of requests %s, found %s; put it into the "
                          "requests" % (what, stream_name, ", ".join(fields)))
    return request, stream_of, arguments, tuple(keywords)


def _result(function: Callable[..., Any], hints: Dict[str, Any], is_async: bool, what: str) -> Tuple[Any, bool]:
    """What is returned or yielded, and whether it is a stream."""
    if "return" not in hints:
        raise SchemaError("%s: expected a hint for what it returns (-> None if nothing), found none" % what)
    hint = hints["return"]
    yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if is_async and not yields and _is_iterator(hint):
        raise SchemaError("%s: expected an async function that returns %s to yield, found one that does not" %
                          (what, show(hint)))
    element = _element(hint, is_async, what + ", return value")
    if element is not None:
        return element, True
    if yields:
        raise SchemaError("%s: expected -> %s[T] of a function that yields, found -> %s" %
                          (what, "AsyncIterator" if is_async else "Iterator", show(hint)))
    return hint, False


def _is_iterator(hint: Any) -> bool:
    return (typing.get_origin(hint) or hint) in _ITERATORS + _ASYNC_ITERATORS


def _claim(skill_set: SkillSet, message: Message, what: str) -> None:
    known = skill_set.types.messages.get(message.name) or skill_set.types.enums.get(message.name)
    if known is not None:
        raise SchemaError("%s: the name %s is that of a class or of another request or response; rename the class" %
                          (what, message.name))
    skill_set.types.messages[message.name] = message


def _whole(skill_set: SkillSet, name: str, hint: Any, what: str) -> Message:
    """The message of what is returned, yielded or streamed in."""
    if _types.is_record(hint):
        return skill_set.types.record(hint, what)
    message = Message(name, _types.WRAPPED, where=what)
    _claim(skill_set, message, what)
    if hint is not type(None):
        skill_set.types.fill(message, {"value": hint}, {})
    return message
