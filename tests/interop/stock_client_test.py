"""A stock gRPC client (Debian's python3-grpcio) and the example's own .proto: the same answer as from any gRPC server.

Real processes: a network of two Standard Nodes, the example on beta, the client at beta and at alpha, which imported the skill.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import grpc
import weather_pb2

PARANET = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tools/paranet")
EXAMPLE = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "examples/weather")

CURRENT = "/weather.v1.Weather/Current"
WATCH = "/weather.v1.Weather/Watch"


class Network:
    """A throw-away network; its nodes are stopped and its files deleted by close()."""

    def __init__(self):
        # Short, because the path of a Unix socket is.
        self._home = tempfile.TemporaryDirectory(dir="/tmp")
        self.env = dict(os.environ, PARANET_HOME=self._home.name)

    def path(self, *parts):
        return os.path.join(self._home.name, *parts)

    def run(self, *args):
        done = subprocess.run([PARANET, *args, "--output", "json"], env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        if done.returncode:
            raise AssertionError("paranet %s: exit %d\n%s%s" % (" ".join(args), done.returncode, done.stdout, done.stderr))
        return json.loads(done.stdout) if done.stdout.strip() else None

    def socket(self, node):
        return "unix:" + self.path("nodes", node, "control.sock")

    def pid(self, node):
        return int(self.run("node", "status", node)["pid"])

    def close(self):
        for name in os.listdir(self.path("nodes")):
            subprocess.run([PARANET, "node", "stop", name], env=self.env, capture_output=True, timeout=60, check=False)
        self._home.cleanup()


def current(target, city, **kwargs):
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(CURRENT, request_serializer=weather_pb2.CurrentRequest.SerializeToString,
                                   response_deserializer=weather_pb2.CurrentResponse.FromString)
        return call(weather_pb2.CurrentRequest(city=city), timeout=10, **kwargs)


def watch(target, city, count):
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_stream(WATCH, request_serializer=weather_pb2.WatchRequest.SerializeToString,
                                    response_deserializer=weather_pb2.CurrentResponse.FromString)
        return list(call(weather_pb2.WatchRequest(city=city, count=count), timeout=10))


class StockClientTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.network = network = Network()
        cls.addClassCleanup(network.close)
        network.run("root", "init", "acme")
        for role, name in (("node", "alpha"), ("node", "beta"), ("publisher", "maker")):
            network.run("root", "issue", "acme", "--role", role, "--name", name, "--out", network.path("id-" + name))
        for name in ("alpha", "beta"):
            network.run("node", "start", "--name", name, "--identity", network.path("id-" + name))
        # Files in place of the links that Bazel puts there, which a package may not have.
        folder = shutil.copytree(EXAMPLE, network.path("weather"))
        archive = network.path("weather.paranet")
        network.run("package", "build", folder, "--out", archive)
        network.run("package", "sign", archive, "--identity", network.path("id-maker"))
        network.run("package", "deploy", archive, "--node", "beta")
        network.run("federate", "--from", "alpha", "--to", "beta")

    def test_the_same_answer_at_the_node_that_has_the_actor_and_at_the_one_that_imported_it(self):
        local = current(self.network.socket("beta"), "Oslo")
        imported = current(self.network.socket("alpha"), "Oslo")
        self.assertEqual(local.city, "Oslo")
        self.assertEqual(local, imported)
        named = self.network.run("call", "weather/current", '{"city": "Oslo"}', "--node", "alpha")
        self.assertEqual(named["city"], "Oslo")

    def test_streams(self):
        local = watch(self.network.socket("beta"), "Oslo", 3)
        self.assertEqual(len(local), 3)
        self.assertEqual(watch(self.network.socket("alpha"), "Oslo", 3), local)

    def test_the_actors_error_arrives_unchanged(self):
        errors = []
        for node in ("alpha", "beta"):
            with self.assertRaises(grpc.RpcError) as raised:
                current(self.network.socket(node), "Atlantis")
            errors.append((raised.exception.code(), raised.exception.details()))
        self.assertEqual(errors[0], errors[1])
        self.assertEqual(errors[0][0], grpc.StatusCode.NOT_FOUND)

    def test_an_unknown_method_is_unimplemented_with_the_nearest(self):
        with grpc.insecure_channel(self.network.socket("alpha")) as channel:
            with self.assertRaises(grpc.RpcError) as raised:
                channel.unary_unary("/weather.v1.Weather/Curent")(b"", timeout=10)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        self.assertIn(CURRENT, raised.exception.details())

    def test_a_kill_of_either_side_needs_no_other_command_than_start(self):
        for name in ("alpha", "beta"):
            os.kill(self.network.pid(name), signal.SIGKILL)
            self.network.run("node", "start", "--name", name)
            answer = self.network.run("call", "weather/current", '{"city": "Oslo"}', "--node", "alpha")
            self.assertEqual(answer["city"], "Oslo")
            self.assertEqual(current(self.network.socket("alpha"), "Oslo").city, "Oslo")


if __name__ == "__main__":
    sys.exit(unittest.main())
