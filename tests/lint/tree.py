"""The source tree itself, as a person edits it: where it is, which files are ours, and the tools that judge them.

Tests see only what they declare, and a check of every file cannot declare every file. So these tests run outside the
sandbox and always (tags `local` and `external`), and find the tree through one file that they do declare: what its name
in the runfiles leads to.
"""

import os
import pathlib
import re
import subprocess
from typing import Dict, List, Sequence

_ANCHOR = "WORKSPACE"
# Not ours to format: what other people wrote, and what programs wrote.
_FOREIGN = re.compile(r"third_party/(distdir|patches)/|(^|/)testdata/|(^|/)corpus/")


def root() -> pathlib.Path:
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    return pathlib.Path(workspace) if workspace else pathlib.Path(_ANCHOR).resolve().parent


def files(top: pathlib.Path) -> List[str]:
    """Paths of all files that belong to the repository, tracked or about to be, sorted; without symbolic links."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=top,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if listed.returncode == 0:
        paths = os.fsdecode(listed.stdout).split("\0")
    else:
        paths = _walk(top)
    return sorted({path for path in paths if path and (top / path).is_file() and not (top / path).is_symlink()})


def _walk(top: pathlib.Path) -> List[str]:
    """For a tree that came as an archive, without git: everything but what .gitignore names."""
    found = []
    for folder, folders, names in os.walk(top):
        here = pathlib.Path(folder).relative_to(top)
        folders[:] = [
            name
            for name in folders
            if name not in {".git", "__pycache__"}
            and not (here == pathlib.Path(".") and name.startswith("bazel-"))
            and (here / name) != pathlib.Path("third_party/distdir")
        ]
        found += [str(here / name) for name in names]
    return found


def texts(top: pathlib.Path) -> Dict[str, str]:
    """Every file that is text, by path."""
    result = {}
    for path in files(top):
        try:
            result[path] = (top / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return result


def cpp(paths: Sequence[str]) -> List[str]:
    return [path for path in paths if path.endswith((".h", ".cc", ".c")) and not _FOREIGN.search(path)]


def starlark(paths: Sequence[str]) -> List[str]:
    name = re.compile(r"(^|/)(BUILD|BUILD\.bazel|WORKSPACE|[^/]+\.bzl|[^/]+\.BUILD)$")
    return [path for path in paths if name.search(path) and not _FOREIGN.search(path)]


def clang_format() -> str:
    return "/usr/bin/clang-format"


def buildifier(top: pathlib.Path) -> str:
    return str(top / "third_party/distdir/buildifier")


# Warnings of buildifier about what only later versions of Bazel can do, and `attr-cfg`: an exec configuration of its own
# is what .bazelrc avoids.
BUILDIFIER_WARNINGS = "--warnings=-attr-cfg," + ",".join(
    "-native-" + name
    for name in [
        "cc-binary",
        "cc-common",
        "cc-import",
        "cc-info",
        "cc-library",
        "cc-test",
        "proto-common",
        "proto-info",
        "py-info",
        "sh-binary",
        "sh-library",
        "sh-test",
    ]
)
