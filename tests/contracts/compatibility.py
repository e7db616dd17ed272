"""Whether one set of protobuf files can take the place of another, on the wire, in JSON and in source code.

A FileDescriptorSet is flattened into elements: every message, field, enum, value, service, method, extension and
reserved number, by name, each with the attributes that others rely on. An element that is gone, or an attribute that
changed, breaks somebody. An element that is new breaks nobody.
"""

import dataclasses
from typing import Dict, Iterator, List, Tuple

from google.protobuf import descriptor_pb2

Attributes = Dict[str, object]

_FIELD = descriptor_pb2.FieldDescriptorProto


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What changed from the old set to the new one, each a sentence, sorted."""

    breaking: List[str]
    additions: List[str]


def compare(old: descriptor_pb2.FileDescriptorSet, new: descriptor_pb2.FileDescriptorSet) -> Comparison:
    before, after = dict(_elements(old)), dict(_elements(new))
    breaking = []
    for element, attributes in before.items():
        if element not in after:
            breaking.append(_gone(element, attributes, after))
            continue
        for name, value in attributes.items():
            if after[element][name] != value:
                breaking.append(f"{element}: {name} changed from {value!r} to {after[element][name]!r}")
    additions = [f"{element} is new" for element in after if element not in before]
    return Comparison(sorted(breaking), sorted(additions))


def _gone(element: str, attributes: Attributes, after: Dict[str, Attributes]) -> str:
    """Why `element` is missing: a field that kept its name but not its number has moved."""
    owner = element.rpartition(" ")[2].rpartition(".")[0]
    if element.startswith("field "):
        for other, there in after.items():
            if other.startswith(f"field {owner}.") and there["name"] == attributes["name"]:
                return f"field {owner}.{attributes['name']}: number changed from {_last(element)} to {_last(other)}"
        return f"{element} ({attributes['name']}) is gone"
    return f"{element} is gone"


def _last(element: str) -> str:
    return element.rpartition(".")[2]


def _elements(files: descriptor_pb2.FileDescriptorSet) -> Iterator[Tuple[str, Attributes]]:
    for file in files.file:
        scope = file.package
        yield f"file {file.name}", {"package": file.package, "syntax": file.syntax or "proto2"}
        for message in file.message_type:
            yield from _message(scope, message)
        for enum in file.enum_type:
            yield from _enum(scope, enum)
        for extension in file.extension:
            yield f"extension {scope}.{extension.name}", {
                "number": extension.number,
                "extendee": extension.extendee,
                **_field(extension, ""),
            }
        for service in file.service:
            yield from _service(scope, service)


def _message(scope: str, message: descriptor_pb2.DescriptorProto) -> Iterator[Tuple[str, Attributes]]:
    name = f"{scope}.{message.name}"
    yield f"message {name}", {"map entry": message.options.map_entry}
    for field in message.field:
        oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
        yield f"field {name}.{field.number}", _field(field, oneof)
    # `end` is exclusive here and inclusive in enums.
    for reserved in message.reserved_range:
        for number in range(reserved.start, reserved.end):
            yield f"reserved number {name}.{number}", {}
    for reserved in message.reserved_name:
        yield f"reserved name {name}.{reserved}", {}
    for nested in message.nested_type:
        yield from _message(name, nested)
    for enum in message.enum_type:
        yield from _enum(name, enum)


def _field(field: descriptor_pb2.FieldDescriptorProto, oneof: str) -> Attributes:
    return {
        "name": field.name,
        "JSON name": field.json_name,
        "type": field.type_name or _FIELD.Type.Name(field.type),
        "label": _FIELD.Label.Name(field.label),
        "presence": field.proto3_optional,
        "oneof": oneof,
        "packed": field.options.packed if field.options.HasField("packed") else None,
        "default": field.default_value,
    }


def _enum(scope: str, enum: descriptor_pb2.EnumDescriptorProto) -> Iterator[Tuple[str, Attributes]]:
    name = f"{scope}.{enum.name}"
    yield f"enum {name}", {}
    for value in enum.value:
        yield f"enum value {name}.{value.name}", {"number": value.number}
    for reserved in enum.reserved_range:
        for number in range(reserved.start, reserved.end + 1):
            yield f"reserved number {name}.{number}", {}
    for reserved in enum.reserved_name:
        yield f"reserved name {name}.{reserved}", {}


def _service(scope: str, service: descriptor_pb2.ServiceDescriptorProto) -> Iterator[Tuple[str, Attributes]]:
    name = f"{scope}.{service.name}"
    yield f"service {name}", {}
    for method in service.method:
        yield f"method {name}.{method.name}", {
            "request": method.input_type,
            "response": method.output_type,
            "client streaming": method.client_streaming,
            "server streaming": method.server_streaming,
            "idempotency": method.options.idempotency_level,
        }
