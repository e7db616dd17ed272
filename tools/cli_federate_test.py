"""federate, defederate, link ls, and calls over links."""

import unittest

from cli_testutil import FAILED, NOT_FOUND, REFUSED, UNAVAILABLE, CliTest

OSLO = '{"city":"Oslo"}'
ADA = '{"name":"Ada"}'


class LinkTest(CliTest):
    """alpha has greeter, beta has weather."""

    def setUp(self):
        super().setUp()
        self.start_standard("alpha")
        self.start_standard("beta")
        self.deploy("greeter", "alpha", signed=True)
        self.deploy("weather", "beta", signed=True)

    def federate(self, *args):
        return self.ok_json("federate", "--from", "alpha", "--to", "beta", *args)

    def current(self, node, *args):
        return self.run_cli("call", "weather/current", OSLO, "--node", node, *args)

    def test_one_way(self):
        self.fails(NOT_FOUND, "call", "weather/current", OSLO, "--node", "alpha")
        link = self.federate()["link"]
        self.assertEqual((link["peer"], link["state"], link["mode"]), ("beta", "up", "one_way"))
        self.assertIn("Oslo", self.ok("call", "weather/current", OSLO, "--node", "alpha").out)
        watched = self.ok("call", "weather/watch", '{"city":"Oslo","count":3}', "--node", "alpha")
        self.assertEqual(len(watched.lines()), 3)
        self.fails(NOT_FOUND, "call", "greeter/hello", ADA, "--node", "beta", says=["greeter/hello"])

    def test_text(self):
        out = self.ok("federate", "--from", "alpha", "--to", "beta").out
        self.assertIn("alpha -> beta", out)
        self.assertIn("up", out)

    def test_bidirectional(self):
        link = self.federate("--bidirectional")["link"]
        self.assertEqual(link["mode"], "bidirectional")
        self.ok("call", "weather/current", OSLO, "--node", "alpha")
        self.ok("call", "greeter/hello", ADA, "--node", "beta")

    def test_link_ls(self):
        self.assertEqual(self.ok("link", "ls", "--node", "alpha").out, "no links at alpha\n")
        self.federate()
        out = self.ok("link", "ls", "--node", "alpha").out
        self.assertIn("->", out)
        self.assertIn("beta", out)
        [seen_from_beta] = self.ok_json("link", "ls", "--node", "beta")["links"]
        self.assertEqual((seen_from_beta["peer"], seen_from_beta["dialler"]), ("alpha", False))
        self.assertIn("<-", self.ok("link", "ls", "--node", "beta").out)

    def test_imports_are_listed_with_their_provider(self):
        self.federate()
        sets = self.ok_json("skill", "ls", "--node", "alpha")["skill_sets"]
        providers = {entry["skill_set"]["subject"]: entry["providers"] for entry in sets}
        self.assertEqual([(p["kind"], p["name"]) for p in providers["weather"]], [("peer", "beta")])
        self.ok("call", "weather/current", OSLO, "--node", "alpha", "--provider", "beta")

    def test_address_by_hand(self):
        address = self.status("beta")["address"]
        self.ok("federate", "--from", "alpha", "--to", f"beta@{address}")

    def test_defederate(self):
        self.federate()
        self.assertEqual(
            self.ok_json("defederate", "--from", "alpha", "--to", "beta"),
            {"from": "alpha", "to": "beta", "defederated": True},
        )
        self.assertEqual(self.ok_json("link", "ls", "--node", "alpha"), {"links": []})
        self.fails(NOT_FOUND, "call", "weather/current", OSLO, "--node", "alpha")
        self.fails(NOT_FOUND, "defederate", "--from", "alpha", "--to", "beta", says=["beta"])
        self.federate()
        self.ok("call", "weather/current", OSLO, "--node", "alpha")

    def test_killed_server_comes_back(self):
        self.federate()
        self.kill("beta")
        gone = self.current("alpha", "--no-wait")
        self.assertEqual(gone.code, UNAVAILABLE, gone)
        self.ok("node", "start", "--name", "beta")
        back = self.current("alpha", "--timeout", "60s")
        self.assertEqual(back.code, 0, back)
        self.assertIn("Oslo", back.out)

    def test_killed_dialler_comes_back(self):
        self.federate()
        self.kill("alpha")
        self.ok("node", "start", "--name", "alpha")
        back = self.current("alpha", "--timeout", "60s")
        self.assertEqual(back.code, 0, back)

    def test_stopped_server(self):
        self.federate()
        self.ok("node", "stop", "beta")
        self.fails(UNAVAILABLE, "call", "weather/current", OSLO, "--node", "alpha", "--no-wait")
        timed_out = self.current("alpha", "--timeout", "200ms")
        self.assertEqual(timed_out.code, UNAVAILABLE, timed_out)


class RefusedLinkTest(CliTest):
    def test_between_test_nodes(self):
        self.start_test("t1")
        self.start_test("t2")
        self.fails(REFUSED, "federate", "--from", "t1", "--to", "t2", says=["Test Node", "paranet root issue"])
        self.assertEqual(self.status("t1")["links"], 0)

    def test_from_a_test_node(self):
        self.start_test("t1")
        self.start_standard("beta")
        self.fails(REFUSED, "federate", "--from", "t1", "--to", "beta", says=["Test Node"])
        self.fails(REFUSED, "link", "ls", "--node", "t1", says=["Test Node"])

    def test_to_a_test_node(self):
        self.start_standard("alpha")
        self.start_test("t2")
        self.fails(
            REFUSED, "federate", "--from", "alpha", "--to", "t2",
            says=['"t2" is a Test Node', "never federates", "node start --name t2 --identity"],
        )  # fmt: skip
        self.assertEqual(self.ok_json("link", "ls", "--node", "alpha"), {"links": []})

    def test_unknown_peer(self):
        self.start_standard("alpha")
        self.fails(NOT_FOUND, "federate", "--from", "alpha", "--to", "beta", says=['no node "beta"', "beta@HOST:PORT"])

    def test_peer_that_does_not_run(self):
        self.start_standard("alpha")
        self.start_standard("beta")
        self.ok("node", "stop", "beta")
        self.fails(UNAVAILABLE, "federate", "--from", "alpha", "--to", "beta", says=['"beta" is not running'])

    def test_another_network(self):
        self.start_standard("alpha")
        self.identity("node", "stranger", network="other")
        self.ok("node", "start", "--name", "stranger", "--identity", self.path("stranger"))
        self.fails(REFUSED, "federate", "--from", "alpha", "--to", "stranger")
        self.assertEqual(self.ok_json("link", "ls", "--node", "alpha"), {"links": []})

    def test_another_node_than_meant(self):
        self.start_standard("alpha")
        address = self.start_standard("beta")["address"]
        self.fails(REFUSED, "federate", "--from", "alpha", "--to", f"gamma@{address}", says=["gamma"])
        self.assertEqual(self.ok_json("link", "ls", "--node", "alpha"), {"links": []})

    def test_with_itself(self):
        self.start_standard("alpha")
        self.fails(REFUSED, "federate", "--from", "alpha", "--to", "alpha", says=["alpha"])
        self.assertEqual(self.ok_json("link", "ls", "--node", "alpha"), {"links": []})

    def test_no_address(self):
        self.start_standard("alpha")
        self.fails(FAILED, "federate", "--from", "alpha", "--to", "beta@nowhere", says=["nowhere"])


if __name__ == "__main__":
    unittest.main()
