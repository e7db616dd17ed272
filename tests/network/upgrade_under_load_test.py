"""Packages that change under load: no call may fail, and each is answered by a version that was live when it began.

With PARANET_LOAD_SECONDS=60 in the environment the load lasts that long; a test run does it briefly.
"""

import os
import sys
import threading
import time
import unittest

import grpc
import weather_pb2

from tests.network import load
from tools import cli_testutil

RATE = 1000
SECONDS = float(os.environ.get("PARANET_LOAD_SECONDS", "6"))
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
# No step takes this long unless something hangs.
LIMIT = 60


def say(text):
    print(text, file=sys.stderr, flush=True)


class UpgradeUnderLoadTest(cli_testutil.CliTest):
    def setUp(self):
        super().setUp()
        self.start_test("t1")
        self.files = {version: self.version(version) for version in VERSIONS}
        self.target = "unix:" + os.path.join(self.home, "nodes", "t1", "control.sock")
        # From when to when, by time.monotonic(), each version may answer calls that begin then.
        self.live = []

    def version(self, version):
        """An archive of weather whose answers say which version they are from (version_actor.c)."""
        folder = self.package_folder("weather", "weather-" + version)
        actor = cli_testutil.read(cli_testutil.runfile("tests/network/libversion.so"))
        cli_testutil.write(os.path.join(folder, "libweather.so"), actor)
        manifest = os.path.join(folder, "paranet.yaml")
        text = cli_testutil.read(manifest).replace(b"version: 1.0.0", b"version: " + version.encode())
        cli_testutil.write(manifest, text + b"    env: {VERSION: " + version.encode() + b"}\n")
        return self.ok_json("package", "build", folder, "--out", self.path(version + ".paranet"))["file"]

    def change(self, *args, to):
        """A deployment or a rollback. While it runs both versions are live."""
        begin = time.monotonic()
        self.ok("package", *args, "--node", "t1")
        end = time.monotonic()
        if self.live:
            version, since, _ = self.live.pop()
            self.live.append((version, since, end))
        self.live.append((to, begin, float("inf")))
        return end - begin

    def provider(self):
        [package] = self.ok_json("package", "ls", "--node", "t1")["packages"]
        return package["running"][0]["name"]

    def test_no_call_fails(self):
        self.change("deploy", self.files[VERSIONS[0]], to=VERSIONS[0])
        calls = load.Load(self.target, RATE, trailer="version")
        self.addCleanup(calls.stop)
        streams = Streams(self.target)
        self.addCleanup(streams.stop)
        self.assertTrue(calls.wait_until(lambda load: load.ok > RATE // 2, LIMIT))
        end = time.monotonic() + SECONDS
        changes = 0
        slowest = 0.0
        while time.monotonic() < end or changes < 4:
            for args, to in (
                (("deploy", self.files[VERSIONS[1]]), VERSIONS[1]),
                (("deploy", self.files[VERSIONS[2]]), VERSIONS[2]),
                (("rollback", "weather"), VERSIONS[1]),
                (("rollback", "weather"), VERSIONS[0]),
            ):
                slowest = max(slowest, self.change(*args, to=to))
                changes += 1
                self.assertEqual(self.provider(), "weather@" + to)
                self.assertTrue(self.some_more(calls))
        rate = calls.stop()
        streams.stop()
        say(
            f"{changes} upgrades and rollbacks, the slowest {slowest * 1000:.0f} ms; {calls.ok} calls at {rate:.0f}/s, "
            f"{len(calls.failures)} failed, slowest {calls.slowest * 1000:.0f} ms; {len(streams.answers)} streams, "
            f"{len(streams.failures)} failed"
        )
        self.assertEqual(calls.failures, [])
        self.assertEqual(streams.failures, [])
        self.check_versions(calls.answers)
        self.check_versions(streams.answers)

    def some_more(self, calls):
        count = calls.ok + RATE // 10
        return calls.wait_until(lambda load: load.ok > count, LIMIT)

    def check_versions(self, answers):
        """Each answer is from a version that was live when its call began."""
        self.assertGreater(len(answers), 0)
        seen = set()
        for begin, version in answers:
            live = [v for v, since, until in self.live if since <= begin <= until]
            self.assertIn(version, live)
            seen.add(version)
        self.assertEqual(seen, set(VERSIONS))


class Streams:
    """Streaming calls of a fifth of a second and 20 answers, one after the other."""

    def __init__(self, target):
        self._channel = grpc.insecure_channel(target)
        self._call = self._channel.unary_stream(
            "/weather.v1.Weather/Watch",
            request_serializer=weather_pb2.WatchRequest.SerializeToString,
            response_deserializer=weather_pb2.CurrentResponse.FromString,
        )
        self._stopping = threading.Event()
        self.answers = []
        self.failures = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.is_set():
            begin = time.monotonic()
            call = self._call(weather_pb2.WatchRequest(city="Oslo"), timeout=LIMIT)
            try:
                count = sum(1 for _ in call)
            except grpc.RpcError as error:
                self.failures.append(f"{error.code()}: {error.details()}")
                continue
            if count == 20:
                self.answers.append((begin, dict(call.trailing_metadata())["version"]))
            else:
                self.failures.append(f"{count} of 20")

    def stop(self):
        self._stopping.set()
        self._thread.join()
        self._channel.close()


if __name__ == "__main__":
    unittest.main()
