"""What a stock TLS client (OpenSSL's) gets to see of a node's port: TLS 1.3 with a good certificate, or nothing."""

import datetime
import json
import os
import subprocess
import tempfile
import unittest

PARANET = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "tools/paranet")

# How every HTTP/2 server begins: a SETTINGS frame on stream 0 (RFC 9113 section 6.5).
SETTINGS = 4


class TlsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        # Short, because the path of a Unix socket is.
        home = tempfile.TemporaryDirectory(dir="/tmp")
        cls.addClassCleanup(home.cleanup)
        cls.home = home.name
        cls.env = dict(os.environ, PARANET_HOME=cls.home)
        for network in ("acme", "other"):
            cls.run_cli("root", "init", network)
        cls.issue("acme", "server", "--ip", "127.0.0.1")
        cls.issue("acme", "good")
        cls.issue("acme", "stolen")
        now = datetime.datetime.now(datetime.timezone.utc)
        days = [(now + datetime.timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ") for day in (-2, -1, 1, 2)]
        cls.issue("acme", "old", "--not-before", days[0], "--not-after", days[1])
        cls.issue("acme", "early", "--not-before", days[2], "--not-after", days[3])
        cls.issue("other", "foreign")
        cls.run_cli("node", "start", "--name", "server", "--identity", cls.path("server"))
        cls.addClassCleanup(lambda: cls.run_cli("node", "stop", "server"))
        cls.address = cls.run_cli("node", "status", "server")["address"]

    @classmethod
    def path(cls, *parts):
        return os.path.join(cls.home, *parts)

    @classmethod
    def run_cli(cls, *args):
        done = subprocess.run([PARANET, *args, "--output", "json"], env=cls.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        if done.returncode:
            raise AssertionError("paranet %s: exit %d\n%s%s" % (" ".join(args), done.returncode, done.stdout, done.stderr))
        return json.loads(done.stdout) if done.stdout.strip() else None

    @classmethod
    def issue(cls, network, name, *args):
        cls.run_cli("root", "issue", network, "--role", "node", "--name", name, "--out", cls.path(name), *args)
        # OpenSSL wants what comes after the first certificate in a file of its own.
        with open(cls.path(name, "chain.pem"), encoding="ascii") as chain:
            _, end, rest = chain.read().partition("-----END CERTIFICATE-----\n")
        assert end
        with open(cls.path(name, "rest.pem"), "w", encoding="ascii") as file:
            file.write(rest)

    def connect(self, *args, identity=None):
        """What the server sends of itself, and what OpenSSL says."""
        command = ["openssl", "s_client", "-connect", self.address, "-alpn", "h2", "-quiet", "-no_ign_eof", *args]
        if identity is not None:
            command += ["-cert", self.path(identity, "chain.pem"), "-cert_chain", self.path(identity, "rest.pem"),
                        "-key", self.path(identity, "key.pem")]
        client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            # The frame's header, or the end of the connection.
            first = client.stdout.read(9)
        finally:
            client.kill()
            _, errors = client.communicate(timeout=60)
        return first, errors.decode(errors="replace")

    def assert_served(self, *args, identity):
        first, errors = self.connect(*args, identity=identity)
        self.assertEqual(len(first), 9, errors)
        self.assertEqual(first[3], SETTINGS, errors)

    def assert_refused(self, *args, identity=None):
        first, errors = self.connect(*args, identity=identity)
        self.assertEqual(first, b"", errors)
        # And nobody else suffers.
        self.assert_served(identity="good")

    def test_a_good_certificate_is_served_over_tls_1_3(self):
        self.assert_served("-tls1_3", identity="good")

    def test_each_key_exchange(self):
        for group in ("X25519", "P-256"):
            with self.subTest(group):
                self.assert_served("-groups", group, identity="good")
        self.assert_refused("-groups", "P-384", identity="good")

    def test_the_servers_chain_is_what_openssl_trusts(self):
        self.assert_served("-verify_return_error", "-CAfile", self.path("server", "roots.pem"), "-verify_ip", "127.0.0.1",
                           identity="good")

    def test_older_tls_is_refused(self):
        self.assert_refused("-tls1_2", identity="good")

    def test_no_certificate_is_refused(self):
        self.assert_refused()

    def test_one_of_another_network_is_refused(self):
        self.assert_refused(identity="foreign")

    def test_an_expired_one_is_refused(self):
        self.assert_refused(identity="old")

    def test_one_that_is_not_yet_valid_is_refused(self):
        self.assert_refused(identity="early")

    def test_a_revoked_one_is_refused_as_soon_as_the_node_has_the_list(self):
        self.assert_served(identity="stolen")
        self.run_cli("root", "revoke", "acme", "node/stolen", "--reason", "keyCompromise")
        self.run_cli("root", "crl", "acme", "--out", self.path("acme.crl"))
        self.run_cli("trust", "crl", self.path("acme.crl"), "--node", "server")
        self.assert_refused(identity="stolen")

    def test_no_session_is_resumed(self):
        session = self.path("session.pem")
        self.assert_served("-sess_out", session, identity="good")
        self.assertFalse(os.path.exists(session))


if __name__ == "__main__":
    unittest.main()
