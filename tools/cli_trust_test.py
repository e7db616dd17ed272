"""cert, request and trust, and that openssl and certtool say the same of every artefact."""

import base64
import datetime
import hashlib
import os
import re
import shutil
import stat
import subprocess
import unittest

from cli_testutil import FAILED, NOT_FOUND, OK, REFUSED, USAGE, CliTest, read, write


def unix(text):
    """Of a time as openssl prints it: `Jan 31 12:00:00 2026 GMT`."""
    return int(datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=datetime.timezone.utc).timestamp())


class ToolTest(CliTest):
    def setUp(self):
        super().setUp()
        for tool in ("openssl", "certtool"):
            if shutil.which(tool) is None:
                self.fail(f"these tests need {tool}: install the packages openssl and gnutls-bin")

    def tool(self, *args, stdin=None):
        return subprocess.run(args, check=True, capture_output=True, cwd=self.dir, input=stdin).stdout

    def openssl(self, *args, stdin=None):
        return self.tool("openssl", *args, stdin=stdin)

    def inspect(self, path):
        return self.ok_json("cert", "inspect", path)

    def blocks(self, path):
        return re.findall(rb"-----BEGIN [^-]+-----.*?-----END [^-]+-----\n", read(path), re.S)


class AgreementTest(ToolTest):
    def test_certificates(self):
        self.identity("node", "alpha", "--dns", "alpha.example", "--ip", "10.0.0.1", "--ip", "2001:db8::1")
        found = self.inspect(self.path("alpha"))["certificates"]
        pems = self.blocks(self.path("alpha/chain.pem"))
        self.assertEqual(len(found), len(pems))
        for ours, pem in zip(found, pems):
            fields = dict(
                line.split("=", 1)
                for line in self.openssl(
                    "x509", "-noout", "-serial", "-startdate", "-enddate", "-fingerprint", "-sha256", stdin=pem
                ).decode().splitlines()
            )  # fmt: skip
            self.assertEqual(int(ours["serial"], 16), int(fields["serial"], 16))
            self.assertEqual(ours["not_before_unix"], unix(fields["notBefore"]))
            self.assertEqual(ours["not_after_unix"], unix(fields["notAfter"]))
            self.assertEqual(ours["fingerprint"], fields["sha256 Fingerprint"].replace(":", "").lower())
            theirs = self.tool("certtool", "-i", stdin=pem).decode()
            self.assertIn("sha256:" + ours["fingerprint"], theirs)
            self.assertEqual(int(ours["serial"], 16), int(re.search(r"Serial Number \(hex\): (\w+)", theirs)[1], 16))
            self.assertIn("Public Key ID:", theirs)
            self.assertIn("sha256:" + ours["public_key_fingerprint"], theirs)
        text = self.openssl("x509", "-noout", "-text", stdin=pems[0]).decode()
        for name in (found[0]["identity"], "DNS:alpha.example", "IP Address:10.0.0.1"):
            self.assertIn(name, text)

    def test_openssl_verifies_what_we_verify(self):
        self.identity("node", "alpha")
        chain, roots = self.path("alpha/chain.pem"), self.path("alpha/roots.pem")
        self.openssl("verify", "-x509_strict", "-CAfile", roots, "-untrusted", chain, chain)
        self.assertEqual(self.ok_json("cert", "verify", chain, "--roots", roots)["outcome"], "OK")

    def test_requests(self):
        self.ok("request", "create", "--network", "acme", "--name", "beta", "--dns", "beta.example", "--ip", "10.0.0.2",
                "--out", self.path("beta"))  # fmt: skip
        file = self.path("beta/request.pem")
        text = self.openssl("req", "-in", file, "-noout", "-verify", "-text").decode()
        for name in ("URI:paranet://acme/node/beta", "DNS:beta.example", "IP Address:10.0.0.2"):
            self.assertIn(name, text)
        self.tool("certtool", "--crq-info", "--infile", file)
        key = self.openssl("pkey", "-in", self.path("beta/key.pem"), "-pubout", "-outform", "der")
        self.assertEqual(self.openssl("req", "-in", file, "-noout", "-pubkey"),
                         self.openssl("pkey", "-pubin", "-inform", "der", stdin=key))  # fmt: skip
        [ours] = self.ok_json("request", "inspect", file)["requests"]
        self.assertEqual(ours["public_key_fingerprint"], hashlib.sha256(key).hexdigest())
        self.assertTrue(ours["signed_by_its_key"])
        self.assertEqual((ours["identity"], ours["dns_names"], ours["ip_addresses"]),
                         ("paranet://acme/node/beta", ["beta.example"], ["10.0.0.2"]))  # fmt: skip

    def revocation_list(self):
        """By openssl, of an authority of its own."""
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/O=other/CN=CA",
                     "-days", "30", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
        write(self.path("index.txt"), b"R\t400101000000Z\t250101000000Z,keyCompromise\t0A0B\tunknown\t/CN=x\n")
        write(self.path("number"), b"1F\n")
        write(self.path("ca.cnf"), b"[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\n"
              b"default_crl_days=7\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n")  # fmt: skip
        self.openssl("ca", "-config", "ca.cnf", "-gencrl", "-cert", "ca.pem", "-keyfile", "ca.key", "-out", "list.pem")
        return self.path("list.pem")

    def test_revocation_lists(self):
        file = self.revocation_list()
        text = self.openssl("crl", "-in", file, "-noout", "-lastupdate", "-nextupdate", "-fingerprint", "-sha256").decode()
        fields = {name.lower(): value for name, value in (line.split("=", 1) for line in text.splitlines())}
        [ours] = self.inspect(file)["revocation_lists"]
        self.assertEqual(ours["number"], "1f")
        self.assertEqual(ours["this_update_unix"], unix(fields["lastupdate"]))
        self.assertEqual(ours["next_update_unix"], unix(fields["nextupdate"]))
        # openssl 3 calls the same hash by two names.
        [fingerprint] = [value for name, value in fields.items() if name.endswith("fingerprint")]
        self.assertEqual(ours["fingerprint"], fingerprint.replace(":", "").lower())
        [revoked] = ours["revoked"]
        self.assertEqual(int(revoked["serial"], 16), 0x0A0B)
        self.assertEqual(revoked["revoked_at_unix"], unix("Jan  1 00:00:00 2025 GMT"))
        theirs = self.tool("certtool", "--crl-info", "--infile", file).decode()
        self.assertIn("Serial Number (hex): 0a0b", theirs)
        self.openssl("crl", "-in", file, "-outform", "der", "-out", "list.der")
        self.assertEqual(self.inspect(self.path("list.der"))["revocation_lists"], [ours])

    def test_everything_that_openssl_makes(self):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=Bj\u00f8rk/CN=x", "-utf8", "-days", "1",
                     "-keyout", "rsa.key", "-out", "rsa.pem")  # fmt: skip
        [rsa] = self.inspect(self.path("rsa.pem"))["certificates"]
        self.assertEqual(rsa["key"], "RSA 2048")
        self.assertNotEqual(rsa["note"], "")
        serial = self.openssl("x509", "-in", "rsa.pem", "-noout", "-serial").decode().strip().split("=")[1]
        self.assertEqual(int(rsa["serial"], 16), int(serial, 16))
        self.openssl("x509", "-in", "rsa.pem", "-outform", "der", "-out", "rsa.der")
        self.assertEqual(self.inspect(self.path("rsa.der"))["certificates"], [rsa])
        self.openssl("crl2pkcs7", "-nocrl", "-certfile", "rsa.pem", "-out", "rsa.p7")
        self.assertEqual(self.inspect(self.path("rsa.p7"))["certificates"], [rsa])
        keys = {
            "rsa.key": ("private key", "RSA 2048"),
            "p1.key": ("private key", "RSA 2048"),
            "sec1.key": ("private key", "ECDSA P-384"),
            "ed.key": ("private key", "Ed25519"),
            "locked.key": ("encrypted private key", ""),
            "locked8.key": ("encrypted private key", ""),
            "rsa.pub": ("public key", "RSA 2048"),
        }
        self.openssl("rsa", "-in", "rsa.key", "-traditional", "-out", "p1.key")
        self.openssl("rsa", "-in", "rsa.key", "-pubout", "-out", "rsa.pub")
        self.openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "sec1.key")
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", "ed.key")
        self.openssl("ec", "-in", "sec1.key", "-aes128", "-passout", "pass:x", "-out", "locked.key")
        self.openssl("pkcs8", "-topk8", "-in", "sec1.key", "-passout", "pass:x", "-out", "locked8.key")
        for file, (kind, key) in keys.items():
            with self.subTest(file):
                [found] = self.inspect(self.path(file))["keys"]
                self.assertEqual((found["kind"], found["key"]), (kind, key))
        self.assertEqual(self.inspect(self.path("rsa.pub"))["keys"][0]["public_key_fingerprint"], rsa["public_key_fingerprint"])

    def test_fingerprints(self):
        self.identity("node", "alpha")
        [leaf, _] = self.ok_json("cert", "fingerprint", self.path("alpha"))["certificates"]
        key = self.openssl("pkey", "-in", self.path("alpha/key.pem"), "-pubout", "-outform", "der")
        self.assertEqual(leaf["public_key_fingerprint"], hashlib.sha256(key).hexdigest())
        self.assertEqual(leaf["pin"], "sha256//" + base64.b64encode(hashlib.sha256(key).digest()).decode())
        self.assertIn(leaf["fingerprint"], self.ok("cert", "fingerprint", self.path("alpha/chain.pem")).out)
        self.fails(FAILED, "cert", "fingerprint", self.path("alpha/key.pem"), says=["no certificate"])


