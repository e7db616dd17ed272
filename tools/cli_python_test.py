"""Python actors: from a folder with a module to the answer, in a process of their own, with the real binaries."""

import os
import textwrap
import unittest

from cli_testutil import FAILED, UNAVAILABLE, CliTest, read

MANIFEST = """\
id: hello
version: {version}
name: Hello
actors:
  - id: hello
    version: {version}
    python: hello.main
    env:
      WORD: Hello
"""

MODULE = '''
"""Greetings."""
import os
from typing import AsyncIterator, Iterator

from hello.words import shout
from paranet import Context, NotFoundError, skill


@skill("hello/greet", idempotent=True)
def greet(name: str, context: Context) -> str:
    """Greets somebody."""
    print("greets", name)
    return f"{context.config('WORD')}, {name}!"


@skill("hello/shout")
async def loud(texts: AsyncIterator[str]) -> AsyncIterator[str]:
    async for text in texts:
        yield shout(text)


@skill("hello/count")
def count(until: int) -> Iterator[int]:
    yield from range(until)


@skill("hello/fail")
def fail(how: str) -> str:
    if how == "none":
        raise NotFoundError("there is none")
    return {}[how]


@skill("hello/peek")
def peek(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


@skill("hello/end")
def end() -> None:
    os._exit(7)
'''


class PythonTest(CliTest):
    def folder(self, module=MODULE, version="1.0.0", name="hello"):
        """A package's folder."""
        folder = self.path(name)
        os.makedirs(os.path.join(folder, "hello"), exist_ok=True)
        for path, text in [
            ("paranet.yaml", MANIFEST.format(version=version)),
            ("hello/main.py", module),
            ("hello/words.py", "def shout(text):\n    return text.upper()\n"),
        ]:
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(text))
        return folder

    def deploy_python(self, *args, **kwargs):
        folder = self.folder(*args, **kwargs)
        file = self.ok_json("package", "build", folder, "--out", self.path("hello.paranet"))["file"]
        return self.ok_json("package", "deploy", file, "--node", "t1")

    def call(self, action, request):
        return self.ok("call", f"hello/{action}", request, "--node", "t1").out

    def test_from_a_folder_to_an_answer(self):
        self.start_test("t1")
        self.deploy_python()
        self.assertIn("Hello, Ada!", self.call("greet", '{"name":"Ada"}'))
        self.assertEqual(self.call("count", '{"until":3}').count("value"), 3)
        self.fails(3, "call", "hello/fail", '{"how":"none"}', "--node", "t1", says=["there is none"])
        self.fails(FAILED, "call", "hello/fail", '{"how":"x"}', "--node", "t1", says=["KeyError", "hello/main.py"])
        # The node's files are out of its reach.
        self.fails(FAILED, "call", "hello/peek", '{"path":"%s/nodes/t1/node.db"}' % self.home, "--node", "t1",
                   says=["PermissionError"])
        shown = self.ok("skill", "show", "hello/greet", "--node", "t1").out
        self.assertIn("Greets somebody.", shown)

    def test_a_process_that_ends_is_replaced(self):
        self.start_test("t1")
        self.deploy_python()
        self.fails(UNAVAILABLE, "call", "hello/end", "{}", "--node", "t1", says=["exit code 7"])
        self.ok("package", "deploy", self.path("hello.paranet"), "--node", "t1")
        self.assertIn("Hello, Ada!", self.call("greet", '{"name":"Ada"}'))

    def test_two_folders_make_the_same_bytes(self):
        one = self.ok_json("package", "build", self.folder(), "--out", self.path("one.paranet"))["file"]
        two = self.ok_json("package", "build", self.folder(name="other"), "--out", self.path("two.paranet"))["file"]
        self.assertEqual(read(one), read(two))
        self.assertEqual(sorted(os.listdir(self.path("hello"))), ["hello", "paranet.yaml"])
        self.assertEqual(sorted(os.listdir(self.path("hello/hello"))), ["main.py", "words.py"])

    def test_bad_modules_are_refused_with_their_reason(self):
        for module, says in [
            ("def f(:\n", ["SyntaxError", "hello/main.py"]),
            ("raise RuntimeError('no luck')\n", ["RuntimeError: no luck", "hello/main.py"]),
            ("x = 1\n", ["@skill"]),
            (
                "from paranet import skill\n@skill('hello/x')\ndef f(x: set) -> None: ...\n",
                ["hello/main.py:2", "found set"],
            ),
        ]:
            with self.subTest(module):
                self.fails(FAILED, "package", "build", self.folder(module), says=says)

    def test_a_module_that_fails_on_the_node_changes_nothing_there(self):
        self.start_test("t1")
        self.deploy_python()
        # It is another there than where it was built.
        module = "import os\nif 'PARANET_HOME' not in os.environ:\n    raise RuntimeError('not here')\n" + MODULE
        file = self.ok_json("package", "build", self.folder(module, "1.1.0"), "--out", self.path("bad.paranet"))["file"]
        self.fails(FAILED, "package", "deploy", file, "--node", "t1", says=["not here", "hello/main.py"])
        self.assertIn("Hello, Ada!", self.call("greet", '{"name":"Ada"}'))


if __name__ == "__main__":
    unittest.main()
