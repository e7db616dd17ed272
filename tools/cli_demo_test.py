"""demo, in both formats, kept, interrupted; and that it leaves nothing."""

import glob
import json
import os
import re
import shutil
import select
import signal
import subprocess
import tempfile
import unittest

from cli_testutil import FAILED, OK, CliTest


class DemoTest(CliTest):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="pd", dir="/tmp")
        # First, so that it runs last: what is kept in it is ended before.
        self.addCleanup(shutil.rmtree, self.tmp)
        super().setUp()

    def env(self, **more):
        return super().env(**{"TMPDIR": self.tmp, **more})

    def processes(self):
        """Ids of all processes of ours whose command line names a path in the demonstration's directory."""
        found = []
        for file in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(file, "rb") as cmdline:
                    if self.tmp.encode() in cmdline.read():
                        found.append(int(file.split("/")[2]))
            except OSError:
                pass  # Gone meanwhile.
        return found

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.tmp), [])
        self.assertEqual(self.processes(), [])
        self.assertFalse(os.path.exists(self.home))

    def test_text(self):
        result = self.ok("demo")
        steps = result.out.splitlines()
        for step in steps:
            self.assertRegex(step, r"^✓ +[0-9.]+ ms  \S")
        for word in ("start alpha", "start beta", "start gamma", "cannot federate", "Oslo", "Hello, Ada!"):
            self.assertIn(word, result.out)
        self.assert_nothing_left()

    def test_json(self):
        report = self.ok_json("demo")
        self.assertEqual(list(report), ["network", "steps", "ok"])
        self.assertIs(report["ok"], True)
        for step in report["steps"]:
            self.assertEqual(list(step), ["name", "ok", "ms", "detail"])
            self.assertIs(step["ok"], True)
            self.assertGreaterEqual(step["ms"], 0)
        details = {step["name"]: step["detail"] for step in report["steps"]}
        self.assertIn("PERMISSION_DENIED", details["gamma cannot federate"])
        self.assertIn("NOT_FOUND", details["alpha cannot call weather/current yet"])
        self.assertIn("NOT_FOUND", details["beta cannot call alpha's greeter/hello"])
        self.assertEqual(details["alpha calls weather/watch, a stream"].count("Oslo"), 3)
        self.assert_nothing_left()

    def test_processes_are_three_and_end_with_it(self):
        report = self.ok_json("demo")
        pids = re.findall(r"process (\d+)", " ".join(step["detail"] for step in report["steps"]))
        self.assertEqual(len(set(pids)), 3)
        self.assert_nothing_left()

    def test_keep(self):
        result = self.ok("demo", "--keep")
        [home] = re.findall(r"export PARANET_HOME=(\S+)", result.err)
        self.home = home  # The clean-up of the test ends what is there.
        states = {node["name"]: node["state"] for node in self.ok_json("node", "ls")["nodes"]}
        self.assertEqual(states, {"alpha": "running", "beta": "running", "gamma": "running"})
        [command] = re.findall(r"^  (\S+ call .*)$", result.err, re.MULTILINE)
        called = subprocess.run(command, shell=True, env=self.env(), capture_output=True, text=True, check=True)
        self.assertIn("Oslo", called.stdout)
        for node in states:
            self.ok("node", "stop", node)

    def interrupt(self, after, signal_number):
        process = subprocess.Popen(
            [self.binary, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env(), text=True
        )
        with process:
            for line in process.stdout:
                if after in line:
                    break
            process.send_signal(signal_number)
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err

    def test_ctrl_c_leaves_nothing(self):
        code, _, err = self.interrupt("start beta", signal.SIGINT)
        self.assertEqual(code, FAILED)
        self.assertIn("interrupted", err)
        self.assert_nothing_left()

    def test_sigterm_leaves_nothing(self):
        code, _, _ = self.interrupt("make a Network Root", signal.SIGTERM)
        self.assertEqual(code, FAILED)
        self.assert_nothing_left()

    def test_kill_leaves_no_process(self):
        process = subprocess.Popen([self.binary, "demo"], stdout=subprocess.PIPE, env=self.env(), text=True)
        with process:
            for line in process.stdout:
                if "start beta" in line:
                    break
            pids = self.processes()
            self.assertGreaterEqual(len(pids), 2)
            refs = [os.pidfd_open(pid) for pid in pids]
            process.kill()
        for ref in refs:
            self.assertEqual(len(select.select([ref], [], [], 60)[0]), 1)
            os.close(ref)

    def test_failure_is_one_object_and_leaves_nothing(self):
        # A directory whose path is too long for the nodes' sockets.
        long = os.path.join(self.tmp, "x" * 100)
        os.mkdir(long)
        result = self.run_cli("demo", "--output", "json", TMPDIR=long)
        self.assertEqual(result.code, FAILED, result)
        report = json.loads(result.out)
        self.assertIs(report["ok"], False)
        self.assertEqual(report["error"]["exit_code"], FAILED)
        self.assertIs(report["steps"][-1]["ok"], True)  # The clean-up.
        self.assertEqual(os.listdir(long), [])
        os.rmdir(long)
        self.assert_nothing_left()

    def test_failure_in_text(self):
        result = self.run_cli("demo", TMPDIR=self.tmp + "/missing")
        self.assertEqual(result.code == OK, False, result)
        self.assertTrue(result.err.startswith("paranet: "), result)


if __name__ == "__main__":
    unittest.main()
