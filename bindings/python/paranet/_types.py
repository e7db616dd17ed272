"""From type hints to messages: what each hint is in protobuf, and why it is not.

The result is what the extension module needs to convert (paranet/_worker) and what descriptors are written from
(paranet/_descriptors).
"""

import collections.abc
import dataclasses
import enum
import re
import types
import typing
from typing import Any, Dict, List, Optional, Tuple

from paranet.actor import Context, Field

# The numbers that the extension module knows (bindings/python/message_plan.h).
INT, FLOAT, BOOL, STR, BYTES, MESSAGE, ENUM = range(7)
SINGULAR, OPTIONAL, REPEATED, MAP = range(4)
# What stands in the place of a field that is not there.
ZERO, VALUE, FACTORY, MISSING, OMITTED = range(5)
ARGUMENTS, DATACLASS, DICTIONARY, WRAPPED = range(4)

_SCALARS = {int: INT, float: FLOAT, bool: BOOL, str: STR, bytes: BYTES}
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_NUMBER = (1 << 29) - 1
_RESERVED_NUMBERS = range(19_000, 20_000)
_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_DEFAULT_MISSING = object()


class SchemaError(TypeError):
    """A hint that no schema can express; says where, what was expected and what was found."""


@dataclasses.dataclass
class EnumType:
    """A protobuf enum made of a Python one."""

    name: str
    type: Any
    # In the order of definition; the first is zero.
    values: List[Tuple[str, int]]
    members: Dict[int, Any]


@dataclasses.dataclass
class FieldType:
    """One field. For what the numbers mean see the constants above."""

    number: int
    name: str
    kind: int
    label: int = SINGULAR
    key: int = STR
    message: Optional["Message"] = None
    enum: Optional[EnumType] = None
    absent: int = ZERO
    default: Any = None


@dataclasses.dataclass
class Message:
    """One message; `type` is the Python class, if there is one."""

    name: str
    form: int
    type: Any = None
    fields: List[FieldType] = dataclasses.field(default_factory=list)
    where: str = ""


def show(hint: Any) -> str:
    """`list[int]` and not `<class 'list'>`."""
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__
    return str(hint).replace("typing.", "")


def is_record(hint: Any) -> bool:
    """Whether a hint is a message of its own: a dataclass or a TypedDict."""
    return isinstance(hint, type) and (dataclasses.is_dataclass(hint) or typing.is_typeddict(hint))


def hints_of(thing: Any, where: str) -> Dict[str, Any]:
    """The hints of a function or a class, with names resolved."""
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except NameError as error:
        raise SchemaError("%s: a hint names %r, which the module does not define" % (where, error.name)) from None
    except Exception as error:
        raise SchemaError("%s: a hint cannot be read: %s" % (where, error)) from error


def _strip(hint: Any) -> Tuple[Any, Optional[int], bool]:
    """The hint without Annotated and NotRequired, the number that it asks for, and whether it may be left out."""
    number, optional_key = None, False
    while True:
        origin = typing.get_origin(hint)
        if origin in (typing.NotRequired, typing.Required):
            optional_key = origin is typing.NotRequired
            hint = typing.get_args(hint)[0]
        elif origin is typing.Annotated:
            for extra in hint.__metadata__:
                if isinstance(extra, Field):
                    number = extra.number
            hint = hint.__origin__
        else:
            return hint, number, optional_key


