"""The transcripts of docs/packages.md, run as they stand there, each by one shell; and that its tables are complete."""

import pathlib
import re
import unittest

from tests.docs import markdown, transcript


class PackagesTest(transcript.TranscriptTest):
    def setUp(self):
        self.text = pathlib.Path("docs/packages.md").read_text(encoding="utf-8")
        self.sections = {
            part.partition("\n")[0].strip(): part for part in re.split(r"^## ", self.text, flags=re.MULTILINE)
        }

    def run_section(self, name):
        return self.run_transcript(markdown.commands(self.sections[name]))

    def answer(self, outputs, greeting):
        self.assertTrue(any(greeting in output for output in outputs.values()), outputs)

    def test_a_first_package(self):
        self.answer(self.run_section("A first package in C++"), "Hello, Ada!")

    def test_a_program(self):
        self.answer(self.run_section("A program of your own"), "Ahoy, Ada!")

    def test_python(self):
        self.answer(self.run_section("Python"), "Hello, Ada!")

    def test_every_limit_is_described(self):
        proto = pathlib.Path("proto/paranet/v1/package.proto").read_text(encoding="utf-8")
        message = re.search(r"message ActorLimits \{(.*?)\n\}", proto, re.DOTALL).group(1)
        limits = re.findall(r"^\s*uint\d+ (\w+) = \d+;", message, re.MULTILINE)
        self.assertGreater(len(limits), 5)
        for limit in limits:
            self.assertIn(f"| `{limit}` |", self.sections["paranet.yaml"])

    def test_every_key_that_paranet_yaml_may_have_is_described(self):
        source = pathlib.Path("core/package/manifest_yaml.cc").read_text(encoding="utf-8")
        keys = set(re.findall(r'\{"(\w+)",\s*(?:true|false),', source))
        self.assertIn("skillsets", keys)
        for key in keys:
            self.assertRegex(self.sections["paranet.yaml"], rf"\| (`\w+`, )?`{key}`")

    def test_every_verb_is_described(self):
        done = markdown.blocks(self.text)
        self.assertTrue(done)
        verbs = set(re.findall(r"`paranet package ([a-z]+)", self.sections["Commands"]))
        for verb in ("init", "proto", "build", "sign", "verify", "inspect", "deploy", "ls", "log", "rollback", "undeploy", "pull"):
            self.assertIn(verb, verbs)


if __name__ == "__main__":
    unittest.main()
