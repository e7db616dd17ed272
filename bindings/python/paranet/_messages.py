"""Requests that an actor makes of other skills, and their answers: between objects and bytes."""

from typing import Any, Dict, Optional, Tuple, Type

from paranet import _worker
from paranet._plan import Plan
from paranet._types import Types, is_record, show
from paranet.errors import InvalidArgumentError

# By class; a class is a few hundred bytes, and there are as many as the module has.
_CODECS: Dict[Type[Any], Tuple[Any, int]] = {}


def _codec(record: Type[Any]) -> Tuple[Any, int]:
    if record not in _CODECS:
        plan = Plan()
        number = plan.add(Types().record(record, "a call"))
        _CODECS[record] = (_worker.Codec(plan.messages), number)
    return _CODECS[record]


def encode(request: Any) -> bytes:
    """The bytes of a dataclass instance, of a generated protobuf message, or of bytes."""
    if isinstance(request, bytes):
        return request
    if hasattr(request, "SerializeToString"):
        return request.SerializeToString()
    if is_record(type(request)):
        codec, number = _codec(type(request))
        return codec.encode(number, request)
    raise InvalidArgumentError("request: expected a dataclass instance, a protobuf message or bytes, found %s" %
                               type(request).__name__)


def decode(data: bytes, returns: Optional[Type[Any]]) -> Any:
    """The object of a response."""
    if returns is None or returns is bytes:
        return data
    if hasattr(returns, "FromString"):
        return returns.FromString(data)
    if is_record(returns):
        codec, number = _codec(returns)
        return codec.decode(number, data)
    raise InvalidArgumentError("returns: expected a dataclass, a TypedDict, a message's class or None, found " +
                               show(returns))