class Types:
    """The messages and enums of one protobuf package, by name; made as hints are met."""

    def __init__(self) -> None:
        self.messages: Dict[str, Message] = {}
        self.enums: Dict[str, EnumType] = {}

    def record(self, hint: Any, where: str) -> Message:
        """The message of a dataclass or TypedDict."""
        name = self._claim(hint, where)
        if name in self.messages:
            return self.messages[name]
        form = DATACLASS if dataclasses.is_dataclass(hint) else DICTIONARY
        inside = "%s %s.%s" % ("dataclass" if form == DATACLASS else "TypedDict", hint.__module__, hint.__qualname__)
        # Known before its fields are: a type may have itself in it.
        message = self.messages[name] = Message(name, form, hint, where=inside)
        hints = hints_of(hint, inside)
        defaults: Dict[str, Tuple[int, Any]] = {}
        if form == DATACLASS:
            names = []
            for item in dataclasses.fields(hint):
                if not item.init:
                    raise SchemaError("%s, field %s: expected a field that __init__ takes, found init=False" %
                                      (inside, item.name))
                names.append(item.name)
                if item.default is not dataclasses.MISSING:
                    defaults[item.name] = (VALUE, item.default)
                elif item.default_factory is not dataclasses.MISSING:
                    defaults[item.name] = (FACTORY, item.default_factory)
            hints = {field_name: hints[field_name] for field_name in names}
        else:
            for field_name in hints:
                if field_name in hint.__optional_keys__:
                    defaults[field_name] = (OMITTED, None)
        self.fill(message, hints, defaults)
        return message

    def fill(self, message: Message, hints: Dict[str, Any], defaults: Dict[str, Tuple[int, Any]]) -> None:
        """Adds the fields of a message."""
        json_names: Dict[str, str] = {}
        next_number = 1
        taken: Dict[int, str] = {}
        for name, hint in hints.items():
            where = "%s, %s %s" % (message.where, "parameter" if message.form == ARGUMENTS else "field", name)
            if not _IDENTIFIER.fullmatch(name):
                raise SchemaError("%s: expected a name of ASCII letters, digits and underscores, found %r" %
                                  (where, name))
            hint, number, optional_key = _strip(hint)
            number = next_number if number is None else number
            if not isinstance(number, int) or not 1 <= number <= _MAX_NUMBER or number in _RESERVED_NUMBERS:
                raise SchemaError("%s: expected a field number from 1 to %d, not 19000 to 19999, found %r" %
                                  (where, _MAX_NUMBER, number))
            if number in taken:
                raise SchemaError("%s: it has number %d, as %s has" % (where, number, taken[number]))
            taken[number] = name
            next_number = number + 1
            json_name = name.replace("_", "").lower()
            if json_name in json_names:
                raise SchemaError("%s: in JSON it has the same name as %s; rename one" % (where, json_names[json_name]))
            json_names[json_name] = name
            # Where annotations are strings, TypedDict does not know its optional keys.
            absent, default = defaults.get(name, (OMITTED if optional_key else ZERO, None))
            field = self._field(hint, where)
            field.number, field.name = number, name
            self._presence(field, absent, default, where)
            message.fields.append(field)

    @staticmethod
    def _presence(field: FieldType, absent: int, default: Any, where: str) -> None:
        if field.label in (REPEATED, MAP):
            # Nothing in them and not there are the same.
            if absent == VALUE and default or absent == FACTORY and default():
                raise SchemaError("%s: expected an empty default, because a list or dict that is not given is empty, "
                                  "found %r" % (where, default))
            return
        if absent != ZERO:
            if field.label == SINGULAR:
                field.label = OPTIONAL
            field.absent, field.default = absent, default
        elif field.label == OPTIONAL:
            field.absent, field.default = VALUE, None
        elif field.kind == MESSAGE or field.kind == ENUM and 0 not in field.enum.members:
            field.absent = MISSING

    def _field(self, hint: Any, where: str) -> FieldType:
        """The field of a hint, without number and name."""
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin in _UNIONS:
            others = [arg for arg in args if arg is not type(None)]
            if len(others) != 1 or len(others) == len(args):
                raise SchemaError("%s: expected one type or Optional of one, found %s" % (where, show(hint)))
            field = self._single(others[0], where, "inside Optional")
            field.label = OPTIONAL
            return field
        if hint in (list, typing.List) or hint in (dict, typing.Dict):
            raise SchemaError("%s: expected list[T] or dict[str, T], found %s without what is in it" %
                              (where, show(hint)))
        if origin in (list, collections.abc.Sequence):
            field = self._single(args[0], where, "inside a list")
            field.label = REPEATED
            return field
        if origin in (dict, collections.abc.Mapping):
            if args[0] not in (str, int, bool):
                raise SchemaError("%s: expected keys of str, int or bool, found %s" % (where, show(args[0])))
            field = self._single(args[1], where, "inside a dict")
            field.label, field.key = MAP, _SCALARS[args[0]]
            return field
        return self._single(hint, where, "")

    def _single(self, hint: Any, where: str, context: str) -> FieldType:
        hint = _strip(hint)[0]
        if isinstance(hint, typing.ForwardRef):
            raise SchemaError("%s: the module does not define %r" % (where, hint.__forward_arg__))
        if hint in _SCALARS:
            return FieldType(0, "", _SCALARS[hint])
        if is_record(hint):
            return FieldType(0, "", MESSAGE, message=self.record(hint, where))
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return FieldType(0, "", ENUM, enum=self._enum(hint, where))
        found = show(hint)
        if hint is Context:
            raise SchemaError("%s: Context is the call and no field" % where)
        if context:
            raise SchemaError("%s: expected a scalar, an Enum, a dataclass or a TypedDict %s, found %s; put it into a "
                              "dataclass" % (where, context, found))
        raise SchemaError("%s: expected str, int, float, bool, bytes, list[T], dict[str, T], Optional[T], an Enum, a "
                          "dataclass or a TypedDict, found %s" % (where, found))

    def _enum(self, hint: Any, where: str) -> EnumType:
        name = self._claim(hint, where)
        if name in self.enums:
            return self.enums[name]
        members = list(hint)
        if not members:
            raise SchemaError("%s: enum %s has no members" % (where, name))
        prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper() + "_"
        numbered = all(isinstance(member.value, int) and not isinstance(member.value, bool) for member in members)
        # Members that are no numbers are counted, and zero is nobody's.
        numbers = [member.value for member in members] if numbered else list(range(1, len(members) + 1))
        values = [(prefix + member.name.upper(), number) for member, number in zip(members, numbers)]
        for value, number in values:
            if not _IDENTIFIER.fullmatch(value) or not -(1 << 31) <= number < 1 << 31:
                raise SchemaError("%s: enum %s: expected names of ASCII letters and numbers of 32 bits, found %s = %d" %
                                  (where, name, value, number))
        values.sort(key=lambda value: value[1] != 0)
        if values[0][1] != 0:
            values.insert(0, (prefix + "UNSPECIFIED", 0))
        if len({value for value, _ in values}) != len(values):
            raise SchemaError("%s: enum %s: two members have the same name in protobuf; rename one" % (where, name))
        self.enums[name] = EnumType(name, hint, values, dict(zip(numbers, members)))
        return self.enums[name]

    def _claim(self, hint: Any, where: str) -> str:
        """The name of a class, if no other class has it."""
        name = hint.__name__
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise SchemaError("%s: expected a class name of ASCII letters, digits and underscores, a letter first, "
                              "found %r" % (where, name))
        known = self.messages.get(name) or self.enums.get(name)
        if known is not None and known.type is not hint:
            other = "a request or response"
            if known.type is not None:
                other = "%s.%s" % (known.type.__module__, known.type.__qualname__)
            raise SchemaError("%s: class %s.%s has the name of %s; rename one" %
                              (where, hint.__module__, hint.__qualname__, other))
        return name
