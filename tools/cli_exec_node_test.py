"""examples/echo_node: an actor in Node.js. Where its libraries have not been fetched, this says so and skips."""

import os
import shutil
import subprocess
import sys
import unittest

from tools.cli_testutil import FAILED, CliTest, runfile

# The folder in the source tree, through the link that stands for it here.
SOURCE = os.path.dirname(os.path.realpath(runfile("examples/echo_node/paranet.yaml")))
LIBRARIES = os.path.join(SOURCE, "node_modules")
HOW = f"run `npm ci --ignore-scripts --omit=dev --no-bin-links` in {SOURCE}"


class EchoTest(CliTest):
    def setUp(self):
        for what, there in (("Node.js is", shutil.which("node")), ("its libraries are", os.path.isdir(LIBRARIES))):
            if not there:
                print(f"NOT TESTED: the example in Node.js, because {what} not here; {HOW}", file=sys.stderr)
                self.skipTest(f"{what} not here; {HOW}")
        super().setUp()

    def package(self):
        target = self.path("echo_node")
        os.mkdir(target)
        for file in os.listdir(SOURCE):
            if not file.endswith((".md", ".bazel")) and file != "node_modules":
                shutil.copy(os.path.join(SOURCE, file), target)
        shutil.copytree(LIBRARIES, os.path.join(target, "node_modules"))
        return self.ok_json("package", "build", target)["file"]

    def test_each_shape(self):
        file = self.package()
        self.start_test("t1")
        self.ok("package", "deploy", file, "--node", "t1")
        answer = self.ok_json("call", "echo/say", '{"text":"hi"}', "--node", "t1")
        self.assertEqual(answer, {"text": "hi", "caller": f"uid:{os.getuid()}"})
        error = self.fails(FAILED, "call", "echo/say", "{}", "--node", "t1", says=["text is empty"])
        self.assertEqual(error["code"], "INVALID_ARGUMENT")
        lines = self.ok(
            "call", "echo/follow", "-", "--node", "t1", "--output", "json", stdin='{"text":"a"}\n{"text":"b"}\n'
        ).lines()
        self.assertEqual([line["text"] for line in lines], ["a", "b"])

    def test_the_archive_has_its_libraries(self):
        file = self.package()
        size = os.path.getsize(os.path.join(self.dir, file))
        self.assertLess(size, 8 << 20)
        self.assertEqual(subprocess.run(["node", "--version"], capture_output=True, check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
