"""The daemon, //tools:node."""

import os
import re
import signal
import subprocess
import time
import unittest

from cli_testutil import FAILED, OK, REFUSED, USAGE, CliTest, runfile


class DaemonTest(CliTest):
    def setUp(self):
        super().setUp()
        self.node = runfile("tools/node")

    def start(self, *args):
        """Starts it and returns the process with what it has printed on standard output."""
        process = subprocess.Popen(
            [self.node, *args],
            stdout=subprocess.PIPE,
            stderr=open(self.path("stderr"), "w", encoding="utf-8"),
            env=self.env(),
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("socket"):
                return process, printed
        self.fail(f"it ended: {self.stderr()}")

    def stderr(self):
        with open(self.path("stderr"), encoding="utf-8") as file:
            return file.read()

    def run_node(self, *args):
        return subprocess.run(
            [self.node, *args], env=self.env(), capture_output=True, text=True, timeout=60, check=False
        )

    def what_to_try(self):
        """The commands, once the talk has come to its end."""
        deadline = time.monotonic() + 60
        while "Ctrl-C stops it." not in self.stderr():
            self.assertLess(time.monotonic(), deadline)
        return re.findall(r"^  (.* --node \S+)$", self.stderr(), re.MULTILINE)

    def test_no_arguments(self):
        process, printed = self.start()
        self.assertIn("Test Node", printed)
        self.assertRegex(printed, r"address +127\.0\.0\.1:\d+")
        self.assertIn(f"{self.home}/nodes/test/control.sock", printed)
        commands = self.what_to_try()
        self.assertEqual(len(commands), 3)
        for command in commands:
            tried = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env=os.environ)
            self.assertEqual(tried.returncode, OK, tried)
        self.assertIn("Oslo", tried.stdout)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), OK)

    def test_ctrl_c_and_start_again(self):
        process, first = self.start("--name", "t1")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), OK)
        _, again = self.start("--name", "t1")
        self.assertEqual(first, again)

    def test_stop_by_the_command_line(self):
        process, _ = self.start()
        self.ok("node", "stop", "test")
        self.assertEqual(process.wait(60), OK)

    def test_second_on_the_same_data_directory(self):
        self.start()
        result = self.run_node()
        self.assertEqual(result.returncode, FAILED)
        self.assertIn("in use", result.stderr)
        self.assertEqual(self.status("test")["packages"], 1)

    def test_data_directory_elsewhere(self):
        _, printed = self.start("--data-dir", self.path("data"))
        self.assertIn(self.path("data") + "/control.sock", printed)
        commands = self.what_to_try()
        tried = subprocess.run(commands[1], shell=True, capture_output=True, text=True, check=False, env=os.environ)
        self.assertIn("Oslo", tried.stdout)

    def test_standard_node(self):
        _, printed = self.start("--name", "alpha", "--identity", self.identity("node", "alpha"))
        self.assertIn("Standard Node", printed)
        self.assertIn("acme", printed)
        self.assertEqual(self.status("alpha")["packages"], 0)

    def test_beyond_loopback(self):
        result = self.run_node("--listen", "0.0.0.0:0")
        self.assertEqual(result.returncode, REFUSED)
        self.assertIn("loopback", result.stderr)
        self.assertEqual(self.ok_json("node", "ls"), {"nodes": []})

    def test_help(self):
        result = self.run_node("--help")
        self.assertEqual(result.returncode, OK)
        self.assertTrue(result.stdout.startswith("Examples:\n  node\n"))
        for option in ("--name", "--listen", "--data-dir", "--identity"):
            self.assertIn(option, result.stdout)

    def test_wrong_option(self):
        result = self.run_node("--nam", "x")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn('"--name"', result.stderr)


if __name__ == "__main__":
    unittest.main()
