"""call, skill ls, skill show."""

import json
import subprocess
import unittest

from cli_testutil import FAILED, NOT_FOUND, UNAVAILABLE, USAGE, CliTest


class CallTest(CliTest):
    def setUp(self):
        super().setUp()
        self.start_test("t1")
        self.deploy("weather", "t1")
        self.deploy("greeter", "t1")

    def call(self, *args, stdin=""):
        return self.ok("call", *args, "--node", "t1", stdin=stdin)

    def call_fails(self, code, *args, says=()):
        return self.fails(code, "call", *args, "--node", "t1", says=says)

    def test_unary(self):
        [answer] = self.call("weather/current", '{"city":"Oslo"}').lines()
        self.assertEqual(answer["city"], "Oslo")
        self.assertIn("celsius", answer)

    def test_unary_in_json_is_the_same(self):
        text = self.call("weather/current", '{"city":"Oslo"}').out
        self.assertEqual(self.call("weather/current", '{"city":"Oslo"}', "--output", "json").out, text)

    def test_server_stream_is_a_line_each(self):
        answers = self.call("weather/watch", '{"city":"Oslo","count":3}').lines()
        self.assertEqual([answer["sequence"] for answer in answers], [0, 1, 2])

    def test_answers_are_printed_as_they_arrive(self):
        process = subprocess.Popen(
            [self.binary, "call", "greeter/chat", "-", "--node", "t1", "--timeout", "60s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.env(),
            text=True,
        )
        with process:
            for name in ("Ada", "Alan"):
                process.stdin.write(json.dumps({"name": name}) + "\n")
                process.stdin.flush()
                self.assertIn(name, process.stdout.readline())
            process.stdin.close()
            self.assertEqual(process.wait(60), 0)

    def test_client_stream_of_arguments(self):
        [answer] = self.call("greeter/welcome", '{"name":"Ada"}', '{"name":"Alan"}').lines()
        self.assertEqual(answer, {"greeting": "Hello, Ada, Alan!"})

    def test_client_stream_of_standard_input(self):
        [answer] = self.call("greeter/welcome", "-", stdin='{"name":"Ada"}\n\n{"name":"Alan"}').lines()
        self.assertEqual(answer, {"greeting": "Hello, Ada, Alan!"})

    def test_bidirectional(self):
        answers = self.call("greeter/chat", '{"name":"Ada"}', '{"name":"Alan"}').lines()
        self.assertEqual([answer["greeting"] for answer in answers], ["Hello, Ada!", "Hello, Alan!"])

    def test_call_that_ends_does_not_wait_for_standard_input(self):
        process = subprocess.Popen(
            [self.binary, "call", "greeter/chat", "-", "--node", "t1", "--timeout", "60s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self.env(),
            text=True,
        )
        with process:
            process.stdin.write('{"name":""}\n')
            process.stdin.flush()
            self.assertEqual(process.wait(60), FAILED)
            self.assertIn("name is empty", process.stderr.read())

    def test_pinned_version_and_provider(self):
        self.call("weather/current~1", '{"city":"Oslo"}')
        self.call("weather/current", '{"city":"Oslo"}', "--provider", "weather@1.0.0")
        self.call_fails(NOT_FOUND, "weather/current~2", '{"city":"Oslo"}', says=["weather/current"])
        self.call_fails(NOT_FOUND, "weather/current", '{"city":"Oslo"}', "--provider", "beta", says=["beta"])

    def test_unknown_skill_gets_the_nearest(self):
        self.call_fails(NOT_FOUND, "weather/curent", "{}", says=["weather/curent", '"weather/current"'])

    def test_what_is_no_skill(self):
        self.call_fails(FAILED, "weather", "{}", says=["weather"])

    def test_wrong_json_names_field_and_reason(self):
        self.call_fails(FAILED, "weather/current", '{"citty":"Oslo"}', says=["citty", "city"])
        self.call_fails(FAILED, "weather/watch", '{"city":"Oslo","count":"many"}', says=["count"])
        self.call_fails(FAILED, "weather/current", '{"city":', says=[])
        self.call_fails(FAILED, "weather/current", "[1,2]", says=[])

    def test_one_message_too_many(self):
        self.call_fails(FAILED, "weather/current", '{"city":"Oslo"}', '{"city":"Rome"}', says=[])

    def test_no_message_is_an_empty_one(self):
        self.call_fails(FAILED, "greeter/hello", says=["name is empty"])
        self.call_fails(FAILED, "greeter/hello", "{}", says=["name is empty"])

    def test_errors_of_the_actor(self):
        self.call_fails(NOT_FOUND, "weather/current", '{"city":"Olso"}', says=["Oslo"])

    def test_timeout(self):
        request = '{"city":"Oslo","count":1000,"interval_ms":60000}'
        result = self.run_cli("call", "weather/watch", request, "--node", "t1", "--timeout", "200ms")
        self.assertEqual(result.code, UNAVAILABLE, result)
        self.assertEqual(len(result.out.splitlines()), 1)
        self.assertTrue(result.err.startswith("paranet: "))

    def test_usage(self):
        self.call_fails(USAGE, "weather/current", "{}", "--timeout", "soon", says=["--timeout"])
        self.call_fails(USAGE, "weather/current", "{}", "-", says=["standard input"])

    def test_skill_ls(self):
        out = self.ok("skill", "ls", "--node", "t1").out
        for name in ("weather/current", "weather/watch", "greeter/hello", "greeter/chat", "weather@1.0.0"):
            self.assertIn(name, out)
        sets = self.ok_json("skill", "ls", "--node", "t1")["skill_sets"]
        self.assertEqual([entry["skill_set"]["name"] for entry in sets], ["greeter.v1.Greeter", "weather.v1.Weather"])
        shapes = {skill["name"]: skill["shape"] for entry in sets for skill in entry["skill_set"]["skills"]}
        self.assertEqual(shapes["greeter/welcome"], "client_stream")
        self.assertEqual(shapes["weather/watch"], "server_stream")

    def test_skill_show(self):
        out = self.ok("skill", "show", "weather/current", "--node", "t1").out
        for word in ("weather/current", "/weather.v1.Weather/Current", "message CurrentRequest", "paranet call"):
            self.assertIn(word, out)
        shown = self.ok_json("skill", "show", "weather/current", "--node", "t1")
        self.assertIn("city", json.loads(shown["example_json"]))
        self.assertEqual(shown["skill"]["shape"], "unary")

    def test_skill_show_unknown(self):
        self.fails(NOT_FOUND, "skill", "show", "weather/watsh", "--node", "t1", says=['"weather/watch"'])

    def test_node_that_goes_away_during_a_call(self):
        request = '{"city":"Oslo","count":1000,"interval_ms":60000}'
        process = subprocess.Popen(
            [self.binary, "call", "weather/watch", request, "--node", "t1", "--timeout", "inf"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.env(),
            text=True,
        )
        with process:
            self.assertIn("Oslo", process.stdout.readline())
            self.kill("t1")
            self.assertEqual(process.wait(60), UNAVAILABLE)
            self.assertIn('"t1" went away', process.stderr.read())


class NoSkillsTest(CliTest):
    def test_empty_node(self):
        self.start_test("t1")
        self.assertEqual(self.ok("skill", "ls", "--node", "t1").out, "no skills at t1\n")
        self.fails(NOT_FOUND, "call", "weather/current", "{}", "--node", "t1", says=["weather/current"])

    def test_stopped_node(self):
        self.start_test("t1")
        self.ok("node", "stop", "t1")
        self.fails(UNAVAILABLE, "call", "weather/current", "{}", "--node", "t1", says=["not running"])


if __name__ == "__main__":
    unittest.main()
