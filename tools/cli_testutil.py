"""What the tests of the command line share: the real binary, in a PARANET_HOME of its own."""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import unittest

OK, FAILED, USAGE, NOT_FOUND, REFUSED, UNAVAILABLE = range(6)

# No test waits this long unless something hangs.
LIMIT = 120


def runfile(path):
    return os.path.abspath(path)


class Result:
    def __init__(self, completed):
        self.code = completed.returncode
        self.out = completed.stdout
        self.err = completed.stderr

    def json(self):
        """The one JSON object on standard output."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self
        return json.loads(lines[0])

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


class CliTest(unittest.TestCase):
    def setUp(self):
        # Not under TEST_TMPDIR: the path of a Unix socket has at most 107 bytes.
        self.dir = tempfile.mkdtemp(prefix="pn", dir="/tmp")
        self.home = os.path.join(self.dir, "home")
        self.binary = runfile("tools/paranet")
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        for node in self.run_cli("node", "ls", "--output", "json").json()["nodes"]:
            if node["state"] != "stopped":
                self.kill(node["name"])
        shutil.rmtree(self.dir)

    def env(self, **more):
        env = {"PATH": os.environ["PATH"], "PARANET_HOME": self.home}
        env.update(more)
        return env

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_cli(self, *args, stdin="", **env):
        """Runs `paranet ARGS` to its end."""
        return Result(
            subprocess.run(
                [self.binary, *args],
                input=stdin,
                capture_output=True,
                text=True,
                env=self.env(**env),
                cwd=self.dir,
                timeout=LIMIT,
            )
        )

    def ok(self, *args, stdin=""):
        result = self.run_cli(*args, stdin=stdin)
        self.assertEqual(result.code, OK, result)
        return result

    def ok_json(self, *args):
        return self.ok(*args, "--output", "json").json()

    def fails(self, code, *args, stdin="", says=()):
        """Fails with `code` in text and in JSON, saying the same; each of `says` is in it. Returns what was said."""
        text = self.run_cli(*args, stdin=stdin)
        self.assertEqual(text.code, code, text)
        self.assertEqual(text.out, "", text)
        data = self.run_cli(*args, "--output", "json", stdin=stdin)
        self.assertEqual(data.code, code, data)
        error = data.json()["error"]
        self.assertEqual(sorted(error), ["code", "exit_code", "message"])
        self.assertEqual(error["exit_code"], code)
        for word in says:
            self.assertIn(word, text.err)
            self.assertIn(word, error["message"])
        return error

    # --- nodes ------------------------------------------------------------------------------------

    def start_test(self, name, *args):
        return self.ok_json("node", "start", "--name", name, "--test", *args)

    def start_standard(self, name, *args):
        """A Standard Node of network acme, which is made if it is not there."""
        self.identity("node", name)
        return self.ok_json("node", "start", "--name", name, "--identity", self.path(name), *args)

    def status(self, name):
        return self.ok_json("node", "status", name)

    def kill(self, name):
        """As the kernel or an operator in a hurry would. Returns when it has gone."""
        pid = self.status(name)["pid"]
        ref = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        select.select([ref], [], [], LIMIT)
        os.close(ref)

    # --- certificates and packages ----------------------------------------------------------------

    def identity(self, role, name, *args, network="acme"):
        """A certificate in the directory path(name)."""
        if not os.path.isdir(os.path.join(self.home, "roots", network)):
            self.ok("root", "init", network)
        out = self.path(name)
        self.ok("root", "issue", network, "--role", role, "--name", name, "--out", out, *args)
        return out

    def package_folder(self, name, folder=None):
        """The source form of an example package, as ordinary files."""
        target = self.path(folder or name)
        shutil.copytree(runfile(f"examples/{name}"), target)
        for file in os.listdir(target):
            if not file.endswith((".so", ".yaml", ".binpb")):
                os.unlink(os.path.join(target, file))
            else:
                os.chmod(os.path.join(target, file), 0o644)
        return target

    def build(self, name, folder=None):
        """An unsigned archive of an example package."""
        folder = folder or self.package_folder(name)
        return self.ok_json("package", "build", folder, "--out", self.path(f"{name}.paranet"))["file"]

    def signed(self, name):
        if not os.path.isdir(self.path("tools")):
            self.identity("publisher", "tools")
        file = self.build(name)
        self.ok("package", "sign", file, "--identity", self.path("tools"))
        return file

    def deploy(self, name, node, signed=False):
        file = self.signed(name) if signed else self.build(name)
        return self.ok_json("package", "deploy", file, "--node", node)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
