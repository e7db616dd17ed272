"""House rules that no other tool knows. Each takes the texts of the repository by path and names what breaks it."""

import re
from typing import Dict, Iterator

Texts = Dict[str, str]

LARGEST_FILE_BYTES = 25_000
_SOURCES = (".bazel", ".bzl", ".c", ".cc", ".h", ".md", ".proto", ".py", ".pyi", ".sh", ".yaml")
# Written by programs, or data; a changelog grows with time.
_UNBOUNDED = re.compile(r"(^|/)(testdata|corpus|golden)/|(^|/)CHANGELOG\.md$|\.textproto$")

_INCLUDE = re.compile(r'^\s*#\s*include\s+([<"][^>"]+[>"])', re.MULTILINE)


def own_header_first(texts: Texts) -> Iterator[str]:
    """foo.cc includes foo.h before all else, which shows that foo.h needs nothing before it."""
    for path, text in texts.items():
        if not path.endswith(".cc"):
            continue
        header = path[: -len(".cc")] + ".h"
        if header not in texts:
            continue
        first = _INCLUDE.search(text)
        if not first or first.group(1) != f'"{header}"':
            yield f'{path}: its first include must be "{header}"'


def header_guards(texts: Texts) -> Iterator[str]:
    """core/base/clock.h is guarded by PARANET_CORE_BASE_CLOCK_H_."""
    for path, text in texts.items():
        if not path.endswith(".h"):
            continue
        guard = "PARANET_" + re.sub(r"[^A-Z0-9]", "_", path.upper()) + "_"
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL).split()
        if code[:4] != ["#ifndef", guard, "#define", guard] or code[-1] != "#endif":
            yield f"{path}: its header guard must be {guard}"


def small_files(texts: Texts) -> Iterator[str]:
    """A file is one concept; one that needs more room is two."""
    for path, text in texts.items():
        size = len(text.encode("utf-8"))
        if path.endswith(_SOURCES) and not _UNBOUNDED.search(path) and size > LARGEST_FILE_BYTES:
            yield f"{path}: {size} bytes, more than {LARGEST_FILE_BYTES}: divide it by concept"


def no_machine_paths(texts: Texts) -> Iterator[str]:
    """Nothing names a folder of the machine on which it was written."""
    forbidden = re.compile(r"(?<![\w.~-])/(?:" + "|".join(["work", "farm", "root"]) + r")/\w")
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if forbidden.search(line):
                yield f"{path}:{number}: names a folder of one machine"


def no_callback_api(texts: Texts) -> Iterator[str]:
    """gRPC 1.51's callback API polls with naps of up to 100 ms when it is idle: completion queues instead."""
    callback = re.compile(
        r"\b(CallbackService|WithCallbackMethod_|CallbackGenericService|CallbackServerContext|"
        r"(Server|Client)(Unary|Read|Write|Bidi|GenericBidi)Reactor)\b|experimental\(\)\s*\.\s*\w*callback|"
        r"(stub\w*|\))(->|\.)async\(\)->"
    )
    for path, text in texts.items():
        if not path.endswith((".h", ".cc")):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if callback.search(line):
                yield f"{path}:{number}: uses gRPC's callback API; use a completion queue"


def no_unfinished_marks(texts: Texts) -> Iterator[str]:
    """What is to be done stands in an issue, where somebody finds it."""
    mark = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME"]) + r")\b")
    for path, text in texts.items():
        if path.startswith("third_party/") or not path.endswith(_SOURCES):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if mark.search(line):
                yield f"{path}:{number}: {mark.search(line).group(1)}: finish it, or file an issue"


def folder_readmes(texts: Texts) -> Iterator[str]:
    """Every folder that has a name in docs/architecture.md says in a README what it is for and who may depend on it."""
    folders = set()
    for path in texts:
        parts = path.split("/")[:-1]
        if not parts or parts[0].startswith("."):
            continue
        folders.add(parts[0])
        if parts[0] in {"core", "bindings"} and len(parts) > 1:
            folders.add("/".join(parts[:2]))
    # Its parts are languages, each with its own README.
    folders.discard("bindings")
    for folder in sorted(folders):
        if f"{folder}/README.md" not in texts:
            yield f"{folder}: has no README.md"


def macros_only(texts: Texts) -> Iterator[str]:
    """Our targets come from //bazel, where flags, layers and lint are decided once."""
    native = re.compile(r"^\s*(?:native\.)?((?:cc|py)_(?:library|binary|test))\(", re.MULTILINE)
    for path, text in texts.items():
        if not path.endswith("BUILD.bazel") or path.startswith("third_party/"):
            continue
        for match in native.finditer(text):
            yield f"{path}: {match.group(1)}: use paranet_{match.group(1)} of //bazel:paranet.bzl"


ALL = [
    own_header_first,
    header_guards,
    small_files,
    no_machine_paths,
    no_callback_api,
    no_unfinished_marks,
    folder_readmes,
    macros_only,
]
