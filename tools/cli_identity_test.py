"""root init, root issue, cert inspect, and what a node says to certificates that are not its own."""

import datetime
import os
import shutil
import stat
import subprocess
import unittest

from cli_testutil import FAILED, NOT_FOUND, REFUSED, USAGE, CliTest, write


class RootTest(CliTest):
    def test_init(self):
        made = self.ok_json("root", "init", "acme")
        self.assertEqual(made["network"], "acme")
        self.assertEqual(made["dir"], f"{self.home}/roots/acme")
        [root] = self.ok_json("cert", "inspect", f"{made['dir']}/root.pem")["certificates"]
        self.assertEqual(root["fingerprint"], made["fingerprint"])
        self.assertTrue(root["authority"])

    def test_init_elsewhere(self):
        out = self.ok("root", "init", "acme", "--dir", self.path("root")).out
        self.assertIn(self.path("root"), out)
        self.ok(
            "root", "issue", "acme", "--dir", self.path("root"), "--role", "node", "--name", "a", "--out", self.path("a")
        )

    def test_init_never_overwrites(self):
        before = self.ok_json("root", "init", "acme")["fingerprint"]
        error = self.fails(FAILED, "root", "init", "acme", says=["acme"])
        self.assertEqual(error["code"], "ALREADY_EXISTS")
        [root] = self.ok_json("cert", "inspect", f"{self.home}/roots/acme/root.pem")["certificates"]
        self.assertEqual(root["fingerprint"], before)

    def test_init_bad_name(self):
        self.fails(USAGE, "root", "init", "Acme Inc", says=["Acme Inc"])
        self.assertFalse(os.path.exists(f"{self.home}/roots"))

    def test_issue(self):
        self.ok("root", "init", "acme")
        issued = self.ok_json(
            "root", "issue", "acme", "--role", "node", "--name", "alpha", "--dns", "alpha.example",
            "--dns", "a.example", "--ip", "10.0.0.1", "--ttl", "2h", "--out", self.path("alpha"),
        )["certificate"]  # fmt: skip
        self.assertEqual(issued["identity"], "paranet://acme/node/alpha")
        self.assertEqual(issued["dns_names"], ["alpha.example", "a.example"])
        self.assertEqual(issued["ip_addresses"], ["10.0.0.1"])
        self.assertAlmostEqual(issued["not_after_unix"] - issued["not_before_unix"], 2 * 3600 + 60, delta=2)
        self.assertEqual(sorted(os.listdir(self.path("alpha"))), ["chain.pem", "key.pem", "roots.pem"])
        self.assertEqual(stat.S_IMODE(os.stat(self.path("alpha/key.pem")).st_mode), 0o600)

    def test_issue_for_each_role(self):
        for role in ("node", "operator", "publisher"):
            self.identity(role, "some-" + role)
            [leaf, authority] = self.ok_json("cert", "inspect", self.path("some-" + role))["certificates"]
            self.assertEqual((leaf["role"], leaf["name"]), (role, "some-" + role))
            self.assertTrue(authority["authority"])

    def test_issue_usage(self):
        self.ok("root", "init", "acme")
        issue = ["root", "issue", "acme", "--out", self.path("x")]
        self.fails(USAGE, *issue, says=["--role", "--name"])
        self.fails(USAGE, *issue, "--role", "nod", "--name", "x", says=['"node"'])
        self.fails(USAGE, *issue, "--role", "node", "--name", "X", says=["--name"])
        self.fails(USAGE, *issue, "--role", "node", "--name", "x", "--ttl", "soon", says=["--ttl"])
        self.fails(USAGE, *issue, "--role", "node", "--name", "x", "--not-after", "soon", says=["--not-after"])
        self.assertFalse(os.path.exists(self.path("x")))

    def test_issue_never_overwrites(self):
        self.identity("node", "alpha")
        self.fails(
            FAILED, "root", "issue", "acme", "--role", "node", "--name", "alpha", "--out", self.path("alpha"),
            says=[self.path("alpha")],
        )  # fmt: skip

    def test_damaged_ledger(self):
        self.ok("root", "init", "acme")
        write(f"{self.home}/roots/acme/ledger.db", b"no database" * 1000)
        error = self.fails(
            FAILED, "root", "issue", "acme", "--role", "node", "--name", "a", "--out", self.path("a"), says=["ledger"]
        )
        self.assertEqual(error["code"], "DATA_LOSS")
        self.assertFalse(os.path.exists(self.path("a")))