class InspectTest(CliTest):
    def test_private_key_stays_private(self):
        self.identity("node", "alpha")
        key = read(self.path("alpha/key.pem")).decode()
        result = self.ok("cert", "inspect", self.path("alpha/key.pem"))
        self.assertIn("private key", result.out)
        for line in key.splitlines()[1:-1]:
            self.assertNotIn(line, result.out)
        # Of what cannot be read, nothing is quoted either.
        broken = key.replace("\n", "\n!", 2)
        write(self.path("broken.pem"), broken.encode())
        error = self.fails(FAILED, "cert", "inspect", self.path("broken.pem"), says=["broken.pem"])
        for line in key.splitlines()[1:-1]:
            self.assertNotIn(line, error["message"])

    def test_standard_input(self):
        self.identity("node", "alpha")
        pem = read(self.path("alpha/chain.pem")).decode()
        self.assertIn("paranet://acme/node/alpha", self.ok("cert", "inspect", "-", stdin="text\n" + pem).out)
        self.fails(FAILED, "cert", "inspect", "-", stdin="text")

    def test_request_inspect_wants_a_request(self):
        self.identity("node", "alpha")
        self.fails(FAILED, "request", "inspect", self.path("alpha/chain.pem"), says=["no request"])
        self.fails(NOT_FOUND, "request", "inspect", self.path("nothing"))


