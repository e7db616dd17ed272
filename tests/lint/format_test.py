"""Every file looks as clang-format and buildifier would write it, and buildifier has nothing to say about it."""

import os
import re
import subprocess
import unittest

from tests.lint import tree

RENEW = "./bazelw run //tests/lint:format"


class FormatTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = tree.root()
        cls.files = tree.files(cls.top)

    def run_tool(self, *command):
        self.assertTrue(os.access(command[0], os.X_OK), f"{command[0]} is missing: run ./bazelw, which installs it")
        return subprocess.run(command, cwd=self.top, capture_output=True, text=True, check=False)

    def test_clang_format_is_the_one_that_all_use(self):
        version = self.run_tool(tree.clang_format(), "--version").stdout
        self.assertRegex(version, r"version 14\.", "other versions format differently: install Debian 12's clang-format")

    def test_cpp_is_formatted(self):
        paths = tree.cpp(self.files)
        self.assertTrue(paths)
        done = self.run_tool(tree.clang_format(), "--dry-run", "--Werror", *paths)
        unformatted = sorted(set(re.findall(r"^([^:\s]+):\d+:\d+: error", done.stderr, re.MULTILINE)))
        self.assertEqual(done.returncode, 0, f"\nformat them with {RENEW}\n  " + "\n  ".join(unformatted or [done.stderr]))

    def test_starlark_is_formatted_and_clean(self):
        paths = tree.starlark(self.files)
        self.assertTrue(paths)
        done = self.run_tool(
            tree.buildifier(self.top), "--mode=check", "--lint=warn", tree.BUILDIFIER_WARNINGS, *paths
        )
        self.assertEqual(done.returncode, 0, f"\nformat them with {RENEW}\n{done.stderr}{done.stdout}")


if __name__ == "__main__":
    unittest.main()
