"""Finding links, anchors and commands in Markdown."""

import unittest

from tests.docs import markdown


class MarkdownTest(unittest.TestCase):
    def test_links_are_found_with_their_anchors(self):
        self.assertEqual(markdown.links("See [a](b.md#c) and [d](../e)."), ["b.md#c", "../e"])

    def test_a_title_is_no_part_of_a_link(self):
        self.assertEqual(markdown.links('[a](b.md "Title")'), ["b.md"])

    def test_code_has_no_links(self):
        self.assertEqual(markdown.links("`[a](b)`\n```cpp\nx = [](int y) {};\n```\n"), [])

    def test_headings_are_anchors(self):
        self.assertEqual(
            markdown.anchors("# What it is\n## `core/base`: why?\n## [Link](x) here\n"),
            {"what-it-is", "corebase-why", "link-here"},
        )

    def test_the_same_heading_twice_gets_a_number(self):
        self.assertEqual(markdown.anchors("# A\n# A\n"), {"a", "a-1"})

    def test_a_comment_in_a_code_block_is_no_heading(self):
        self.assertEqual(markdown.anchors("```sh\n# no heading\n```\n"), set())

    def test_commands_come_from_shell_blocks_alone(self):
        self.assertEqual(markdown.commands("```sh\n# why\na b\n\nc \\\n  d\n```\n```cpp\nx\n```\n"), ["a b", "c    d"])

    def test_a_console_block_has_commands_and_output(self):
        self.assertEqual(markdown.commands("```console\n$ a\noutput\n$ b\n```\n"), ["a", "b"])

    def test_a_block_knows_the_line_above(self):
        self.assertEqual(markdown.blocks("x\n<!-- y -->\n\n```sh\na\n```\n"), [markdown.Block("sh", "a\n", "<!-- y -->")])


if __name__ == "__main__":
    unittest.main()
