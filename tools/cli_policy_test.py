"""policy, node audit, and the control of a node over the network with an operator's certificate."""

import unittest

from cli_testutil import FAILED, NOT_FOUND, REFUSED, UNAVAILABLE, USAGE, CliTest

ALICE = "paranet://acme/operator/alice"


class PolicyTest(CliTest):
    def test_roles_are_granted_and_revoked(self):
        self.start_standard("alpha")
        before = self.ok_json("policy", "ls", "--node", "alpha")
        self.assertEqual(before, {"operators": [], "default_roles": ["read"], "rules": []})
        after = self.ok_json("policy", "grant", "alice", "deploy,federate", "--node", "alpha")
        [alice] = after["operators"]
        self.assertEqual((alice["identity"], alice["roles"]), (ALICE, ["read", "deploy", "federate"]))
        self.assertRegex(alice["set_by"], r"^uid:\d+$")
        self.ok("policy", "revoke", "alice", "deploy", "--node", "alpha")
        self.assertIn("read, federate", self.ok("policy", "ls", "--node", "alpha").out)
        self.ok("policy", "revoke", ALICE, "--node", "alpha")
        self.assertEqual(self.ok_json("policy", "check", "alice", "--node", "alpha")["roles"], [])
        self.fails(NOT_FOUND, "policy", "revoke", "alice", "root", "--node", "alpha", says=["no role"])

    def test_usage(self):
        self.start_standard("alpha")
        self.fails(USAGE, "policy", "grant", "alice", "reed", "--node", "alpha", says=['"read"'])
        self.fails(FAILED, "policy", "grant", "Alice", "read", "--node", "alpha")
        self.fails(FAILED, "policy", "deny", "alice", "*", "--node", "alpha", says=["paranet://acme/operator/alice"])
        self.fails(FAILED, "policy", "deny", "node", "weather", "--node", "alpha", says=["weather/*"])
        self.fails(NOT_FOUND, "policy", "clear", "node", "*", "--node", "alpha")
        self.fails(USAGE, "policy", "ls", "--node", "alpha", "--address", "127.0.0.1:1", says=["--identity"])

    def test_a_test_node_has_no_policy(self):
        self.start_test("t1")
        self.fails(FAILED, "policy", "grant", ALICE, "root", "--node", "t1", says=["Test Node"])

    def test_rules_survive_a_restart_and_say_why(self):
        self.start_standard("alpha")
        self.deploy("weather", "alpha", signed=True)
        self.ok("policy", "deny", "operator", "weather/*", "--node", "alpha")
        self.ok("policy", "allow", ALICE, "weather/current", "--node", "alpha")
        self.ok("node", "stop", "alpha")
        self.ok("node", "start", "--name", "alpha")
        rules = self.ok_json("policy", "ls", "--node", "alpha")["rules"]
        self.assertEqual([(r["who"], r["what"], r["allow"]) for r in rules],
                         [("operator", "weather/*", False), (ALICE, "weather/current", True)])  # fmt: skip
        check = ["policy", "check", "--node", "alpha"]
        self.assertTrue(self.ok_json(*check, "alice", "weather/current")["may_call"])
        bob = self.ok_json(*check, "bob", "weather/current")
        self.assertFalse(bob["may_call"])
        self.assertIn("deny operator weather/*", bob["reason"])
        self.ok("policy", "clear", "operator", "weather/*", "--node", "alpha")
        self.assertTrue(self.ok_json(*check, "bob", "weather/current")["may_call"])

    def test_decisions_are_in_the_audit_log(self):
        self.start_standard("alpha")
        self.deploy("weather", "alpha", signed=True)
        self.ok("policy", "grant", "alice", "root", "--node", "alpha")
        self.ok("policy", "deny", "node", "weather/*", "--node", "alpha")
        events = self.ok_json("node", "audit", "--name", "alpha")["events"]
        self.assertEqual([e["event"] for e in events], ["rule-set", "roles-granted", "deployed"])
        self.assertEqual(events[1]["subject"], ALICE)
        self.assertRegex(events[1]["actor"], r"^uid:\d+$")
        [last] = self.ok_json("node", "audit", "alpha", "--limit", "1")["events"]
        self.assertEqual(last, events[0])
        older = self.ok_json("node", "audit", "alpha", "--before", str(events[1]["id"]))["events"]
        self.assertEqual(older, events[2:])
        self.assertIn("roles-granted", self.ok("node", "audit", "alpha").out)


