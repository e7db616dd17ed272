"""node start, ls, status, stop."""

import os
import signal
import socket
import subprocess
import unittest

from cli_testutil import FAILED, NOT_FOUND, OK, REFUSED, UNAVAILABLE, USAGE, CliTest, write


class NodeTest(CliTest):
    def test_start_status_ls_stop(self):
        started = self.start_test("t1")
        self.assertEqual(started["name"], "t1")
        self.assertEqual(started["kind"], "test")
        self.assertTrue(started["address"].startswith("127.0.0.1:"), started)
        self.assertEqual(started["socket"], f"{self.home}/nodes/t1/control.sock")
        os.kill(started["pid"], 0)

        status = self.status("t1")
        self.assertEqual(status["pid"], started["pid"])
        self.assertIn("Test Node", self.ok("node", "status", "--name", "t1").out)

        [listed] = self.ok_json("node", "ls")["nodes"]
        self.assertEqual((listed["name"], listed["state"], listed["kind"]), ("t1", "running", "test"))
        self.assertIn("running", self.ok("node", "ls").out)

        self.assertEqual(self.ok_json("node", "stop", "t1"), {"name": "t1", "stopped": True})
        with self.assertRaises(ProcessLookupError):
            os.kill(started["pid"], 0)
        [listed] = self.ok_json("node", "ls")["nodes"]
        self.assertEqual((listed["state"], listed["kind"]), ("stopped", "test"))
        self.assertNotIn("pid", listed)
        self.fails(UNAVAILABLE, "node", "status", "t1", says=["not running", "paranet node start --name t1"])
        self.fails(UNAVAILABLE, "node", "stop", "t1", says=["not running"])

    def test_text_says_where_it_is(self):
        out = self.ok("node", "start", "--name", "t1", "--test").out
        for word in ("name", "Test Node", "127.0.0.1:", "control.sock", "pid"):
            self.assertIn(word, out)

    def test_log_goes_to_the_data_directory(self):
        self.start_test("t1")
        with open(f"{self.home}/nodes/t1/node.log", encoding="utf-8") as log:
            self.assertIn("[t1]", log.read())

    def test_second_start_needs_only_the_name_and_has_the_same_port(self):
        first = self.start_test("t1")
        self.ok("node", "stop", "t1")
        again = self.ok_json("node", "start", "--name", "t1")
        self.assertEqual((again["kind"], again["address"]), ("test", first["address"]))

    def test_killed_node_starts_again(self):
        first = self.start_test("t1")
        self.kill("t1")
        self.fails(UNAVAILABLE, "node", "status", "t1", says=["not running"])
        again = self.ok_json("node", "start", "t1")
        self.assertEqual(again["address"], first["address"])

    def test_names_that_are_near(self):
        self.start_test("alpha")
        self.fails(NOT_FOUND, "node", "status", "alhpa", says=['no node "alhpa"', '"alpha"', "There is: alpha"])

    def test_foreground_runs_until_a_signal(self):
        process = subprocess.Popen(
            [self.binary, "node", "start", "--name", "t1", "--test", "--foreground"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.env(),
            text=True,
        )
        with process:
            self.assertIn("t1", process.stdout.readline())
            self.assertEqual(self.status("t1")["pid"], process.pid)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(60), OK)
        self.assertEqual(self.ok_json("node", "ls")["nodes"][0]["state"], "stopped")

    def test_node_by_its_data_directory(self):
        self.start_test("t1")
        self.assertEqual(self.status(f"{self.home}/nodes/t1")["name"], "t1")


class NodeBadInputTest(CliTest):
    def test_first_start_must_say_what_it_is(self):
        self.fails(USAGE, "node", "start", "--name", "t1", says=["--test", "--identity", "paranet root issue"])
        self.assertEqual(self.ok_json("node", "ls"), {"nodes": []})

    def test_both_kinds_at_once(self):
        self.fails(USAGE, "node", "start", "--name", "t1", "--test", "--identity", "x", says=["exclude each other"])

    def test_bad_name(self):
        self.fails(USAGE, "node", "start", "--name", "T 1", "--test", says=["T 1"])

    def test_test_node_beyond_loopback(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            self.fails(
                REFUSED, "node", "start", "--name", "t1", "--test", "--listen", address, says=["Test Node", "loopback"]
            )
        self.assertEqual(self.ok_json("node", "ls"), {"nodes": []})

    def test_address_that_is_none(self):
        self.fails(FAILED, "node", "start", "--name", "t1", "--test", "--listen", "here", says=["here"])
        self.assertEqual(self.ok_json("node", "ls"), {"nodes": []})

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
            self.fails(
                FAILED, "node", "start", "--name", "t1", "--test", "--listen", address, says=[address, "in use"]
            )
        self.assertEqual(self.ok_json("node", "ls"), {"nodes": []})

    def test_data_directory_in_use(self):
        first = self.start_test("t1")
        self.fails(FAILED, "node", "start", "--name", "t1", says=["in use", str(first["pid"])])
        self.assertEqual(self.status("t1")["pid"], first["pid"])

    def test_damaged_database(self):
        self.start_test("t1")
        self.ok("node", "stop", "t1")
        for file in os.listdir(f"{self.home}/nodes/t1"):
            if file.startswith("node.db"):
                write(f"{self.home}/nodes/t1/{file}", b"this is no database " * 500)
        error = self.fails(FAILED, "node", "start", "--name", "t1", says=["node.db"])
        self.assertEqual(error["code"], "DATA_LOSS")
        self.assertEqual(self.ok_json("node", "ls")["nodes"][0]["state"], "stopped")

    def test_home_that_is_too_long_for_a_socket(self):
        self.home = os.path.join(self.dir, "x" * 100)
        self.fails(FAILED, "node", "start", "--name", "t1", "--test", says=["107", "PARANET_HOME"])


if __name__ == "__main__":
    unittest.main()
