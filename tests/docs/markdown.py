"""What the checks of the documentation need to know of a Markdown text: its links, its anchors, its shell commands."""

import re
from typing import Dict, List, NamedTuple, Set

_FENCE = re.compile(r"^(```|~~~)([\w-]*)[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")


class Block(NamedTuple):
    language: str
    text: str
    # The last line above the block that is not empty.
    before: str


def blocks(text: str) -> List[Block]:
    found = []
    for match in _FENCE.finditer(text):
        above = text[: match.start()].rstrip().rpartition("\n")[2]
        found.append(Block(match.group(2), match.group(3), above))
    return found


def _prose(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "``", _FENCE.sub("", text))


def links(text: str) -> List[str]:
    """Targets of all links outside of code."""
    return _LINK.findall(_prose(text))


def anchors(text: str) -> Set[str]:
    """What `#...` may follow this file's name: its headings, as the usual renderers write them."""
    found: Dict[str, int] = {}
    result = set()
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", _FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        result.add(f"{slug}-{count}" if count else slug)
    return result


def commands(text: str) -> List[str]:
    """Every command line of the shell blocks, continuation lines joined, comments and prompts left out."""
    lines = []
    for block in blocks(text):
        if block.language not in ("sh", "bash", "shell", "console"):
            continue
        joined = block.text.replace("\\\n", " ")
        for line in joined.splitlines():
            if block.language == "console":
                if not line.startswith("$ "):
                    continue
                line = line[2:]
            line = line.strip()
            if line and not line.startswith("#"):
                lines.append(line)
    return lines
