"""The contracts as they are now, and the checked-in baseline that they are held against."""

import pathlib
from typing import Sequence

from google.protobuf import descriptor_pb2, text_format

RENEW = "./bazelw run //tests/contracts:update"

_HEADER = f"""\
# proto-file: google/protobuf/descriptor.proto
# proto-message: FileDescriptorSet
#
# The contracts of proto/ as others rely on them. Written by `{RENEW}`; do not edit.
"""


def current(descriptor_sets: Sequence[str]) -> descriptor_pb2.FileDescriptorSet:
    """All contracts, from the descriptor sets that the build made of them, sorted by file name."""
    found = {}
    for path in descriptor_sets:
        one = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(path).read_bytes())
        found.update({file.name: file for file in one.file})
    return descriptor_pb2.FileDescriptorSet(file=[found[name] for name in sorted(found)])


def parse(text: str) -> descriptor_pb2.FileDescriptorSet:
    return text_format.Parse(text, descriptor_pb2.FileDescriptorSet())


def render(contracts: descriptor_pb2.FileDescriptorSet) -> str:
    return _HEADER + text_format.MessageToString(contracts)
