"""The README's commands, run as they stand there."""

import json
import pathlib
import shlex
import subprocess
import unittest

from tests.docs import markdown, transcript


class ReadmeTest(transcript.TranscriptTest):
    @classmethod
    def setUpClass(cls):
        cls.text = pathlib.Path("README.md").read_text(encoding="utf-8")
        cls.commands = markdown.commands(cls.text)

    def test_the_two_commands_are_there(self):
        self.assertIn("./bazelw run //tools:paranet -- demo", self.commands)
        self.assertIn("./bazelw test //...", self.commands)

    def test_every_verb_has_help(self):
        verbs = {
            tuple(words[1:3])
            for words in (shlex.split(command, comments=True) for command in self.commands)
            if words[0] == "paranet"
        }
        self.assertTrue(verbs)
        for verb in sorted(verbs):
            words = [word for word in verb if word.replace("-", "").isalpha() and not word.startswith("-")]
            done = subprocess.run(
                [transcript.runfile("tools/paranet"), *words, "--help"], capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode, 0, f"paranet {' '.join(words)} --help: {done.stdout}{done.stderr}")

    def test_the_commands_do_what_the_readme_says(self):
        outputs = self.run_transcript(self.commands)
        for node in ("t1", "alpha"):
            answer = outputs[f"paranet call weather/current '{{\"city\":\"Oslo\"}}' --node {node}"]
            self.assertEqual(json.loads(answer)["city"], "Oslo")
        self.assertIn("weather/current", outputs["paranet skill ls --node t1"])
        self.assertIn("beta", outputs["paranet link ls --node alpha"])


if __name__ == "__main__":
    unittest.main()
