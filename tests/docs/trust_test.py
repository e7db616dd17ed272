"""The transcripts of docs/trust.md, run as they stand there, each by one shell."""

import pathlib
import re
import unittest

from tests.docs import markdown, transcript


class TrustTest(transcript.TranscriptTest):
    def setUp(self):
        text = pathlib.Path("docs/trust.md").read_text(encoding="utf-8")
        self.sections = {
            part.partition("\n")[0].strip(): markdown.commands(part) for part in re.split(r"^## ", text, flags=re.MULTILINE)
        }

    def test_an_offline_root(self):
        outputs = self.run_transcript(self.sections["An offline root, by files only"])
        self.assertIn("Oslo", outputs["paranet call weather/current '{\"city\":\"Oslo\"}' --node alpha"])
        self.assertEqual(outputs["paranet node ls"].count("Standard Node"), 2)

    def test_a_root_that_serves(self):
        outputs = self.run_transcript(self.sections["A root that serves"])
        self.assertIn("Standard Node", outputs["paranet node status alpha"])
        self.assertIn("cessationOfOperation", outputs["paranet cert inspect $PARANET_HOME/acme.crl"])


if __name__ == "__main__":
    unittest.main()
