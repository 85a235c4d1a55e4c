"""How long a config takes to check: ours against PyYAML's C loader and jsonschema with the committed schema.

By hand: ``python tests/benchmarks/check_speed.py --lines 100 1000 5000 --rounds 15``. Times are CPU time, so that other
processes count little. The reference does less: it has no places, no nearest names, no cross-field rules, no plan.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from side_by_side import Comparison, in_turns, tell_json

from declml_schema.check import check
from declml_schema.document import parse
from declml_schema.generate import GENERATED

FEATURE_LINES = 11
REFERENCE_CODE = """
import json, sys, yaml
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
data = yaml.load(open(sys.argv[2]), Loader=yaml.CSafeLoader)
assert not list(Draft202012Validator(schema).iter_errors(data))
"""


def config_of(lines: int) -> str:
    """Return a config without a problem that has about so many lines: features of each type in turn."""
    kinds = ["text", "number", "category", "binary"]
    parts = ["name: large", "input_features:"]
    for index in range(max(1, (lines - 12) // FEATURE_LINES)):
        kind = kinds[index % 4]
        parts += [f"  - name: feature {index}", f"    column: column_{index}", f"    type: {kind}"]
        parts += {
            "text": [
                "    preprocessing:", "      tokenizer: space_punct", "      max_sequence_length: 128",
                "      most_common: 5000", "    encoder:", "      type: lstm", "      state_size: 64",
                "      num_layers: 2",
            ],
            "number": [
                "    preprocessing:", "      normalization: minmax", "      missing_value_strategy: fill_with_mean",
                "      fill_value: 0.25", "    encoder:", "      type: dense", "      output_size: 32",
                "      dropout: 0.1",
            ],
            "category": [
                "    preprocessing:", "      lowercase: true", "      most_common: 500",
                "      fill_value: none of these", "    encoder:", "      type: dense", "      embedding_size: 16",
                "      dropout: 0.2",
            ],
            "binary": [
                "    preprocessing:", "      missing_value_strategy: fill_with_true",
                "      fallback_true_label: 'yes'", "    encoder:", "      type: dense", "      output_size: 8",
                "      num_layers: 1", "      dropout: 0.1",
            ],
        }[kind]  # fmt: skip
    parts += ["output_features:", "  - name: target", "    type: category", "combiner:", "  type: concat"]
    parts += ["  num_fc_layers: 2", "trainer:", "  epochs: 10", "  learning_rate: 0.001", "  optimizer:"]
    return "\n".join([*parts, "    type: adam"]) + "\n"


def cpu_ms(act: Callable[[], object], repeats: int) -> float:
    begin = time.process_time()
    for _ in range(repeats):
        act()
    return (time.process_time() - begin) * 1000 / repeats


def child_ms(command: list[str], bytecode: str) -> float:
    """Return the CPU time of a whole process, user and system, with compiled modules in the folder ``bytecode``.

    An installed package comes with its modules compiled; a checkout on a machine that keeps no bytecode does not.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def in_process(lines: int, rounds: int) -> Comparison:
    text = config_of(lines)
    validator = Draft202012Validator(json.loads((GENERATED / "config.schema.json").read_text()))
    data = yaml.load(text, Loader=yaml.CSafeLoader)
    document = parse(text)
    result = check(text)
    assert result.problems == [], result.problems[:3]
    assert result.plan is not None
    assert not list(validator.iter_errors(data))
    repeats = max(1, 2000 // lines)

    def validate() -> None:
        assert not list(validator.iter_errors(data))

    def load_and_validate() -> None:
        assert not list(validator.iter_errors(yaml.load(text, Loader=yaml.CSafeLoader)))

    def check_and_plan() -> None:
        assert check(text).plan is not None

    return in_turns(
        f"{text.count(chr(10)):,} lines, {len(text):,} characters",
        "CPU ms",
        {
            "reference: load and validate": lambda: cpu_ms(load_and_validate, repeats),
            "reference: load alone": lambda: cpu_ms(lambda: yaml.load(text, Loader=yaml.CSafeLoader), repeats),
            "reference: validate alone": lambda: cpu_ms(validate, repeats),
            "declml: parse and check": lambda: cpu_ms(lambda: check(text), repeats),
            "declml: parse alone": lambda: cpu_ms(lambda: parse(text), repeats),
            "declml: check alone": lambda: cpu_ms(lambda: check(document), repeats),
            "declml: parse, check and plan": lambda: cpu_ms(check_and_plan, repeats),
        },
        rounds=rounds,
    )


def whole_processes(sizes: list[int], rounds: int) -> Comparison:
    with tempfile.TemporaryDirectory() as folder:
        ours = ["-m", "declml.cli.main"]
        commands = {"python -c pass": ["-c", "pass"], "declml --help": [*ours, "--help"]}
        for lines in sizes:
            path = Path(folder) / f"{lines}.yaml"
            path.write_text(config_of(lines))
            commands[f"declml check, {lines:,} lines"] = [*ours, "check", str(path)]
            commands[f"yaml + jsonschema, {lines:,} lines"] = [
                "-c", REFERENCE_CODE, str(GENERATED / "config.schema.json"), str(path),
            ]  # fmt: skip
        bytecode = str(Path(folder) / "bytecode")
        contestants = {
            name: partial(child_ms, [sys.executable, *arguments], bytecode) for name, arguments in commands.items()
        }
        return in_turns("whole processes", "CPU ms", contestants, rounds=rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--process-rounds", type=int, default=7)
    options = parser.parse_args()
    comparisons = [in_process(lines, options.rounds) for lines in options.lines]
    comparisons.append(whole_processes(options.lines, options.process_rounds))
    tell_json(comparisons, "declml", "pyyaml", "jsonschema", "click")


if __name__ == "__main__":
    main()
