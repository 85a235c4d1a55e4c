"""Long configs from a seed, valid and in Ludwig's words, for measuring editors; with places to ask about."""

from __future__ import annotations

from random import Random

PARTS = {
    "text": {
        "preprocessing": ["tokenizer: space_punct", "max_sequence_length: 128", "most_common: 5000", "lowercase: true"],
        "encoder": ["type: lstm", "state_size: 64", "num_layers: 2", "bidirectional: true", "dropout: 0.2"],
    },
    "number": {
        "preprocessing": ["normalization: minmax", "missing_value_strategy: fill_with_mean", "fill_value: 0.25"],
        "encoder": ["type: dense", "num_layers: 2", "output_size: 32", "norm: batch", "dropout: 0.1"],
    },
    "category": {
        "preprocessing": ["most_common: 500", "lowercase: true", "missing_value_strategy: fill_with_mode"],
        "encoder": ["type: dense", "embedding_size: 16", "dropout: 0.2"],
    },
    "binary": {
        "preprocessing": ["missing_value_strategy: fill_with_true", "fallback_true_label: 'yes'"],
        "encoder": ["type: dense", "output_size: 8", "num_layers: 1", "dropout: 0.1"],
    },
}
RIGHT, WRONG = "  epochs: 10", "  epohcs: 10"
"""The last line that `toggled` changes: the mistake that a server must have found before it counts as done."""
TAIL = [
    "output_features:", "  - name: target", "    type: category", "combiner:", "  type: concat", "  num_fc_layers: 2",
    "trainer:", "  learning_rate: 0.001", "  batch_size: 128", RIGHT,
]  # fmt: skip


def document(lines: int, *, seed: int = 0) -> list[str]:
    """Return the lines of a config of exactly so many lines (at least 30), without a mistake."""
    random = Random(seed)
    text = ["# A config for measuring", "input_features:"]
    number = 0
    while len(text) < lines - len(TAIL):
        room = lines - len(TAIL) - len(text)
        feature = _feature(random, number)
        number += 1
        text += feature if len(feature) <= room and room - len(feature) != 1 else _filling(room, number)
    return text + TAIL


def _feature(random: Random, number: int) -> list[str]:
    kind = random.choice(sorted(PARTS))
    lines = [f"  - name: feature {number}", f"    type: {kind}"]
    if random.random() < 0.5:
        lines.append(f"    column: column_{number}")
    for part, parameters in PARTS[kind].items():
        if random.random() < 0.8:
            first = [each for each in parameters if each.startswith("type:")]
            rest = random.sample(parameters[len(first) :], k=random.randint(1, len(parameters) - len(first)))
            lines += [f"    {part}:", *(f"      {each}" for each in (*first, *rest))]
    return lines


def _filling(room: int, number: int) -> list[str]:
    """Return so many lines: a feature of two, and comments for what is left."""
    return [f"  - name: feature {number} at last", "    type: number", *["    # the end is near"] * (room - 2)]


def places(lines: list[str], count: int, *, seed: int) -> list[tuple[int, int]]:
    """Return places where an editor asks: inside a key, in a value, at the end of a line, in equal shares."""
    random = Random(seed)
    written = [index for index, line in enumerate(lines) if ": " in line]
    answer: list[tuple[int, int]] = []
    for index in range(count):
        number = random.choice(written)
        line = lines[number]
        colon = line.index(": ")
        indent = len(line) - len(line.lstrip(" -"))
        options = (random.randint(indent + 1, colon), random.randint(colon + 2, len(line)), len(line))
        answer.append((number, options[index % 3]))
    return answer


def key_places(lines: list[str], count: int, *, seed: int) -> list[tuple[int, int]]:
    """Return places on the first letters of keys."""
    random = Random(seed)
    keys = [(index, len(line) - len(line.lstrip(" -"))) for index, line in enumerate(lines) if ": " in line]
    return [(number, column + 1) for number, column in random.choices(keys, k=count)]


def feature_starts(lines: list[str]) -> list[int]:
    """Return the lines after which a new key of a feature can be typed."""
    return [index for index, line in enumerate(lines) if line.startswith("    type: ")]