class VerifyTest(CliTest):
    def setUp(self):
        super().setUp()
        self.identity("node", "alpha")
        self.verify = ["cert", "verify", self.path("alpha"), "--roots", self.path("alpha/roots.pem")]

    def refused(self, outcome, index, *more, says=()):
        result = self.run_cli(*self.verify, *more, "--output", "json")
        self.assertEqual(result.code, REFUSED, result)
        told = result.json()
        self.assertEqual((told["outcome"], told["index"]), (outcome, index))
        text = self.run_cli(*self.verify, *more)
        self.assertEqual(text.code, REFUSED)
        for word in (outcome, *says):
            self.assertIn(word, text.out)

    def test_ok(self):
        told = self.ok_json(*self.verify, "--role", "node", "--expect", "paranet://acme/node/alpha")
        self.assertEqual(told, {"outcome": "OK", "index": 0, "diagnostic": "", "identity": "paranet://acme/node/alpha"})

    def test_refused(self):
        self.refused("WRONG_ROLE", 0, "--role", "operator")
        self.refused("WRONG_NAME", 0, "--expect", "paranet://acme/node/beta", says=["paranet://acme/node/alpha"])
        self.refused("WRONG_NETWORK", 0, "--expect", "paranet://other/node/alpha")
        self.refused("EXPIRED", 0, "--at", self.later(2))
        self.refused("NOT_YET_VALID", 2, "--at", "2020-01-01T00:00:00Z")

    def later(self, days):
        time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_other_root(self):
        self.identity("node", "other", network="other")
        self.verify[-1] = self.path("other/roots.pem")
        self.refused("UNTRUSTED_ROOT", 1)

    def test_usage(self):
        self.fails(USAGE, *self.verify, "--role", "nod", says=['"node"'])
        self.fails(USAGE, *self.verify, "--expect", "alpha", says=["--expect"])
        self.fails(USAGE, *self.verify, "--at", "soon", says=["--at"])
        self.fails(USAGE, "cert", "verify", self.path("alpha"), says=["--roots"])
        self.fails(NOT_FOUND, *self.verify, "--crl", self.path("nothing"))
        self.fails(FAILED, *self.verify, "--crl", self.path("alpha/roots.pem"), says=["roots.pem"])