class RemoteControlTest(CliTest):
    def setUp(self):
        super().setUp()
        self.address = self.start_standard("alpha")["address"]
        self.identity("operator", "alice")

    def remote(self, *args, identity="alice", node="alpha"):
        return [*args, "--node", node, "--address", self.address, "--identity", self.path(identity)]

    def test_reading_is_for_every_operator(self):
        self.assertEqual(self.ok_json(*self.remote("node", "status"))["name"], "alpha")
        for verb in (["package", "ls"], ["skill", "ls"], ["link", "ls"], ["trust", "ls"], ["policy", "ls"], ["node", "audit"]):
            with self.subTest(" ".join(verb)):
                self.ok_json(*self.remote(*verb))

    def test_each_role_opens_what_it_is_for(self):
        self.start_standard("beta")
        file = self.signed("weather")
        deploy = self.remote("package", "deploy", file)
        self.fails(REFUSED, *deploy, says=['lacks the role "deploy"', "paranet policy grant " + ALICE])
        self.ok("policy", "grant", "alice", "deploy", "--node", "alpha")
        self.ok(*deploy)
        federate = ["federate", "--from", "alpha", "--to", "beta", "--address", self.address, "--identity", self.path("alice")]
        self.fails(REFUSED, *federate, says=['lacks the role "federate"'])
        self.ok("policy", "grant", "alice", "federate", "--node", "alpha")
        self.ok(*federate)
        self.fails(REFUSED, *self.remote("policy", "grant", "alice", "root"), says=['lacks the role "root"'])
        self.fails(REFUSED, *self.remote("node", "stop"), says=['lacks the role "root"'])
        self.assertEqual(self.status("alpha")["name"], "alpha")
        self.ok("policy", "grant", "alice", "root", "--node", "alpha")
        self.ok(*self.remote("policy", "grant", "bob", "read"))
        events = self.ok_json("node", "audit", "alpha")["events"]
        by_alice = [e["event"] for e in events if e["actor"] == ALICE]
        for event in ("roles-granted", "federated", "deployed", "control-refused"):
            self.assertIn(event, by_alice)
        self.ok(*self.remote("node", "stop"))
        # Waits for its end, if that has not come yet.
        self.run_cli("node", "stop", "alpha")

    def test_calls_by_name_and_rules(self):
        self.deploy("weather", "alpha", signed=True)
        call = self.remote("call", "weather/current", '{"city":"Oslo"}')
        self.assertIn("Oslo", self.ok(*call).out)
        self.ok("policy", "deny", ALICE, "weather/*", "--node", "alpha")
        self.fails(REFUSED, *call, says=[ALICE, "deny " + ALICE + " weather/*"])
        # Who runs the node still may.
        self.ok("call", "weather/current", '{"city":"Oslo"}', "--node", "alpha")
        self.ok("policy", "clear", ALICE, "weather/*", "--node", "alpha")
        self.ok(*call)

    def test_rules_hold_over_links(self):
        self.start_standard("beta")
        self.deploy("weather", "beta", signed=True)
        self.ok("federate", "--from", "alpha", "--to", "beta")
        call = ["call", "weather/current", '{"city":"Oslo"}', "--node", "alpha"]
        self.ok(*call)
        self.ok("policy", "deny", "paranet://acme/node/alpha", "weather/current", "--node", "beta")
        self.assertNotEqual(self.run_cli(*call).code, 0)
        self.ok("policy", "clear", "paranet://acme/node/alpha", "weather/current", "--node", "beta")
        self.ok(*call)

    def test_who_is_no_operator_of_this_network(self):
        status = ["node", "status"]
        self.identity("node", "gamma")
        self.fails(REFUSED, *self.remote(*status, identity="gamma"), says=["role"])
        self.identity("operator", "eve", network="other")
        self.assertIn(self.run_cli(*self.remote(*status, identity="eve")).code, (REFUSED, UNAVAILABLE))

    def test_another_node_is_not_taken_for_this_one(self):
        self.fails(REFUSED, *self.remote("node", "status", node="beta"), says=["alpha"])

    def test_nobody_there(self):
        self.ok("node", "stop", "alpha")
        self.fails(UNAVAILABLE, *self.remote("node", "status"), says=["alpha"])

    def test_an_operator_without_roles_sees_nothing(self):
        self.ok("policy", "revoke", "alice", "--node", "alpha")
        self.fails(REFUSED, *self.remote("node", "status"), says=['lacks the role "read"'])
        self.fails(REFUSED, *self.remote("call", "weather/current", "{}"), says=['lacks the role "read"'])

    def test_a_test_node_is_not_controlled_over_the_network(self):
        self.address = self.start_test("t1")["address"]
        self.assertIn(self.run_cli(*self.remote("node", "status", node="t1")).code, (REFUSED, UNAVAILABLE))


if __name__ == "__main__":
    unittest.main()
