"""Actors that are programs of their own: examples/quote_python, and programs that do not do what they should."""

import os
import shutil
import signal
import textwrap
import time
import unittest

from tools.cli_testutil import FAILED, LIMIT, NOT_FOUND, CliTest, runfile


class ExecCase(CliTest):
    def source(self, name):
        """The source form of an example that is a program, as ordinary files."""
        target = self.path(name)
        os.mkdir(target)
        for file in os.listdir(runfile(f"examples/{name}")):
            if not file.endswith((".md", ".bazel")) and file != "node_modules":
                shutil.copyfile(runfile(f"examples/{name}/{file}"), os.path.join(target, file))
                os.chmod(os.path.join(target, file), 0o755 if file.endswith("_actor.py") else 0o644)
        return target

    def deploy_source(self, name, node):
        file = self.ok_json("package", "build", self.source(name))["file"]
        return self.ok_json("package", "deploy", file, "--node", node)

    def actor(self, node):
        [package] = self.ok_json("package", "ls", "--node", node)["packages"]
        [actor] = package["running"]
        return actor

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        os.chmod(self.path(name), mode)


class QuoteTest(ExecCase):
    def setUp(self):
        super().setUp()
        self.start_test("t1")
        self.deploy_source("quote_python", "t1")

    def test_each_shape(self):
        answer = self.ok_json("call", "quote/of", '{"author":"Kay"}', "--node", "t1")
        self.assertIn("predict", answer["text"])
        lines = self.ok("call", "quote/all", "{}", "--node", "t1", "--output", "json").lines()
        self.assertEqual([line["author"] for line in lines], ["Hopper", "Dijkstra", "Kay"])
        stdin = '{"author":"Kay"}\n{"author":"Nobody"}\n{"author":"Hopper"}\n'
        counted = self.ok("call", "quote/count", "-", "--node", "t1", "--output", "json", stdin=stdin).json()
        self.assertEqual(counted, {"known": 2, "unknown": 1})

    def test_its_errors_are_its_own(self):
        self.fails(NOT_FOUND, "call", "quote/of", '{"author":"Nobody"}', "--node", "t1", says=["nothing is known of Nobody"])

    def test_it_runs_in_a_process_that_is_held_in(self):
        actor = self.actor("t1")
        self.assertEqual(actor["code"], "exec")
        self.assertEqual(actor["isolation"], "process")
        self.assertTrue(actor["confinement"])

    def test_what_it_prints_is_in_its_log(self):
        lines = self.ok_json("package", "log", "quote", "--node", "t1")["lines"]
        self.assertIn("serving 3 quotations", [line["text"] for line in lines])

    def test_a_killed_program_is_replaced(self):
        before = self.actor("t1")
        os.kill(int(before["pid"]), signal.SIGKILL)
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            if self.run_cli("call", "quote/of", '{"author":"Kay"}', "--node", "t1").code == 0:
                after = self.actor("t1")
                if after["pid"] != before["pid"]:
                    break
        self.assertNotEqual(after["pid"], before["pid"])
        self.assertIn("SIGKILL", after["last_error"])
        self.assertGreaterEqual(int(after["restarts"]), 1)

    def test_it_ends_with_its_node(self):
        pid = int(self.actor("t1")["pid"])
        self.kill("t1")
        deadline = time.monotonic() + LIMIT
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            pass
        self.assertFalse(os.path.exists(f"/proc/{pid}"))


class BadProgramTest(ExecCase):
    def refused(self, program, says, mode=0o755, manifest="", first=None):
        """Deploying a package with this program fails, and the node is as it was."""
        self.start_test("t1")
        source = self.source("quote_python")
        self.write("quote_python/quote_actor.py", program, mode)
        with open(self.path("quote_python/paranet.yaml"), "a", encoding="utf-8") as file:
            file.write(manifest)
        if first:
            first(source)
        file = self.ok_json("package", "build", source)["file"]
        error = self.fails(FAILED, "package", "deploy", file, "--node", "t1", says=says)
        self.assertEqual(error["code"], "INVALID_ARGUMENT")
        self.assertEqual(self.ok_json("package", "ls", "--node", "t1"), {"packages": []})

    def short(self, source):
        path = os.path.join(source, "paranet.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("open_files: 256", "open_files: 256, start_timeout_ms: 1500"))

    def test_one_that_never_opens_its_socket(self):
        self.refused("#!/bin/sh\nexec sleep 1000\n", ["did not open its socket", "1.5s"], first=self.short)

    def test_one_that_ends_at_once(self):
        self.refused("#!/bin/sh\necho no database >&2\nexit 7\n", ["exit code 7", "no database"])

    def test_one_that_throws(self):
        self.refused("#!/usr/bin/python3\nraise ValueError('no good')\n", ["Traceback", "ValueError: no good"])

    def test_one_with_a_syntax_error(self):
        self.refused("#!/usr/bin/python3\ndef broken(:\n", ["SyntaxError"])

    def test_one_without_an_interpreter(self):
        self.refused("#!/no/such/interpreter\n", ["quote_actor.py"])

    def test_one_that_listens_and_speaks_something_else(self):
        self.refused(
            """\
            #!/usr/bin/python3
            import os, socket
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(os.environ["PARANET_ACTOR_SOCKET"])
            listener.listen()
            while True:
                connection, _ = listener.accept()
            """,
            ["did not speak HTTP/2"],
            first=self.short,
        )


class SettingsTest(ExecCase):
    """The operator's file, with an actor that shows its configuration."""

    def actors(self, text):
        self.write("actors.yaml", text, 0o600)
        return self.path("actors.yaml")

    def greeting(self):
        return self.ok_json("call", "hello/greet", '{"name":"Ada"}', "--node", "t1")["greeting"]

    def test_configuration_reaches_the_actor_and_a_new_one_the_next(self):
        self.write("word", "Moin\n", 0o600)
        self.start_test("t1", "--actors", self.actors("packages:\n  hello:\n    env: {WORD: Ahoy}\n"))
        self.ok("package", "init", "--lang", "exec", "hello")
        self.ok("package", "build", "hello")
        self.ok("package", "deploy", "hello-1.0.0.paranet", "--node", "t1")
        self.assertEqual(self.greeting(), "Ahoy, Ada!")
        self.kill("t1")
        file = self.actors(f"packages:\n  hello:\n    files: {{WORD: {self.path('word')}}}\n")
        self.ok("node", "start", "t1", "--actors", file)
        self.assertEqual(self.greeting(), "Moin, Ada!")

    def test_a_file_that_is_wrong_starts_no_node(self):
        file = self.actors("packages:\n  hello:\n    networ: true\n")
        error = self.fails(FAILED, "node", "start", "t1", "--test", "--actors", file, says=[":3:5: ", "network"])
        self.assertEqual(error["code"], "INVALID_ARGUMENT")
        self.assertEqual(self.ok_json("node", "ls"), {"nodes": []})

    def test_a_secret_that_others_can_read_fails_the_deployment(self):
        self.write("word", "Moin\n", 0o644)
        self.start_test("t1", "--actors", self.actors(f"packages:\n  hello:\n    files: {{WORD: {self.path('word')}}}\n"))
        self.ok("package", "init", "--lang", "exec", "hello")
        self.ok("package", "build", "hello")
        self.fails(FAILED, "package", "deploy", "hello-1.0.0.paranet", "--node", "t1", says=["chmod go="])


if __name__ == "__main__":
    unittest.main()
