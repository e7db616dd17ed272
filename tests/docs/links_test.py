"""Every relative link in the documentation leads to a file, and to a heading where it names one."""

import posixpath
import unittest

from tests.docs import markdown
from tests.lint import tree


def broken_links(texts, paths):
    """What is wrong with the links of `texts` (Markdown by path) in a repository that has `paths`."""
    folders = {posixpath.dirname(path) for path in paths}
    folders |= {parent for folder in folders for parent in _parents(folder)}
    for source, text in texts.items():
        for link in markdown.links(text):
            if "://" in link or link.startswith("mailto:"):
                continue
            name, _, anchor = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(source), name)) if name else source
            if target not in paths and target not in folders:
                yield f"{source}: {link}: there is no {target}"
            elif anchor and anchor not in markdown.anchors(texts.get(target, "")):
                yield f"{source}: {link}: {target} has no heading #{anchor}"


def _parents(folder):
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


class LinksTest(unittest.TestCase):
    def test_the_documentation_has_no_broken_link(self):
        top = tree.root()
        paths = set(tree.files(top))
        texts = {path: (top / path).read_text(encoding="utf-8") for path in paths if path.endswith(".md")}
        self.assertIn("README.md", texts)
        broken = sorted(broken_links(texts, paths))
        self.assertFalse(broken, "\n  " + "\n  ".join(broken))

    def test_a_link_to_nothing_is_found(self):
        texts = {"docs/a.md": "[x](b.md) [y](../c.md)"}
        self.assertEqual(
            list(broken_links(texts, {"docs/a.md", "c.md"})), ["docs/a.md: b.md: there is no docs/b.md"]
        )

    def test_a_link_to_a_missing_heading_is_found(self):
        texts = {"a.md": "# Here\n[x](#here) [y](#gone) [z](b.md#there)", "b.md": "# There\n"}
        self.assertEqual(list(broken_links(texts, set(texts))), ["a.md: #gone: a.md has no heading #gone"])

    def test_folders_and_other_sites_pass(self):
        texts = {"a.md": "[x](docs/) [y](docs) [z](https://example.org/q)"}
        self.assertEqual(list(broken_links(texts, {"a.md", "docs/deep/b.md"})), [])


if __name__ == "__main__":
    unittest.main()
