"""What the extension module is told about messages and methods (bindings/python/message_plan.h, actor_module.h)."""

from typing import Any, Dict, List, Tuple

from paranet._schema import Method, Schema
from paranet._types import ENUM, Message
from paranet.actor import where


class Plan:
    """Messages by number, each once, with all that they have in them."""

    def __init__(self) -> None:
        self.messages: List[Tuple[Any, ...]] = []
        self._numbers: Dict[int, int] = {}

    def add(self, message: Message) -> int:
        """The message's number."""
        if id(message) in self._numbers:
            return self._numbers[id(message)]
        number = self._numbers[id(message)] = len(self.messages)
        fields: List[Tuple[Any, ...]] = []
        self.messages.append((message.name, message.form, message.type, fields))
        for field in message.fields:
            inner = -1 if field.message is None else self.add(field.message)
            members = field.enum.members if field.kind == ENUM and field.enum else {}
            fields.append((field.number, field.name, field.kind, field.label, field.key, inner, members,
                           {member: value for value, member in members.items()}, field.absent, field.default))
        return number


def plan_of(schema: Schema) -> Dict[str, Any]:
    """All messages and methods of a module."""
    plan = Plan()
    methods = [
        _method(plan, "/%s.%s/%s" % (skill_set.package, skill_set.service, method.name), method)
        for skill_set in schema.skill_sets
        for method in skill_set.methods
    ]
    return {"messages": plan.messages, "methods": methods}


def _method(plan: Plan, path: str, method: Method) -> Tuple[Any, ...]:
    return (path, method.client_streams, method.server_streams, method.is_async, plan.add(method.request),
            plan.add(method.response), method.function, method.arguments, method.keywords,
            "%s/%s, %s" % (method.options.subject, method.options.action, where(method.function)))
