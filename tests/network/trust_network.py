"""A network whose Network Root serves, with nodes that have enrolled by token: real processes."""

import os
import select
import subprocess
import time

from tools import cli_testutil


class TrustNetworkTest(cli_testutil.CliTest):
    """Network acme. `serve` starts `paranet root serve`; `enrol` makes Standard Nodes of Test Nodes."""

    def serve(self, *args):
        self.ok("root", "init", "acme", "--no-passphrase")
        self.root = subprocess.Popen(
            [self.binary, "root", "serve", "acme", "--listen", "127.0.0.1:0", "--output", "json", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.env(),
        )
        self.addCleanup(self._end_root)
        self.endpoint = cli_testutil.json.loads(self.root.stdout.readline())["address"]

    def _end_root(self):
        self.root.terminate()
        self.root.wait(cli_testutil.LIMIT)
        self.root.stdout.close()

    def enrol(self, *names):
        for name in names:
            self.start_test(name)
            token = self.ok_json("root", "token", "create", "acme", "--node", name, "--endpoint", self.endpoint)
            self.ok("node", "enroll", "--name", name, "--token", token["token"])

    def socket(self, node):
        return "unix:" + os.path.join(self.home, "nodes", node, "control.sock")

    def serial(self, node):
        return self.status(node)["certificate"]["serial"]

    def eventually(self, what, condition, limit=60):
        """What other processes do is seen by asking them again."""
        deadline = time.monotonic() + limit
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{what}: not within {limit} s")
            select.select([], [], [], 0.05)
