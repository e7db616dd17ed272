"""The life of certificates as operators see it: real processes, the real command line, `root serve` killed at will.

    bazel test //tests/interop:enrolment_test --test_arg=--count=200    more enrolments under kill -9 (40)
"""

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PARANET = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tools/paranet")
EXAMPLE = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "examples/weather")

OK, FAILED, USAGE, NOT_FOUND, REFUSED, UNAVAILABLE = range(6)
# No test waits this long unless something hangs.
LIMIT = 120
COUNT = 40


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def eventually(what, condition, limit=60):
    """Asks again and again until `condition` is true, and returns what it said."""
    end = time.monotonic() + limit
    while True:
        said = condition()
        if said:
            return said
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit} s")
        time.sleep(0.02)


class EnrolmentTest(unittest.TestCase):
    def setUp(self):
        # Short, because the path of a Unix socket is.
        self.dir = tempfile.mkdtemp(prefix="en", dir="/tmp")
        self.home = os.path.join(self.dir, "h")
        self.servers = []
        self.addCleanup(self.clean_up)
        self.ok("root", "init", "acme")

    def clean_up(self):
        for server in self.servers:
            if server.poll() is None:
                server.kill()
            server.wait()
            server.stdout.close()
        for home in os.listdir(self.dir):
            nodes = os.path.join(self.dir, home, "nodes")
            for name in os.listdir(nodes) if os.path.isdir(nodes) else []:
                self.run_cli("node", "stop", name, home=os.path.join(self.dir, home))
        shutil.rmtree(self.dir)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def env(self, home=None):
        return {"PATH": os.environ["PATH"], "PARANET_HOME": home or self.home}

    def run_cli(self, *args, stdin="", home=None):
        return Result(subprocess.run([PARANET, *args], input=stdin, capture_output=True, text=True,
                                     env=self.env(home), timeout=LIMIT, check=False))

    def ok(self, *args, **kwargs):
        result = self.run_cli(*args, "--output", "json", **kwargs)
        self.assertEqual(result.code, OK, (args, result))
        return result.json() if result.out.strip() else None

    def refused(self, code, says, *args, **kwargs):
        """Exit code, and all of `says` in the one sentence."""
        result = self.run_cli(*args, **kwargs)
        self.assertEqual(result.code, code, (args, result))
        for word in says:
            self.assertIn(word, result.err)
        return result

    # --- the root and its tokens

    def serve(self, *args, listen="127.0.0.1:0"):
        """`root serve` in the foreground; sets self.address."""
        server = subprocess.Popen([PARANET, "root", "serve", "acme", "--listen", listen, "--output", "json", *args],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.env())
        self.servers.append(server)
        ready, _, _ = select.select([server.stdout], [], [], LIMIT)
        line = server.stdout.readline() if ready else ""
        if not line:
            raise AssertionError("root serve did not start")
        started = json.loads(line)
        self.address = started["address"]
        self.fingerprint = started["fingerprint"]
        return server

    def stop(self, server):
        server.terminate()
        self.assertEqual(server.wait(timeout=LIMIT), 0)

    def token(self, node, *args):
        return self.ok("root", "token", "create", "acme", "--node", node, "--endpoint", self.address, *args)["token"]

    def enroll(self, node, token, **kwargs):
        return self.ok("node", "enroll", "--name", node, "--token-file", "-", stdin=token, **kwargs)["certificate"]

    def ledger(self):
        return self.ok("root", "ls", "acme", "--all")["certificates"]

    # --- nodes

    def status(self, node, **kwargs):
        return self.ok("node", "status", node, **kwargs)

    def deploy(self, node):
        folder = shutil.copytree(EXAMPLE, self.path("weather"), dirs_exist_ok=True)
        archive = self.path("weather.paranet")
        if not os.path.exists(archive):
            self.ok("package", "build", folder, "--out", archive)
        self.ok("package", "deploy", archive, "--node", node)

    def call(self, node):
        return self.ok("call", "weather/current", '{"city": "Oslo"}', "--node", node)["city"]

    def chain(self, node):
        [leaf, issuer] = self.ok("cert", "inspect", self.path("h", "nodes", node, "identity", "chain.pem"))[
            "certificates"
        ]
        return leaf, issuer


