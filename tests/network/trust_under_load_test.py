"""Calls over a link while everything that proves who is who changes: none may fail.

With PARANET_LOAD_SECONDS=60 in the environment the certificates are renewed for that long; a test run does it briefly.
"""

import os
import socket
import ssl
import sys
import time
import unittest

from tests.network import load, trust_network

RATE = 500
RENEWAL_SECONDS = float(os.environ.get("PARANET_LOAD_SECONDS", "8"))
# Certificates live so long, and are renewed at half of it.
LIFE = 10
# No step takes this long unless something hangs.
LIMIT = 60


def frame(kind, flags, stream, payload=b""):
    """RFC 9113 section 4.1."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def header(name, value):
    """A literal without indexing (RFC 7541 section 6.2.2)."""
    return b"\0" + bytes((len(name),)) + name + bytes((len(value),)) + value


# A whole HTTP/2 client with one call in it: preface, SETTINGS, HEADERS, and DATA with an empty message.
HEALTH_CHECK = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + frame(4, 0, 0)
    + frame(
        1,
        4,
        1,
        header(b":method", b"POST")
        + header(b":scheme", b"https")
        + header(b":path", b"/grpc.health.v1.Health/Check")
        + header(b":authority", b"localhost")
        + header(b"content-type", b"application/grpc")
        + header(b"te", b"trailers"),
    )
    + frame(0, 1, 1, bytes(5))
)


def say(text):
    print(text, file=sys.stderr, flush=True)


class TrustUnderLoadTest(trust_network.TrustNetworkTest):
    def make_network(self, servers, offering):
        self.serve("--leaf-life", f"{LIFE}s")
        self.enrol("alpha", *servers)
        archive = self.signed("weather")
        for server in offering:
            self.ok("package", "deploy", archive, "--node", server)
        # It cannot say that it knows the new root, and would have to come for another certificate between the steps.
        self.ok("root", "revoke", "acme", "publisher/tools", "--reason", "cessationOfOperation")

    def test_renewal_and_rotation_fail_no_call(self):
        self.make_network(["beta"], ["beta"])
        self.ok("federate", "--from", "alpha", "--to", "beta")
        calls = load.Load(self.socket("alpha"), RATE)
        self.addCleanup(calls.stop)

        seen = {name: {self.serial(name)} for name in ("alpha", "beta")}
        end = time.monotonic() + RENEWAL_SECONDS

        def watch():
            for name, serials in seen.items():
                serials.add(self.serial(name))
            return time.monotonic() >= end and all(len(serials) > 1 for serials in seen.values())

        self.eventually("renewal of both", watch, limit=RENEWAL_SECONDS + 60)
        for name, serials in seen.items():
            say(f"{name}: {len(serials)} certificates in {RENEWAL_SECONDS:g} s")

        rotate = ("root", "rotate")
        self.ok(*rotate, "prepare", "acme", "--no-passphrase")
        for step in ("activate", "retire"):
            self.eventually(step, lambda: self.run_cli(*rotate, step, "acme").code == 0)  # pylint: disable=cell-var-from-loop
            say(f"rotation: {step} done")
        # A whole life later nothing of before is left.
        before = {name: self.serial(name) for name in seen}
        self.eventually("renewal after the rotation", lambda: all(self.serial(n) != s for n, s in before.items()))

        rate = calls.stop()
        say(f"{calls.ok} calls at {rate:.0f}/s, {len(calls.failures)} failed, slowest {calls.slowest * 1000:.0f} ms")
        self.assertEqual(calls.failures, [])
        self.assertGreater(calls.ok, 0)

    def test_a_revoked_node_is_out_and_nobody_else(self):
        self.make_network(["beta", "gamma"], ["alpha"])
        for node in ("beta", "gamma"):
            self.ok("federate", "--from", node, "--to", "alpha")
        loads = {node: load.Load(self.socket(node), RATE // 2) for node in ("beta", "gamma")}
        for calls in loads.values():
            self.addCleanup(calls.stop)
            self.assertTrue(calls.wait_until(lambda load: load.ok > 100, LIMIT))
        held = {node: self.connect(node) for node in ("beta", "gamma")}

        self.ok("root", "revoke", "acme", "node/beta", "--reason", "keyCompromise")
        begin = time.monotonic()
        self.assertTrue(loads["beta"].wait_until(lambda load: load.failures, LIMIT), "beta's calls go on")
        say(f"calls over beta's link fail after {loads['beta'].failures[0][0] - begin:.3f} s")
        self.assertTrue(self.closed(held["beta"], LIMIT))
        say(f"its live connection is closed after {time.monotonic() - begin:.3f} s")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect("beta")
        say(f"a new one is refused after {time.monotonic() - begin:.3f} s")
        # It was told so before its connection went, and does not knock again.
        state = lambda: self.ok_json("link", "ls", "--node", "beta")["links"][0]["state"]
        self.eventually("beta's link is refused", lambda: state() == "refused")

        # The other link has not noticed.
        count = loads["gamma"].ok
        self.assertTrue(loads["gamma"].wait_until(lambda load: load.ok > count + RATE, LIMIT))
        self.connect("gamma")
        loads["beta"].stop()
        loads["gamma"].stop()
        say(f"gamma: {loads['gamma'].ok} calls, {len(loads['gamma'].failures)} failed")
        self.assertEqual(loads["gamma"].failures, [])
        self.assertFalse(self.closed(held["gamma"], 0))

    def closed(self, connection, limit):
        """Whether the other side ends the connection within `limit` seconds."""
        connection.settimeout(limit)
        try:
            while connection.recv(1 << 16):
                pass
        except (ssl.SSLWantReadError, TimeoutError):
            return False
        except ConnectionError:
            pass
        return True

    def connect(self, node):
        """A connection to alpha with the certificate of `node`, on which it has asked alpha how it is."""
        identity = os.path.join(self.home, "nodes", node, "identity")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(os.path.join(identity, "chain.pem"), os.path.join(identity, "key.pem"))
        host, port = self.status("alpha")["address"].rsplit(":", 1)
        connection = context.wrap_socket(socket.create_connection((host, int(port)), LIMIT))
        self.addCleanup(connection.close)
        connection.sendall(HEALTH_CHECK)
        if not connection.recv(1 << 16):
            raise ConnectionError("closed after the handshake")
        return connection


if __name__ == "__main__":
    unittest.main()
