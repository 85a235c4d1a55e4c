"""The texts that tests of completion begin with, and the words that belong into them."""

from __future__ import annotations

from declml_schema.vocabulary import vocabulary

WORDS = vocabulary()
TEXT = "input_features:\n  - name: title\n    type: text\n"
NUMBER = "output_features:\n  - name: price\n    type: number\n"
OUTPUTS = "output_features:\n  - {name: kind, type: category}\n  - name: price\n    type: number\n"


def parameters(kind: str, name: str, feature: str | None = None) -> set[str]:
    return {"type", *WORDS.parameters(kind, name, feature)}


LSTM = parameters("encoder", "lstm", "text")
