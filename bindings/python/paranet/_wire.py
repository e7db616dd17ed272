"""Just enough of protobuf's encoding to write descriptors, without the protobuf package.

https://protobuf.dev/programming-guides/encoding/
"""

from typing import Union

_LENGTH_DELIMITED = 2


def varint(value: int) -> bytes:
    """An unsigned varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: Union[int, bool, str, bytes]) -> bytes:
    """A field: a varint, or a string, bytes or message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(int(value))
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | _LENGTH_DELIMITED) + varint(len(data)) + data
