"""Writes every file as clang-format and buildifier would: `./bazelw run //tests/lint:format`."""

import subprocess
import sys

from tests.lint import tree


def main():
    top = tree.root()
    files = tree.files(top)
    for command in (
        [tree.clang_format(), "-i", *tree.cpp(files)],
        [tree.buildifier(top), "--mode=fix", "--lint=fix", tree.BUILDIFIER_WARNINGS, *tree.starlark(files)],
    ):
        subprocess.run(command, cwd=top, check=True)


if __name__ == "__main__":
    sys.exit(main())
