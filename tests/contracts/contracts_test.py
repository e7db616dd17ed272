"""proto/ keeps every promise of the baseline, and the baseline has everything that proto/ promises."""

import pathlib
import sys
import unittest

from tests.contracts import baseline, compatibility

DESCRIPTOR_SETS = []


class ContractsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        promised = baseline.parse(pathlib.Path("tests/contracts/baseline.textproto").read_text(encoding="utf-8"))
        cls.comparison = compatibility.compare(promised, baseline.current(DESCRIPTOR_SETS))

    def test_there_are_contracts(self):
        self.assertGreater(len(DESCRIPTOR_SETS), 5)

    def test_no_contract_is_broken(self):
        self.assertFalse(
            self.comparison.breaking,
            "\nThese changes break those who use the contract. Add a new field, message or method instead:\n  "
            + "\n  ".join(self.comparison.breaking),
        )

    def test_the_baseline_has_every_addition(self):
        self.assertFalse(
            self.comparison.additions,
            f"\nAdditions break nobody, and from now on others may rely on them. Record them with\n  {baseline.RENEW}\n  "
            + "\n  ".join(self.comparison.additions),
        )


if __name__ == "__main__":
    DESCRIPTOR_SETS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
