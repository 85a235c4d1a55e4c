"""What declml makes of each case of the YAML 1.2 test suite; run as a script it writes the pass list anew."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from declml_schema.document import Document, parse, to_data
from declml_schema.problems import Severity

FOLDER = Path(__file__).parent
VERDICTS_FILE = FOLDER / "verdicts.json"
NOT_IN_A_CONFIG = {"multiple-documents", "unsupported-tag", "complex-key"}
"""Codes that say: this is YAML, and a config does not use it."""


def cases() -> list[dict[str, Any]]:
    """Return the cases of the suite: ``id``, ``name``, ``text``, and ``must_fail`` or (mostly) ``json``."""
    text = (FOLDER / "cases.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def verdict(case: dict[str, Any], document: Document) -> str:
    """Return one of the verdicts that README.md explains."""
    errors = {each.code for each in document.problems if each.severity is Severity.ERROR}
    if case.get("must_fail"):
        return "agrees" if errors else "accepted"
    if errors:
        return "not-in-a-config" if errors <= NOT_IN_A_CONFIG else "refused"
    if "json" not in case:
        return "agrees"
    data = to_data(document.root)
    # A stream without a document and one that holds nothing mean the same to a config: it is empty.
    return "agrees" if is_same([data], case["json"]) or (data is None and case["json"] == []) else "other-data"


def is_same(ours: Any, theirs: Any) -> bool:
    """Return whether two values are the same JSON: true is not 1, and 1.0 is 1."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(is_same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(is_same, ours, theirs))
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return ours == theirs
    return type(ours) is type(theirs) and ours == theirs


def main() -> None:
    """Write ``verdicts.json`` and print how many cases have which verdict."""
    verdicts = {case["id"]: verdict(case, parse(case["text"])) for case in cases()}
    VERDICTS_FILE.write_text(json.dumps(verdicts, indent=0) + "\n")
    print(dict(Counter(verdicts.values())))


if __name__ == "__main__":
    main()