class TokenTest(EnrolmentTest):
    def test_a_running_test_node_becomes_a_standard_node(self):
        self.serve()
        before = self.ok("node", "start", "--name", "alpha", "--test")
        self.deploy("alpha")
        certificate = self.enroll("alpha", self.token("alpha"))
        self.assertEqual(certificate["identity"], "paranet://acme/node/alpha")
        after = self.status("alpha")
        self.assertEqual((after["kind"], after["network"]), ("standard", "acme"))
        for same in ("pid", "address", "packages", "started_at_unix_ms"):
            self.assertEqual(after[same], before[same] if same != "packages" else 1)
        self.assertEqual(self.call("alpha"), "Oslo")

        # And it federates, with a node that was enrolled before it ever ran.
        self.enroll("beta", self.token("beta"))
        self.ok("node", "start", "--name", "beta")
        self.ok("federate", "--from", "beta", "--to", "alpha")
        self.assertEqual(self.call("beta"), "Oslo")

        # It stays one.
        self.ok("node", "stop", "alpha")
        self.assertEqual(self.ok("node", "start", "--name", "alpha")["kind"], "standard")
        self.assertEqual(self.call("alpha"), "Oslo")

    def test_each_bad_token_has_a_sentence_of_its_own_and_changes_nothing(self):
        self.serve()
        self.ok("node", "start", "--name", "alpha", "--test")
        enroll = ("node", "enroll", "--name", "alpha", "--token-file", "-")

        good = self.token("alpha")
        self.refused(FAILED, ["token"], *enroll, stdin="hello")
        self.refused(FAILED, ["token"], *enroll, stdin=good[:-4])
        flipped = good[:40] + ("A" if good[40] != "A" else "B") + good[41:]
        self.refused(FAILED, ["token"], *enroll, stdin=flipped)
        self.refused(REFUSED, ["node/beta", "node/alpha"], *enroll, stdin=self.token("beta"))
        self.refused(REFUSED, ["expired"], *enroll, stdin=self.expired_token("alpha"))

        revoked = self.token("alpha")
        tokens = self.ok("root", "token", "ls", "acme")["tokens"]
        self.ok("root", "token", "revoke", "acme", tokens[-1]["id"])
        self.refused(REFUSED, ["revoked"], *enroll, stdin=revoked)

        self.assertEqual(self.status("alpha")["kind"], "test")
        self.assertFalse([c for c in self.ledger() if c["identity"].endswith("node/alpha")])
        self.enroll("alpha", good)
        self.refused(REFUSED, ["used"], *enroll, stdin=good)
        self.assertEqual(len([c for c in self.ledger() if c["identity"].endswith("node/alpha")]), 1)

    def expired_token(self, node):
        token = self.token(node, "--ttl", "1s")
        time.sleep(2.1)  # What is tested is that time passes.
        return token

    def test_out_of_reach_and_a_root_that_is_another(self):
        server = self.serve()
        token = self.token("alpha")
        self.stop(server)
        enroll = ("node", "enroll", "--name", "alpha", "--token-file", "-")
        self.refused(UNAVAILABLE, [self.address, "root serve"], *enroll, stdin=token)
        # Nothing is left of a node that never was.
        self.assertFalse(os.path.exists(self.path("h", "nodes", "alpha")))

        other = self.path("o")
        self.ok("root", "init", "acme", home=other)
        impostor = subprocess.Popen([PARANET, "root", "serve", "acme", "--listen", self.address, "--output", "json"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                    env=self.env(other))
        self.servers.append(impostor)
        self.assertIn("address", impostor.stdout.readline())
        self.refused(REFUSED, ["not trusted", self.fingerprint], *enroll, stdin=token)
        self.stop(impostor)
        self.serve(listen=self.address)
        self.enroll("alpha", token)

    def test_of_many_with_one_token_exactly_one_wins(self):
        self.serve()
        token = self.token("alpha")
        homes = [self.path(f"m{i}") for i in range(8)]
        results = [None] * len(homes)

        def enroll(i):
            results[i] = self.run_cli("node", "enroll", "--name", "alpha", "--token-file", "-", stdin=token,
                                      home=homes[i])

        threads = [threading.Thread(target=enroll, args=(i,)) for i in range(len(homes))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(r.code for r in results), [OK] + [REFUSED] * (len(homes) - 1), results)
        self.assertEqual(len([c for c in self.ledger() if c["identity"].endswith("node/alpha")]), 1)


class FilesTest(EnrolmentTest):
    def by_files(self, node, *start):
        request, out = self.path(node + ".csr"), self.path(node + "-issued")
        self.ok("node", "enroll", "--name", node, "--network", "acme", "--request-out", request, "--dns", "a.example")
        self.ok("root", "issue", "acme", "--request", request, "--out", out)
        self.assertFalse(os.path.exists(os.path.join(out, "key.pem")))
        return self.ok("node", "enroll", "--name", node, "--chain", os.path.join(out, "chain.pem"), "--roots",
                       os.path.join(out, "roots.pem"))

    def test_the_same_by_files_as_by_token(self):
        self.serve()
        for node in ("alpha", "beta"):
            self.ok("node", "start", "--name", node, "--test")
            self.deploy(node)
        self.by_files("alpha")
        self.ok("node", "enroll", "--name", "beta", "--token-file", "-", "--dns", "a.example",
                stdin=self.token("beta"))
        self.assert_same("alpha", "beta")
        self.ok("federate", "--from", "alpha", "--to", "beta", "--bidirectional")
        for node in ("alpha", "beta"):
            self.assertEqual(self.status(node)["links_up"], 1)
            self.assertEqual(self.call(node), "Oslo")

    def test_the_same_by_files_as_by_token_for_nodes_that_do_not_run(self):
        self.serve()
        self.by_files("alpha")
        self.ok("node", "enroll", "--name", "beta", "--token-file", "-", "--dns", "a.example",
                stdin=self.token("beta"))
        self.assert_same("alpha", "beta")
        for node in ("alpha", "beta"):
            self.assertEqual(self.ok("node", "start", "--name", node)["kind"], "standard")

    def assert_same(self, by_files, by_token):
        told = []
        for node in (by_files, by_token):
            leaf, issuer = self.chain(node)
            life = leaf["not_after_unix"] - leaf["not_before_unix"]
            told.append([leaf[k] for k in ("role", "network", "dns_names", "issuer", "key", "key_usages",
                                           "extended_key_usages")] + [life, issuer["fingerprint"]])
            folder = self.path("h", "nodes", node, "identity")
            self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
            for file in ("key.pem", "chain.pem", "roots.pem"):
                self.assertEqual(os.stat(os.path.join(folder, file)).st_mode & 0o777, 0o600)
            with open(os.path.join(folder, "roots.pem"), encoding="ascii") as file:
                told[-1].append(file.read().strip())
            self.assertFalse(os.path.exists(self.path("h", "nodes", node, "pending-key.pem")))
        self.assertEqual(*told)

    def test_the_key_that_waits_is_private_and_only_its_certificate_is_taken(self):
        first, second = self.path("1.csr"), self.path("2.csr")
        self.ok("node", "enroll", "--name", "alpha", "--network", "acme", "--request-out", first)
        self.assertEqual(os.stat(self.path("h", "nodes", "alpha", "pending-key.pem")).st_mode & 0o777, 0o600)
        self.ok("node", "enroll", "--name", "alpha", "--network", "acme", "--request-out", second)
        for request, out in ((first, "1"), (second, "2")):
            self.ok("root", "issue", "acme", "--request", request, "--out", self.path(out))

        def install(out):
            return ("node", "enroll", "--name", "alpha", "--chain", self.path(out, "chain.pem"), "--roots",
                    self.path(out, "roots.pem"))

        self.refused(FAILED, ["made last"], *install("1"))
        self.ok(*install("2"))
        self.refused(FAILED, ["has made no request"], *install("2"))

    def test_roots_that_are_not_the_certificates_are_refused(self):
        request = self.path("a.csr")
        self.ok("node", "enroll", "--name", "alpha", "--network", "acme", "--request-out", request)
        self.ok("root", "issue", "acme", "--request", request, "--out", self.path("out"))
        other = self.path("o")
        self.ok("root", "init", "acme", home=other)
        self.refused(REFUSED, ["UNTRUSTED_ROOT"], "node", "enroll", "--name", "alpha", "--chain",
                     self.path("out", "chain.pem"), "--roots", os.path.join(other, "roots", "acme", "root.pem"))
        self.assertFalse(os.path.exists(self.path("h", "nodes", "alpha", "identity")))

    def test_what_does_not_go_together(self):
        for args in ((), ("--token", "x", "--chain", "y"), ("--network", "acme"), ("--chain", "x"),
                     ("--chain", "x", "--roots", "y", "--dns", "z")):
            self.refused(USAGE, [], "node", "enroll", "--name", "alpha", *args)


class RenewalTest(EnrolmentTest):
    def test_lives_of_seconds_are_renewed_without_an_end(self):
        self.serve("--leaf-life", "4s")
        self.enroll("alpha", self.token("alpha"))
        self.ok("node", "start", "--name", "alpha")
        serials, now = set(), time.time()
        while len(serials) < 4:
            status = self.status("alpha")
            self.assertGreater(status["certificate"]["not_after_unix"] + 1, time.time())
            serials.add(status["certificate"]["serial"])
            self.assertLess(time.time() - now, 60)
        keys = {c["fingerprint"] for c in self.ledger()}
        self.assertEqual(len(keys), len(self.ledger()))

    def test_renew_now_running_or_not(self):
        self.serve()
        first = self.enroll("alpha", self.token("alpha"))["serial"]
        second = self.ok("node", "renew", "alpha")["certificate"]["serial"]
        self.ok("node", "start", "--name", "alpha")
        self.assertEqual(self.status("alpha")["certificate"]["serial"], second)
        third = self.ok("node", "renew", "alpha")["certificate"]["serial"]
        self.assertEqual(self.status("alpha")["certificate"]["serial"], third)
        self.assertEqual(len({first, second, third}), 3)

    def test_renew_without_anything_to_renew(self):
        self.ok("node", "start", "--name", "alpha", "--test")
        self.refused(FAILED, ["Test Node", "enroll"], "node", "renew", "alpha")
        self.ok("node", "stop", "alpha")
        self.refused(NOT_FOUND, ["enroll"], "node", "renew", "alpha")
        self.refused(NOT_FOUND, [], "node", "renew", "nobody")

    def test_an_expired_node_comes_back_with_a_new_token_alone(self):
        server = self.serve("--leaf-life", "3s")
        self.enroll("alpha", self.token("alpha"))
        self.enroll("beta", self.token("beta"))
        self.ok("node", "start", "--name", "alpha")
        pid = self.status("alpha")["pid"]
        self.stop(server)
        # One that runs says so; one that does not is told so when it starts.
        eventually("alpha says that it has expired", lambda: [
            w for w in self.status("alpha")["warnings"] if "expired" in w])
        self.assertIn("warning", self.run_cli("node", "status", "alpha").out)
        eventually("beta has expired", lambda: self.chain("beta")[0]["not_after_unix"] < time.time() - 1)
        self.refused(REFUSED, ["EXPIRED"], "node", "start", "--name", "beta")

        self.serve("--leaf-life", "1h", listen=self.address)
        for node in ("alpha", "beta"):
            self.enroll(node, self.token(node))
        self.ok("node", "start", "--name", "beta")
        self.assertEqual(self.status("alpha")["pid"], pid)
        self.assertEqual(self.status("alpha")["warnings"], [])
        self.deploy_signed("beta")
        self.ok("federate", "--from", "alpha", "--to", "beta")
        self.assertEqual(self.call("alpha"), "Oslo")

    def deploy_signed(self, node):
        folder = shutil.copytree(EXAMPLE, self.path("weather"))
        archive = self.path("weather.paranet")
        self.ok("package", "build", folder, "--out", archive)
        self.ok("root", "issue", "acme", "--role", "publisher", "--name", "maker", "--out", self.path("maker"))
        self.ok("package", "sign", archive, "--identity", self.path("maker"))
        self.ok("package", "deploy", archive, "--node", node)


class RevocationTest(EnrolmentTest):
    def test_a_list_arrives_at_nodes_that_run(self):
        self.serve()
        for node in ("alpha", "beta"):
            self.enroll(node, self.token(node))
            self.ok("node", "start", "--name", node)
        serial = self.chain("beta")[0]["serial"]
        self.ok("root", "revoke", "acme", "node/beta", "--reason", "keyCompromise")
        eventually("alpha knows", lambda: [
            revoked for crl in self.ok("trust", "ls", "--node", "alpha")["revocation_lists"]
            for revoked in crl["revoked"] if revoked["serial"] == serial])


class ServeTest(EnrolmentTest):
    def test_detached(self):
        started = self.ok("root", "serve", "acme", "--listen", "127.0.0.1:0", "--detach")
        self.address = started["address"]
        try:
            self.enroll("alpha", self.token("alpha"))
        finally:
            ref = os.pidfd_open(started["pid"])
            signal.pidfd_send_signal(ref, signal.SIGTERM)
            select.select([ref], [], [], LIMIT)
            os.close(ref)
        self.refused(UNAVAILABLE, [self.address], "node", "renew", "alpha")

    def test_what_is_wrong_with_it(self):
        self.serve()
        self.refused(FAILED, [self.address], "root", "serve", "acme", "--listen", self.address)
        self.refused(FAILED, [self.address], "root", "serve", "acme", "--listen", self.address, "--detach")
        self.refused(FAILED, ["HOST:PORT"], "root", "serve", "acme", "--listen", "nowhere")
        self.refused(NOT_FOUND, ["acne"], "root", "serve", "acne")
        self.refused(USAGE, ["--leaf-life"], "root", "serve", "acme", "--leaf-life", "soon")

    def test_killed_at_random_points_no_certificate_is_lost_and_no_serial_comes_twice(self):
        """Each certificate that a node has received is in the ledger."""
        server = self.serve("--rate", "0")
        address = self.address
        received, lock = {}, threading.Lock()
        names = [f"n{i}" for i in range(COUNT)]
        done = threading.Event()
        kills = 0

        def worker(mine):
            for name in mine:
                token = None
                while name not in received:
                    token = token or self.token(name)
                    result = self.run_cli("node", "enroll", "--name", name, "--token-file", "-", "--output", "json",
                                          stdin=token)
                    if result.code == OK:
                        with lock:
                            received[name] = result.json()["certificate"]["serial"]
                    elif result.code == REFUSED:
                        # Used up by an attempt whose answer was lost.
                        self.assertIn("used", result.json()["error"]["message"])
                        token = None
                    else:
                        self.assertEqual(result.code, UNAVAILABLE, result)

        errors = []

        def guarded(mine):
            try:
                worker(mine)
            except BaseException as error:  # pylint: disable=broad-except
                errors.append(error)

        threads = [threading.Thread(target=guarded, args=(names[i::3],)) for i in range(3)]
        for thread in threads:
            thread.start()

        def watch():
            for thread in threads:
                thread.join()
            done.set()

        threading.Thread(target=watch).start()
        # Not to wait for something: the point in time is the test.
        while not done.wait(random.uniform(0.02, 0.4)):
            server.kill()
            server.wait()
            server = self.serve("--rate", "0", listen=address)
            kills += 1
        self.assertEqual(errors, [])
        self.assertEqual(len(received), COUNT)
        serials = [c["serial"] for c in self.ledger()]
        self.assertEqual(len(serials), len(set(serials)))
        for name, serial in received.items():
            self.assertIn(serial, serials)
            self.assertEqual(self.chain(name)[0]["serial"], serial)
        print(f"{COUNT} enrolments, root serve killed {kills} times, {len(serials)} certificates in the ledger")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if argument.startswith("--count="):
            COUNT = int(argument[len("--count="):])
            sys.argv.remove(argument)
    sys.exit(unittest.main())
