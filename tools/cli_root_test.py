"""paranet root: the whole of it as an operator uses it, and what OpenSSL says about what it makes."""

import os
import pty
import select
import shutil
import stat
import subprocess
import unittest

from cli_testutil import FAILED, LIMIT, NOT_FOUND, OK, REFUSED, USAGE, CliTest, read, write


class RootCliTest(CliTest):
    def setUp(self):
        super().setUp()
        if shutil.which("openssl") is None:
            self.fail("these tests need openssl")

    def root(self, *args):
        return self.ok_json("root", *args)

    def init(self, *args):
        return self.root("init", "acme", "--no-passphrase", *args)

    def issue(self, role, name, *args):
        return self.root("issue", "acme", "--role", role, "--name", name, "--out", self.path(name), *args)["certificate"]

    def secret_file(self, content, name="secret"):
        write(self.path(name), content.encode())
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def openssl(self, *args, code=0):
        done = subprocess.run(["openssl", *args], capture_output=True, text=True, cwd=self.dir, timeout=LIMIT)
        self.assertEqual(done.returncode == 0, code == 0, done)
        return done.stdout + done.stderr

    def file(self, name):
        return f"{self.home}/roots/acme/{name}"


class InitTest(RootCliTest):
    def test_without_a_passphrase_it_warns(self):
        made = self.ok("root", "init", "acme")
        self.assertIn("not encrypted", made.err)
        self.assertIn("openssl", made.err)
        self.openssl("pkey", "-in", self.file("root.key.pem"), "-noout")

    def test_no_passphrase_on_purpose(self):
        made = self.ok("root", "init", "acme", "--no-passphrase")
        self.assertNotIn("openssl", made.err)

    def test_passphrase_from_a_file(self):
        made = self.root("init", "acme", "--passphrase-file", self.secret_file("open sesame\nsecond line\n"))
        self.assertTrue(made["encrypted"])
        self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", read(self.file("root.key.pem")))
        self.openssl("pkey", "-in", self.file("root.key.pem"), "-passin", "pass:open sesame", "-noout")
        self.openssl("pkey", "-in", self.file("root.key.pem"), "-passin", "pass:sesame", "-noout", code=1)

    def test_passphrase_from_the_environment(self):
        made = self.run_cli("root", "init", "acme", PARANET_ROOT_PASSPHRASE="open sesame")
        self.assertEqual(made.code, OK, made)
        self.openssl("pkey", "-in", self.file("root.key.pem"), "-passin", "pass:open sesame", "-noout")

    def test_bad_passphrases(self):
        self.fails(USAGE, "root", "init", "acme", "--passphrase-file", self.secret_file("\n"), says=["empty"])
        self.fails(
            USAGE, "root", "init", "acme", "--passphrase-file", self.secret_file("x" * 2000), says=["1024"]
        )
        self.fails(
            USAGE, "root", "init", "acme", "--no-passphrase", "--passphrase-file", self.secret_file("x"),
            says=["--no-passphrase"],
        )  # fmt: skip
        os.chmod(self.secret_file("x"), 0o644)
        self.fails(FAILED, "root", "init", "acme", "--passphrase-file", self.path("secret"), says=["chmod"])
        self.fails(NOT_FOUND, "root", "init", "acme", "--passphrase-file", self.path("none"), says=["none"])
        self.assertFalse(os.path.exists(self.file("")))

    def at_terminal(self, answers, *args):
        """Runs the command at a terminal of its own; returns its exit code and what was on the screen."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(self.binary, [self.binary, *args], self.env())
        screen = b""
        answers = list(answers)
        while True:
            ready, _, _ = select.select([fd], [], [], LIMIT)
            self.assertTrue(ready, screen)
            try:
                got = os.read(fd, 4096)
            except OSError:
                break
            if not got:
                break
            screen += got
            if answers and screen.rstrip(b" ").endswith(b":"):
                os.write(fd, answers.pop(0).encode() + b"\n")
        _, status = os.waitpid(pid, 0)
        os.close(fd)
        return os.waitstatus_to_exitcode(status), screen.decode()

    def test_prompt(self):
        code, screen = self.at_terminal(["open sesame", "open sesame"], "root", "init", "acme")
        self.assertEqual(code, OK, screen)
        self.assertIn("New passphrase for the root key", screen)
        self.assertNotIn("open sesame", screen)
        self.openssl("pkey", "-in", self.file("root.key.pem"), "-passin", "pass:open sesame", "-noout")
        code, screen = self.at_terminal(["open sesame"], "root", "authority", "renew", "acme")
        self.assertEqual(code, OK, screen)
        self.assertTrue(os.path.exists(self.file("issuing-2.pem")))

    def test_prompt_with_two_answers(self):
        code, screen = self.at_terminal(["one", "two"], "root", "init", "acme")
        self.assertEqual(code, USAGE, screen)
        self.assertIn("not the same", screen)
        self.assertFalse(os.path.exists(self.file("")))


class CertificateTest(RootCliTest):
    def test_ls_and_show(self):
        self.init()
        alpha = self.issue("node", "alpha", "--dns", "alpha.example")
        self.issue("operator", "anna")
        entries = self.root("ls", "acme")["certificates"]
        self.assertEqual(
            [(e["identity"], e["state"]) for e in entries],
            [("", "valid"), ("", "valid"), ("paranet://acme/node/alpha", "valid"), ("paranet://acme/operator/anna", "valid")],
        )
        self.assertEqual(entries[2]["serial"], alpha["serial"])
        for name in ("node/alpha", "paranet://acme/node/alpha", alpha["serial"], alpha["fingerprint"]):
            [shown] = self.root("show", "acme", name)["certificates"]
            self.assertEqual(shown["certificate"]["dns_names"], ["alpha.example"])
            self.assertIn("BEGIN CERTIFICATE", shown["pem"])
        self.fails(NOT_FOUND, "root", "show", "acme", "node/beta", says=["node/beta"])
        self.assertIn("paranet://acme/node/alpha", self.ok("root", "ls", "acme").out)
        self.assertIn("expires in", self.ok("root", "show", "acme", "node/alpha").out)

    def test_expired_ones_only_if_asked(self):
        self.init()
        self.issue("node", "alpha", "--not-before", "2020-01-01T00:00:00Z", "--not-after", "2020-01-02T00:00:00Z")
        self.assertEqual(len(self.root("ls", "acme")["certificates"]), 2)
        self.assertEqual(self.root("ls", "acme", "--all")["certificates"][2]["state"], "expired")

    def test_no_such_network(self):
        self.init()
        for verb in (["ls"], ["show"], ["revoke"], ["crl"], ["audit"], ["backup"], ["token", "ls"], ["rotate", "status"]):
            more = ["x"] if verb[0] in ("show", "revoke", "backup") else []
            self.fails(NOT_FOUND, "root", *verb, "acne", *more, says=['"acme"'])
        self.fails(NOT_FOUND, "root", "ls", "other", "--dir", self.file(""), says=["acme", "other"])

    def test_role_root_is_not_for_sale(self):
        self.init()
        self.fails(
            USAGE, "root", "issue", "acme", "--role", "root", "--name", "enrolment", "--out", self.path("x"),
            says=["--role"],
        )  # fmt: skip


class RevocationTest(RootCliTest):
    def setUp(self):
        super().setUp()
        self.init()

    def test_revoked_certificate_is_on_the_list(self):
        alpha = self.issue("node", "alpha")
        self.issue("node", "beta")
        [revoked] = self.root("revoke", "acme", "node/alpha", "--reason", "keyCompromise")["revoked"]
        self.assertEqual((revoked["state"], revoked["reason"]), ("revoked", "keyCompromise"))
        self.assertEqual(self.root("ls", "acme")["certificates"][2]["state"], "revoked")
        written = self.root("crl", "acme", "--out", self.path("acme.crl"))
        self.assertEqual([each["revoked"] for each in written["lists"]], [1])

        text = self.openssl("crl", "-in", self.path("acme.crl"), "-noout", "-text")
        self.assertIn(alpha["serial"].upper(), text)
        self.assertIn("Key Compromise", text)
        self.openssl(
            "crl", "-in", self.path("acme.crl"), "-noout", "-CAfile", self.file("issuing.pem"), "-verify"
        )
        check = ["verify", "-crl_check", "-CRLfile", self.path("acme.crl"), "-CAfile", self.file("root.pem")]
        self.assertIn(
            "certificate revoked",
            self.openssl(*check, "-untrusted", self.path("alpha/chain.pem"), self.path("alpha/chain.pem"), code=1),
        )
        self.openssl(*check, "-untrusted", self.path("beta/chain.pem"), self.path("beta/chain.pem"))

    def test_der(self):
        self.root("crl", "acme", "--der", "--out", self.path("acme.der"))
        self.openssl("crl", "-inform", "DER", "-in", self.path("acme.der"), "-noout")
        self.fails(USAGE, "root", "crl", "acme", "--der", says=["--out"])

    def test_to_standard_output(self):
        self.assertIn("BEGIN X509 CRL", self.ok("root", "crl", "acme").out)

    def test_renewed_only_where_asked(self):
        first = self.root("crl", "acme")["lists"][0]
        self.assertEqual(self.root("crl", "acme")["lists"][0], first)
        second = self.root("crl", "acme", "--renew", "--life", "2h")["lists"][0]
        self.assertGreater(int(second["number"], 16), int(first["number"], 16))
        self.assertAlmostEqual(second["next_update_unix"] - second["this_update_unix"], 7260, delta=2)

    def test_refusals(self):
        self.issue("node", "alpha")
        self.fails(USAGE, "root", "revoke", "acme", "node/alpha", "--reason", "keycompromise", says=['"keyCompromise"'])
        self.fails(NOT_FOUND, "root", "revoke", "acme", "node/beta", says=["node/beta"])
        self.fails(FAILED, "root", "revoke", "acme", "nobody", says=["nobody"])
        self.ok("root", "revoke", "acme", "node/alpha")
        self.fails(FAILED, "root", "revoke", "acme", "node/alpha", says=["was revoked on"])


class TokenTest(RootCliTest):
    def setUp(self):
        super().setUp()
        self.init()

    def test_create_ls_revoke(self):
        made = self.root("token", "create", "acme", "--node", "beta", "--endpoint", "localhost:8443", "--ttl", "1h")
        self.assertTrue(made["token"].startswith("paranet-join-1."))
        [token] = self.root("token", "ls", "acme")["tokens"]
        self.assertEqual((token["id"], token["node"], token["state"]), (made["id"], "beta", "unused"))
        self.assertEqual(token["expires_unix"] - token["created_at_unix"], 3600)
        self.ok("root", "token", "revoke", "acme", made["id"])
        self.assertEqual(self.root("token", "ls", "acme")["tokens"][0]["state"], "revoked")
        self.fails(FAILED, "root", "token", "revoke", "acme", made["id"], says=["already"])
        self.fails(NOT_FOUND, "root", "token", "revoke", "acme", "nothing", says=["nothing"])

    def test_alone_on_standard_output(self):
        made = self.ok("root", "token", "create", "acme", "--node", "beta", "--endpoint", "localhost:8443")
        self.assertEqual(len(made.out.split()), 1)
        self.assertNotIn(made.out.strip(), made.err)
        self.assertNotIn(made.out.strip()[20:], str(self.root("audit", "acme")))

    def test_usage(self):
        create = ["root", "token", "create", "acme"]
        self.fails(USAGE, *create, "--node", "Beta", "--endpoint", "localhost:1", says=["Beta"])
        self.fails(USAGE, *create, "--node", "beta", "--endpoint", "localhost", says=["HOST:PORT"])
        self.fails(USAGE, *create, "--node", "beta", "--endpoint", "localhost:1", "--ttl", "soon", says=["--ttl"])
        self.fails(USAGE, *create, "--node", "beta", says=["--endpoint"])
        self.assertEqual(self.root("token", "ls", "acme")["tokens"], [])


class RotationTest(RootCliTest):
    def test_offline_root(self):
        """The root key on a medium of its own, encrypted; a new issuing authority; then a new root."""
        secret = self.secret_file("open sesame")
        self.root("init", "acme", "--passphrase-file", secret)
        os.mkdir(self.path("usb"), 0o700)
        usb = shutil.move(self.file("root.key.pem"), self.path("usb/root.key.pem"))
        self.issue("node", "alpha")

        self.fails(FAILED, "root", "authority", "renew", "acme", says=["--root-key"])
        renew = ["root", "authority", "renew", "acme", "--root-key", usb]
        self.fails(FAILED, *renew, says=["passphrase"])
        wrong = self.secret_file("sesame", "wrong")
        self.fails(REFUSED, *renew, "--passphrase-file", wrong, says=["passphrase is not the one"])
        self.ok(*renew, "--passphrase-file", secret)
        self.issue("node", "beta")
        self.openssl(
            "verify", "-CAfile", self.file("root.pem"), "-untrusted", self.file("issuing-2.pem"),
            self.path("beta/chain.pem"),
        )  # fmt: skip
        [old] = self.root("show", "acme", self.root("ls", "acme")["certificates"][1]["serial"])["certificates"]
        self.ok(
            "root", "revoke", "acme", old["issued"]["serial"], "--reason", "superseded", "--root-key", usb,
            "--passphrase-file", secret,
        )  # fmt: skip

    def test_rotation(self):
        self.init()
        self.assertEqual(self.root("rotate", "status", "acme")["stage"], "none")
        self.fails(FAILED, "root", "rotate", "activate", "acme", says=["prepare"])
        self.issue("node", "alpha")
        prepared = self.root("rotate", "prepare", "acme", "--passphrase-file", self.secret_file("x"))
        self.assertEqual(prepared["stage"], "prepared")
        self.assertEqual([each["state"] for each in prepared["roots"]], ["active", "prepared"])
        self.assertEqual([each["identity"] for each in prepared["not_ready"]], ["paranet://acme/node/alpha"])
        self.fails(FAILED, "root", "rotate", "activate", "acme", says=["paranet://acme/node/alpha"])

        # By files: a new certificate brings both roots.
        shutil.rmtree(self.path("alpha"))
        self.issue("node", "alpha")
        self.assertEqual(read(self.path("alpha/roots.pem")).count(b"BEGIN CERTIFICATE"), 2)
        self.assertEqual(self.root("rotate", "activate", "acme")["stage"], "activated")
        self.issue("node", "beta")
        self.openssl(
            "verify", "-CAfile", self.file("root-2.pem"), "-untrusted", self.path("beta/chain.pem"),
            self.path("beta/chain.pem"),
        )  # fmt: skip
        self.fails(FAILED, "root", "rotate", "retire", "acme", says=["paranet://acme/node/alpha"])
        self.ok("root", "revoke", "acme", "node/alpha", "--reason", "superseded")
        retired = self.root("rotate", "retire", "acme")
        self.assertEqual([each["state"] for each in retired["roots"]], ["retired", "active"])
        self.assertFalse(os.path.exists(self.file("root.key.pem")))
        self.assertIn("active", self.ok("root", "rotate", "status", "acme").out)


class BackupTest(RootCliTest):
    def test_backup_and_restore(self):
        made = self.init()
        self.issue("node", "alpha")
        secret = self.secret_file("open sesame")
        backup = self.path("acme.backup")
        self.assertTrue(self.root("backup", "acme", backup, "--passphrase-file", secret)["encrypted"])
        self.assertEqual(stat.S_IMODE(os.stat(backup).st_mode), 0o600)
        self.fails(FAILED, "root", "backup", "acme", backup, says=[backup])
        self.openssl("asn1parse", "-inform", "DER", "-in", backup)

        self.fails(FAILED, "root", "restore", "acme", backup, "--passphrase-file", secret, says=["acme"])
        shutil.rmtree(self.file(""))
        self.fails(FAILED, "root", "restore", "acme", backup, says=["passphrase"])
        self.fails(NOT_FOUND, "root", "restore", "other", backup, "--passphrase-file", secret, says=["acme", "other"])
        self.assertFalse(os.path.exists(f"{self.home}/roots/other"))
        restored = self.root("restore", "acme", backup, "--passphrase-file", secret)
        self.assertEqual(restored["fingerprint"], made["fingerprint"])
        self.issue("node", "beta")
        events = [each["event"] for each in self.root("audit", "acme")["events"]]
        self.assertEqual(events, ["create", "authority", "authority", "issue", "backup", "restore", "list", "issue"])

    def test_damaged_backup(self):
        self.init()
        self.ok("root", "backup", "acme", self.path("b"), "--no-passphrase")
        content = bytearray(read(self.path("b")))
        content[len(content) // 2] ^= 1
        write(self.path("b"), bytes(content))
        error = self.fails(FAILED, "root", "restore", "acme", self.path("b"), "--dir", self.path("new"), says=["damaged"])
        self.assertEqual(error["code"], "DATA_LOSS")
        self.assertFalse(os.path.exists(self.path("new")))


class AuditTest(RootCliTest):
    def test_who_did_what(self):
        self.init()
        self.issue("node", "alpha")
        events = self.root("audit", "acme", "--after", "3")["events"]
        self.assertEqual([each["event"] for each in events], ["issue"])
        self.assertEqual(events[0]["subject"], "paranet://acme/node/alpha")
        self.assertRegex(events[0]["actor"], "^operator:.+")
        self.assertIn("operator:", self.ok("root", "audit", "acme").out)
        self.assertEqual(len(self.root("audit", "acme", "--limit", "2")["events"]), 2)

    def test_older_ledger(self):
        self.init()
        shutil.copy(self.file("ledger.db"), self.path("old.db"))
        self.issue("node", "alpha")
        shutil.copy(self.path("old.db"), self.file("ledger.db"))
        error = self.fails(FAILED, "root", "ls", "acme", says=["older copy", "backup"])
        self.assertEqual(error["code"], "DATA_LOSS")


if __name__ == "__main__":
    unittest.main()
