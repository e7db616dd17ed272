"""The whole repository keeps the house rules of tests/lint/rules.py."""

import unittest

from tests.lint import rules, tree


class HouseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = tree.texts(tree.root())

    def test_the_repository_is_there(self):
        self.assertIn("WORKSPACE", self.texts)
        self.assertIn("tests/lint/house_test.py", self.texts)


def _case(rule):
    def test(self):
        broken = list(rule(self.texts))
        self.assertFalse(broken, f"\n{rule.__doc__}\n  " + "\n  ".join(broken))

    return test


for _rule in rules.ALL:
    setattr(HouseTest, f"test_{_rule.__name__}", _case(_rule))


if __name__ == "__main__":
    unittest.main()
