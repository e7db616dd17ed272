"""Descriptors of skill sets: a serialized google.protobuf.FileDescriptorSet, the same bytes for the same module.

Numbers are those of google/protobuf/descriptor.proto and of proto/paranet/v1/options.proto.
"""

from typing import Dict, List

from paranet import _types
from paranet._schema import Schema, SkillSet
from paranet._types import FieldType, Message
from paranet._wire import field, varint

_KINDS = {
    _types.INT: 3,
    _types.FLOAT: 1,
    _types.BOOL: 8,
    _types.STR: 9,
    _types.BYTES: 12,
    _types.MESSAGE: 11,
    _types.ENUM: 14,
}
_LABEL_OPTIONAL, _LABEL_REPEATED = 1, 3
_OPTIONS_FILE = "paranet/v1/options.proto"
# Of the extensions of ServiceOptions and MethodOptions.
_OPTION = 51951


def descriptors(schema: Schema) -> bytes:
    """All skill sets of a module; the well-known files that they import are the node's own."""
    return b"".join(field(1, _file(skill_set)) for skill_set in schema.skill_sets)


def _file(skill_set: SkillSet) -> bytes:
    package = skill_set.package
    out = [field(1, skill_set.file), field(2, package), field(3, _OPTIONS_FILE)]
    out += [field(4, _message(message, package)) for message in skill_set.types.messages.values()]
    for enum in skill_set.types.enums.values():
        # An int of protobuf is two's complement in 64 bits.
        values = [
            field(2, field(1, name) + varint(2 << 3) + varint(number & (1 << 64) - 1)) for name, number in enum.values
        ]
        alias = field(3, field(2, True)) if len({number for _, number in enum.values}) != len(enum.values) else b""
        out.append(field(5, field(1, enum.name) + b"".join(values) + alias))
    out += [field(6, _service(skill_set)), field(12, "proto3")]
    return b"".join(out)


def _service(skill_set: SkillSet) -> bytes:
    methods = []
    for method in skill_set.methods:
        options = field(1, method.options.action)
        if method.description:
            options += field(2, method.description)
        if method.options.idempotent:
            options += field(3, True)
        if method.options.private:
            options += field(4, True)
        body = [field(1, method.name)]
        body += [field(2, ".%s.%s" % (skill_set.package, method.request.name))]
        body += [field(3, ".%s.%s" % (skill_set.package, method.response.name))]
        body += [field(4, field(_OPTION, options))]
        if method.client_streams:
            body.append(field(5, True))
        if method.server_streams:
            body.append(field(6, True))
        methods.append(field(2, b"".join(body)))
    options = field(1, skill_set.subject) + field(2, skill_set.version)
    if skill_set.description:
        options += field(3, skill_set.description)
    if skill_set.private:
        options += field(4, True)
    return field(1, skill_set.service) + b"".join(methods) + field(3, field(_OPTION, options))


def _message(message: Message, package: str) -> bytes:
    fields: List[bytes] = []
    entries: List[bytes] = []
    oneofs: List[bytes] = []
    for item in message.fields:
        body = [field(1, item.name), field(3, item.number)]
        if item.label == _types.MAP:
            entry = _entry_name(item.name)
            entries.append(_entry(entry, item, package))
            body += [field(4, _LABEL_REPEATED), field(5, _KINDS[_types.MESSAGE])]
            body += [field(6, ".%s.%s.%s" % (package, message.name, entry))]
        else:
            body += [field(4, _LABEL_REPEATED if item.label == _types.REPEATED else _LABEL_OPTIONAL)]
            body += [_type(item, package)]
        if item.label == _types.OPTIONAL and item.kind != _types.MESSAGE:
            # proto3's `optional`: a oneof with one field (descriptor.proto, FieldDescriptorProto.proto3_optional).
            body += [field(9, len(oneofs))]
            oneofs.append(field(8, field(1, "_" + item.name)))
        body += [field(10, _json_name(item.name))]
        if item.label == _types.OPTIONAL and item.kind != _types.MESSAGE:
            body += [field(17, True)]
        fields.append(field(2, b"".join(body)))
    return field(1, message.name) + b"".join(fields) + b"".join(entries) + b"".join(oneofs)


def _entry(name: str, item: FieldType, package: str) -> bytes:
    key = field(1, "key") + field(3, 1) + field(4, _LABEL_OPTIONAL) + field(5, _KINDS[item.key]) + field(10, "key")
    value = field(1, "value") + field(3, 2) + field(4, _LABEL_OPTIONAL) + _type(item, package) + field(10, "value")
    return field(3, field(1, name) + field(2, key) + field(2, value) + field(7, field(7, True)))


def _type(item: FieldType, package: str) -> bytes:
    out = field(5, _KINDS[item.kind])
    if item.kind == _types.MESSAGE:
        return out + field(6, ".%s.%s" % (package, item.message.name))
    if item.kind == _types.ENUM:
        return out + field(6, ".%s.%s" % (package, item.enum.name))
    return out


def _entry_name(name: str) -> str:
    """As protoc names it: `by_city` -> `ByCityEntry`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Entry"


def _json_name(name: str) -> str:
    """As protoc makes it: an underscore goes, and the letter after it is a capital."""
    out, capital = [], False
    for letter in name:
        if letter == "_":
            capital = True
        else:
            out.append(letter.upper() if capital else letter)
            capital = False
    return "".join(out)


def services(schema: Schema) -> Dict[str, List[str]]:
    """The skills of each service, by full names."""
    return {
        "%s.%s" % (skill_set.package, skill_set.service): [method.options.action for method in skill_set.methods]
        for skill_set in schema.skill_sets
    }
