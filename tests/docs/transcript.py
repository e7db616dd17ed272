"""Runs commands of a document as they stand there, from the first to the last, by one shell.

They run in a folder that looks like a clone after a build: `./bazelw` is a stand-in that knows what has been built and
runs it, everything else is real.
"""

import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

# What builds make, and the sources that commands name.
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


class TranscriptTest(unittest.TestCase):
    def _clone(self):
        # Not $TEST_TMPDIR: a control socket's path has to be short.
        folder = tempfile.TemporaryDirectory(prefix="docs")
        self.addCleanup(folder.cleanup)
        top = pathlib.Path(folder.name)
        for path in SOURCES + ["bazel-bin/" + built for built in BUILT]:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).symlink_to(runfile(path.replace("bazel-bin/", "", 1)))
        (top / "bazelw").write_text(BAZELW, encoding="utf-8")
        (top / "bazelw").chmod(0o755)
        (top / "tmp").mkdir()
        self.addCleanup(self._stop_all, top)
        return top

    def _stop_all(self, top):
        """Where a command failed, processes are still running."""
        for socket in top.glob("tmp/*/nodes/*/control.sock"):
            subprocess.run(
                [runfile("tools/paranet"), "node", "stop", socket.parent.name],
                env={**os.environ, "PARANET_HOME": str(socket.parents[2])},
                capture_output=True,
                check=False,
            )
        # A Network Root that serves has its directory on its command line.
        subprocess.run(["pkill", "-f", f"root serve.*{top}"], check=False)

    def run_transcript(self, commands):
        """The output of each command. All succeed, and nothing goes on running."""
        top = self._clone()
        script = "set -euo pipefail\n" + "".join(f"echo {shlex.quote('+ ' + line)}\n{line}\n" for line in commands)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=top,
            env={**os.environ, "HOME": str(top), "TMPDIR": str(top / "tmp"), "PATH": f"{top}/bazel-bin/tools:{os.environ['PATH']}"},
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
        self.assertEqual(list(top.glob("tmp/*/nodes/*/control.sock")), [])
        return outputs
