"""The README's commands, run as they stand there, from the first to the last, by one shell.

They run in a folder that looks like a clone after a build: `./bazelw` is a stand-in that knows what has been built and
runs it, everything else is real.
"""

import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

from tests.docs import markdown

# What the README's builds make, and the sources that it names.
BUILT = ["tools/paranet", "examples/weather/libweather.so", "examples/weather/weather.binpb"]
SOURCES = ["examples/weather/paranet.yaml"]

BAZELW = """\
#!/bin/bash
# Stands for a build that is up to date.
case "$1" in
  build | test) ;;
  run) shift; target=$1; shift 2; exec "bazel-bin/$(sed -e 's|^//||' -e 's|:|/|' <<<"$target")" "$@" ;;
  *) echo "unexpected: bazelw $*" >&2; exit 1 ;;
esac
"""


def runfile(path):
    return pathlib.Path(path).resolve()


class ReadmeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = pathlib.Path("README.md").read_text(encoding="utf-8")
        cls.commands = markdown.commands(cls.text)

    def clone(self):
        # Not $TEST_TMPDIR: a control socket's path has to be short.
        folder = tempfile.TemporaryDirectory(prefix="readme")
        self.addCleanup(folder.cleanup)
        top = pathlib.Path(folder.name)
        for path in SOURCES + ["bazel-bin/" + built for built in BUILT]:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).symlink_to(runfile(path.replace("bazel-bin/", "", 1)))
        (top / "bazelw").write_text(BAZELW, encoding="utf-8")
        (top / "bazelw").chmod(0o755)
        (top / "tmp").mkdir()
        self.addCleanup(self.stop_nodes, top)
        return top

    def stop_nodes(self, top):
        """Where a command failed, nodes are still running."""
        for socket in top.glob("tmp/*/nodes/*/control.sock"):
            subprocess.run(
                [runfile("tools/paranet"), "node", "stop", socket.parent.name],
                env={**os.environ, "PARANET_HOME": str(socket.parents[2])},
                capture_output=True,
                check=False,
            )

    def test_the_two_commands_are_there(self):
        self.assertIn("./bazelw run //tools:paranet -- demo", self.commands)
        self.assertIn("./bazelw test //...", self.commands)

    def test_every_verb_has_help(self):
        verbs = {
            tuple(words[1:3])
            for words in (shlex.split(command, comments=True) for command in self.commands)
            if words[0] == "paranet"
        }
        self.assertTrue(verbs)
        for verb in sorted(verbs):
            words = [word for word in verb if word.replace("-", "").isalpha() and not word.startswith("-")]
            done = subprocess.run(
                [runfile("tools/paranet"), *words, "--help"], capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode, 0, f"paranet {' '.join(words)} --help: {done.stdout}{done.stderr}")

    def test_the_commands_do_what_the_readme_says(self):
        top = self.clone()
        script = "set -euo pipefail\n" + "".join(f"echo {shlex.quote('+ ' + line)}\n{line}\n" for line in self.commands)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=top,
            env={**os.environ, "HOME": str(top), "TMPDIR": str(top / "tmp")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        outputs = {}
        for part in ("\n" + done.stdout).split("\n+ ")[1:]:
            command, _, output = part.partition("\n")
            outputs[command] = output
        for node in ("t1", "alpha"):
            answer = outputs[f"paranet call weather/current '{{\"city\":\"Oslo\"}}' --node {node}"]
            self.assertEqual(json.loads(answer)["city"], "Oslo")
        self.assertIn("weather/current", outputs["paranet skill ls --node t1"])
        self.assertIn("beta", outputs["paranet link ls --node alpha"])
        # Nothing goes on running.
        self.assertEqual(list(top.glob("tmp/*/nodes/*/control.sock")), [])


if __name__ == "__main__":
    unittest.main()