class RequestTest(CliTest):
    """root issue --request, with a key that openssl has made."""

    def setUp(self):
        super().setUp()
        if shutil.which("openssl") is None:
            self.fail("these tests need openssl")
        self.ok("root", "init", "acme")
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path("ec.pem"))

    def openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=self.dir)

    def request(self, uri):
        self.openssl(
            "req", "-new", "-key", self.path("ec.pem"), "-subj", "/CN=beta", "-addext", f"subjectAltName=URI:{uri}",
            "-out", self.path("beta.csr"),
        )  # fmt: skip
        return self.path("beta.csr")

    def test_certificate_without_the_key(self):
        request = self.request("paranet://acme/node/beta")
        issued = self.ok_json("root", "issue", "acme", "--request", request, "--out", self.path("beta"))
        self.assertEqual(issued["certificate"]["identity"], "paranet://acme/node/beta")
        self.assertEqual(sorted(os.listdir(self.path("beta"))), ["chain.pem", "roots.pem"])

    def test_node_runs_with_it(self):
        request = self.request("paranet://acme/node/beta")
        self.ok("root", "issue", "acme", "--request", request, "--out", self.path("beta"))
        self.openssl("pkcs8", "-topk8", "-nocrypt", "-in", self.path("ec.pem"), "-out", self.path("beta/key.pem"))
        os.chmod(self.path("beta/key.pem"), 0o600)
        started = self.ok_json("node", "start", "--name", "beta", "--identity", self.path("beta"))
        self.assertEqual(started["kind"], "standard")

    def test_request_of_another_network(self):
        request = self.request("paranet://other/node/beta")
        self.fails(REFUSED, "root", "issue", "acme", "--request", request, "--out", self.path("beta"), says=["other"])
        self.assertFalse(os.path.exists(self.path("beta")))

    def test_request_that_is_not_for_the_name_given(self):
        request = self.request("paranet://acme/node/beta")
        self.fails(
            REFUSED, "root", "issue", "acme", "--request", request, "--role", "node", "--name", "gamma",
            "--out", self.path("beta"), says=["paranet://acme/node/beta", "paranet://acme/node/gamma"],
        )  # fmt: skip

    def test_file_that_is_no_request(self):
        write(self.path("x.csr"), b"hello")
        self.fails(FAILED, "root", "issue", "acme", "--request", self.path("x.csr"), "--out", self.path("b"), says=["x.csr"])


class CertInspectTest(CliTest):
    def test_text(self):
        self.identity("node", "alpha")
        out = self.ok("cert", "inspect", self.path("alpha/chain.pem")).out
        for word in ("paranet://acme/node/alpha", "expires in 23h", "ECDSA P-256", "fingerprint"):
            self.assertIn(word, out)

    def test_what_is_nothing_of_the_kind(self):
        write(self.path("x"), b"\x30\x03\x02\x01\x05")
        self.fails(FAILED, "cert", "inspect", self.path("x"), says=[self.path("x")])


class NodeIdentityTest(CliTest):
    def start(self, name, identity):
        return ["node", "start", "--name", name, "--identity", self.path(identity)]

    def refuses(self, code, name, identity, says):
        self.fails(code, *self.start(name, identity), says=says)
        self.assertEqual(self.ok_json("node", "ls"), {"nodes": []})

    def test_standard_node(self):
        started = self.start_standard("alpha")
        self.assertEqual((started["kind"], started["network"]), ("standard", "acme"))
        self.assertEqual(started["certificate"]["identity"], "paranet://acme/node/alpha")

    def test_identity_is_installed(self):
        self.start_standard("alpha")
        self.ok("node", "stop", "alpha")
        shutil.rmtree(self.path("alpha"))
        self.assertEqual(self.ok_json("node", "start", "--name", "alpha")["kind"], "standard")

    def test_test_node_becomes_a_standard_node(self):
        first = self.start_test("alpha")
        self.deploy("weather", "alpha")
        self.ok("node", "stop", "alpha")
        again = self.start_standard("alpha")
        self.assertEqual((again["kind"], again["address"]), ("standard", first["address"]))

    def test_standard_node_does_not_become_a_test_node(self):
        self.start_standard("alpha")
        self.ok("node", "stop", "alpha")
        self.fails(FAILED, "node", "start", "--name", "alpha", "--test", says=["is a Standard Node"])

    def test_no_identity(self):
        self.refuses(NOT_FOUND, "alpha", "nothing", [self.path("nothing")])

    def test_expired(self):
        self.identity(
            "node", "alpha", "--not-before", "2020-01-01T00:00:00Z", "--not-after", "2020-01-02T00:00:00Z"
        )
        self.refuses(REFUSED, "alpha", "alpha", ["EXPIRED", "2020-01-02"])

    def test_not_yet_valid(self):
        begin = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
        end = begin + datetime.timedelta(days=1)
        form = "%Y-%m-%dT%H:%M:%SZ"
        self.identity("node", "alpha", "--not-before", begin.strftime(form), "--not-after", end.strftime(form))
        self.refuses(REFUSED, "alpha", "alpha", ["NOT_YET_VALID"])

    def test_wrong_role(self):
        self.identity("publisher", "alpha")
        self.refuses(REFUSED, "alpha", "alpha", ["role"])

    def test_certificate_of_another_network(self):
        self.identity("node", "alpha")
        self.identity("node", "other", network="other")
        shutil.copy(self.path("other/roots.pem"), self.path("alpha/roots.pem"))
        self.refuses(REFUSED, "alpha", "alpha", [self.path("alpha")])

    def test_certificate_of_another_node(self):
        self.identity("node", "alpha")
        self.refuses(REFUSED, "beta", "alpha", ['"alpha"', '"beta"'])

    def test_key_of_another_certificate(self):
        self.identity("node", "alpha")
        self.identity("node", "beta")
        shutil.copy(self.path("beta/key.pem"), self.path("alpha/key.pem"))
        self.refuses(FAILED, "alpha", "alpha", ["key"])

    def test_key_that_others_can_read(self):
        self.identity("node", "alpha")
        os.chmod(self.path("alpha/key.pem"), 0o644)
        self.refuses(FAILED, "alpha", "alpha", ["key.pem"])


if __name__ == "__main__":
    unittest.main()
