"""What a comment may say to declml: ``# declml: ignore[CODE]``."""

from __future__ import annotations

import re

from declml_lsp.completion.offer import Kind, Offer, Rank, Shape
from declml_schema.ignore_comments import OWN_CODES
from declml_schema.problem_codes import CHECK_CODES, DATA_CODES

_WORD = re.compile(r"#[ \t]*declml:[ \t]*(?P<typed>[\w-]*)$")
_CODES = re.compile(r"#[ \t]*declml:[ \t]*ignore\[(?P<before>(?:[\w-]*[ \t]*,[ \t]*)*)(?P<typed>[\w-]*)$")


def comment_offers(line: str) -> list[Offer]:
    """Return what may follow in a comment; ``line`` is its text up to the cursor."""
    shape = Shape(flow=True)
    codes = _CODES.search(line)
    if codes is not None:
        there = set(re.findall(r"[\w-]+", codes["before"]))
        return [
            Offer(code, (code,), shape, Kind.EnumMember, Rank.REST)
            for code in sorted((CHECK_CODES | DATA_CODES) - OWN_CODES - there)
        ]
    if _WORD.search(line):
        doc = "Hides the warnings of these codes on this line, or on the next one if the comment stands alone."
        return [Offer("ignore[", ("ignore[",), shape, Kind.Keyword, Rank.COMMON, "hide a warning", doc, again=True)]
    return []


def typed_in_comment(line: str) -> str:
    """Return the word that is being typed at the end of a comment."""
    found = re.search(r"[\w-]*$", line)
    return found.group() if found is not None else ""
