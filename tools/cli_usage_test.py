"""The command line itself: help, options, formats, exit codes, names that do not exist."""

import json
import unittest

from cli_testutil import FAILED, NOT_FOUND, OK, USAGE, CliTest

VERBS = [
    ["demo"],
    ["root", "init"],
    ["root", "issue"],
    ["root", "ls"],
    ["root", "show"],
    ["root", "revoke"],
    ["root", "crl"],
    ["root", "token", "create"],
    ["root", "token", "ls"],
    ["root", "token", "revoke"],
    ["root", "rotate", "status"],
    ["root", "rotate", "prepare"],
    ["root", "rotate", "activate"],
    ["root", "rotate", "retire"],
    ["root", "authority", "renew"],
    ["root", "backup"],
    ["root", "restore"],
    ["root", "audit"],
    ["node", "start"],
    ["node", "ls"],
    ["node", "status"],
    ["node", "stop"],
    ["package", "build"],
    ["package", "sign"],
    ["package", "deploy"],
    ["package", "ls"],
    ["federate"],
    ["defederate"],
    ["link", "ls"],
    ["skill", "ls"],
    ["skill", "show"],
    ["call"],
    ["cert", "inspect"],
    ["cert", "fingerprint"],
    ["cert", "verify"],
    ["request", "create"],
    ["request", "inspect"],
    ["trust", "ls"],
    ["trust", "add"],
    ["trust", "crl"],
    ["trust", "rm"],
    ["policy", "ls"],
    ["policy", "check"],
    ["policy", "grant"],
    ["policy", "revoke"],
    ["policy", "allow"],
    ["policy", "deny"],
    ["policy", "clear"],
    ["node", "audit"],
]


class UsageTest(CliTest):
    def test_help_of_every_verb_begins_with_examples_of_itself(self):
        for verb in VERBS:
            with self.subTest(" ".join(verb)):
                result = self.ok(*verb, "--help")
                lines = result.out.splitlines()
                self.assertEqual(lines[0], "Examples:")
                self.assertIn("paranet " + " ".join(verb), result.out.split("\n\n")[0])
                self.assertEqual(result.err, "")

    def test_help_as_json_is_one_object(self):
        self.assertIn("Examples:", self.ok_json("node", "start", "--help")["help"])

    def test_help_names_every_verb_and_hides_the_internal_one(self):
        result = self.ok("node", "--help")
        for verb in ("start", "ls", "status", "stop"):
            self.assertIn(verb, result.out)
        self.assertNotIn("run", [line.split()[0] for line in result.out.splitlines() if line.strip()])

    def test_no_arguments(self):
        self.fails(USAGE, says=["needs a verb", "demo", "federate"])

    def test_noun_without_a_verb(self):
        self.fails(USAGE, "node", says=["needs a verb: start"])

    def test_wrong_verb_gets_the_nearest(self):
        self.fails(USAGE, "node", "strat", says=['no verb "strat"', 'Did you mean "start"'])
        self.fails(USAGE, "federat", says=['"federate"'])

    def test_wrong_option_gets_the_nearest(self):
        self.fails(USAGE, "federate", "--form", "a", "--to", "b", says=["--form", '"--from"'])

    def test_missing_option(self):
        self.fails(USAGE, "link", "ls", says=["--node is required", "paranet link ls --help"])

    def test_one_argument_too_many(self):
        self.fails(USAGE, "node", "ls", "alpha", says=['"alpha"'])

    def test_unknown_output_format(self):
        result = self.run_cli("node", "ls", "--output", "jsn")
        self.assertEqual(result.code, USAGE)
        self.assertIn('Did you mean "json"', result.err)

    def test_output_stands_before_and_behind_the_verb(self):
        self.assertEqual(self.run_cli("--output", "json", "node", "ls").json(), {"nodes": []})
        self.assertEqual(self.run_cli("node", "--output", "json", "ls").json(), {"nodes": []})
        self.assertEqual(self.run_cli("node", "ls", "--output=json").json(), {"nodes": []})

    def test_usage_errors_are_json_too(self):
        result = self.run_cli("nod", "--output", "json")
        self.assertEqual(result.code, USAGE)
        self.assertEqual(json.loads(result.out)["error"]["exit_code"], USAGE)
        self.assertEqual(result.err, "")

    def test_talk_has_no_colours_where_nobody_looks(self):
        self.assertNotIn("\x1b", self.run_cli("nod").err)

    def test_empty_home(self):
        self.assertIn("no nodes in " + self.home, self.ok("node", "ls").out)

    def test_home_comes_from_home_without_paranet_home(self):
        result = self.run_cli("node", "ls", PARANET_HOME="", HOME=self.dir)
        self.assertIn(self.dir + "/.paranet", result.out)

    def test_no_home_at_all(self):
        result = self.run_cli("node", "ls", PARANET_HOME="")
        self.assertEqual(result.code, FAILED)
        self.assertIn("PARANET_HOME", result.err)

    def test_reader_that_goes_is_no_crash(self):
        self.assertEqual(self.run_cli("--help").code, OK)


class UnknownNameTest(CliTest):
    def test_verbs_that_need_a_node_say_how_to_start_the_first(self):
        for verb in (
            ["node", "status", "alpha"],
            ["node", "stop", "alpha"],
            ["package", "ls", "--node", "alpha"],
            ["skill", "ls", "--node", "alpha"],
            ["skill", "show", "a/b", "--node", "alpha"],
            ["link", "ls", "--node", "alpha"],
            ["call", "a/b", "--node", "alpha"],
            ["package", "deploy", "x", "--node", "alpha"],
            ["trust", "ls", "--node", "alpha"],
            ["trust", "rm", "00000000", "--node", "alpha"],
            ["policy", "ls", "--node", "alpha"],
            ["policy", "grant", "alice", "read", "--node", "alpha"],
            ["policy", "deny", "node", "*", "--node", "alpha"],
            ["node", "audit", "alpha"],
            ["federate", "--from", "alpha", "--to", "beta"],
            ["defederate", "--from", "alpha", "--to", "beta"],
        ):
            with self.subTest(" ".join(verb)):
                self.fails(NOT_FOUND, *verb, says=['no node "alpha"', "paranet node start"])

    def test_network_that_is_not_there(self):
        issue = ["root", "issue", "acne", "--role", "node", "--name", "a", "--out", "a"]
        self.fails(NOT_FOUND, *issue, says=['no network "acne"', "paranet root init acne"])
        self.ok("root", "init", "acme")
        self.fails(NOT_FOUND, *issue, says=['no network "acne"', 'Did you mean "acme"', "There is: acme"])

    def test_files_that_are_not_there(self):
        self.fails(NOT_FOUND, "cert", "inspect", "nothing.pem", says=["nothing.pem"])
        self.fails(NOT_FOUND, "package", "build", "nothing", says=["nothing"])


if __name__ == "__main__":
    unittest.main()