class RequestTest(CliTest):
    def create(self, *more):
        return ["request", "create", "--network", "acme", "--name", "beta", *more]

    def test_the_way_to_a_node_that_runs(self):
        self.ok("root", "init", "acme")
        made = self.ok_json(*self.create("--out", self.path("beta")))
        self.assertEqual(made["identity"], "paranet://acme/node/beta")
        self.assertEqual(stat.S_IMODE(os.stat(made["key"]).st_mode), 0o600)
        self.ok("root", "issue", "acme", "--request", made["request"], "--out", self.path("issued"))
        shutil.copy(made["key"], self.path("issued/key.pem"))
        started = self.ok_json("node", "start", "--name", "beta", "--identity", self.path("issued"))
        self.assertEqual(started["certificate"]["identity"], "paranet://acme/node/beta")

    def test_files_and_roles(self):
        files = ["--key-out", self.path("k"), "--request-out", self.path("r")]
        made = self.ok_json("request", "create", "--network", "acme", "--role", "operator", "--name", "ann", *files)
        self.assertEqual((made["key"], made["request"]), (self.path("k"), self.path("r")))
        self.assertEqual(self.ok_json("request", "inspect", self.path("r"))["requests"][0]["identity"],
                         "paranet://acme/operator/ann")  # fmt: skip

    def test_nothing_is_overwritten(self):
        self.ok(*self.create("--out", self.path("beta")))
        before = read(self.path("beta/key.pem"))
        error = self.fails(FAILED, *self.create("--out", self.path("beta")), says=["key.pem"])
        self.assertEqual(error["code"], "ALREADY_EXISTS")
        self.assertEqual(read(self.path("beta/key.pem")), before)

    def test_usage(self):
        self.fails(USAGE, *self.create(), says=["--out"])
        self.fails(USAGE, *self.create("--key-out", self.path("k")), says=["--request-out"])
        self.fails(USAGE, *self.create("--out", "x", "--role", "nod"), says=['"node"'])
        self.fails(USAGE, "request", "create", "--network", "acme", "--name", "B", "--out", "x", says=["--name"])
        self.fails(FAILED, *self.create("--out", self.path("x"), "--dns", "not a name"), says=["not a name"])
        self.assertFalse(os.path.exists(self.path("x")))


class TrustTest(CliTest):
    def setUp(self):
        super().setUp()
        self.start_standard("alpha")
        self.identity("node", "other", network="partner")
        self.root = self.path("other/roots.pem")

    def test_roots_come_and_go(self):
        [own] = self.ok_json("trust", "ls", "--node", "alpha")["roots"]
        self.assertEqual((own["certificate"]["subject"].split("O=")[1], own["further"]), ("acme", False))
        added = self.ok_json(
            "trust", "add", self.root, "--node", "alpha", "--role", "node", "--role", "operator", "--name", "gateway"
        )["roots"]
        self.assertEqual([root["further"] for root in added], [False, True])
        self.assertEqual((added[1]["roles"], added[1]["names"]), (["node", "operator"], ["gateway"]))
        self.assertIn("node,operator,gateway", self.ok("trust", "ls", "--node", "alpha").out)
        # It is there after a restart.
        self.ok("node", "stop", "alpha")
        self.ok("node", "start", "--name", "alpha")
        self.assertEqual(self.ok_json("trust", "ls", "--node", "alpha")["roots"], added)
        fingerprint = added[1]["certificate"]["fingerprint"]
        self.assertEqual(fingerprint, self.ok_json("cert", "fingerprint", self.root)["certificates"][0]["fingerprint"])
        left = self.ok_json("trust", "rm", fingerprint[:12].upper(), "--node", "alpha")["roots"]
        self.assertEqual(left, [own])
        events = [e["event"] for e in self.ok_json("node", "audit", "alpha")["events"]]
        self.assertEqual([e for e in events if e.startswith("root-")], ["root-removed", "root-added"])

    def test_own_root_stays(self):
        [own] = self.ok_json("trust", "ls", "--node", "alpha")["roots"]
        self.assertNotEqual(
            self.run_cli("trust", "rm", own["certificate"]["fingerprint"], "--node", "alpha").code, OK
        )
        self.assertEqual(len(self.ok_json("trust", "ls", "--node", "alpha")["roots"]), 1)

    def test_refused(self):
        node = ["--node", "alpha"]
        self.fails(USAGE, "trust", "add", self.root, *node, "--role", "nod", says=['"node"'])
        self.fails(USAGE, "trust", "add", self.root, *node, "--name", "X", says=["--name"])
        self.fails(USAGE, "trust", "rm", "ab", *node, says=["8"])
        self.fails(NOT_FOUND, "trust", "rm", "ab" * 32, *node)
        # A leaf is no root.
        self.assertNotEqual(self.run_cli("trust", "add", self.path("other/chain.pem"), *node).code, OK)
        self.fails(FAILED, "trust", "add", self.path("other/key.pem"), *node, says=["key.pem"])
        self.fails(FAILED, "trust", "crl", self.root, *node, says=["roots.pem"])
        self.assertEqual(len(self.ok_json("trust", "ls", *node)["roots"]), 1)

    def test_a_test_node_trusts_nobody(self):
        self.start_test("t1")
        self.fails(FAILED, "trust", "ls", "--node", "t1", says=["Test Node"])


if __name__ == "__main__":
    unittest.main()
