"""Writes real run folders by hand, so that readers can be tested without training anything."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from declml.runs.folder import Run, open_run
from declml_schema.events import encode_event
from declml_schema.plan import Choice, InputFeature, OutputFeature, Plan

LSTM = {"cell_type": "lstm", "num_layers": 1, "state_size": 256, "bidirectional": False, "dropout": 0.0}
BERT = {"pretrained_model_name_or_path": "minilm", "trainable": True, "num_hidden_layers": 6, "dropout": 0.1}
NEWS = """\
input_features:
  - name: title
    type: text
    encoder:
      type: lstm
output_features:
  - name: class
    type: category
trainer:
  epochs: 3
"""


def text_plan(
    encoder: str = "lstm",
    parameters: dict[str, Any] | None = None,
    *,
    epochs: int = 3,
    inputs: tuple[str, ...] = ("title",),
) -> Plan:
    tokenizer = "space_punct" if encoder == "lstm" else "hf_tokenizer"
    return Plan(
        model_type="ecd",
        inputs=tuple(
            InputFeature(
                name,
                name,
                "text",
                {"tokenizer": tokenizer, "max_sequence_length": 256},
                Choice(encoder, parameters or LSTM),
            )
            for name in inputs
        ),
        outputs=(
            OutputFeature(
                "class",
                "class",
                "category",
                {"missing_value_strategy": "drop_row"},
                Choice("classifier", {"num_fc_layers": 0}),
                Choice("softmax_cross_entropy", {"weight": 1.0}),
                {"top_k": 3},
            ),
        ),
        combiner=Choice("concat", {"num_fc_layers": 0}),
        split=Choice("random", {"probabilities": [0.7, 0.1, 0.2]}),
        preprocessing={"sample_ratio": 1.0},
        trainer={"epochs": epochs, "optimizer": {"type": "adam", "eps": 1e-8}, "learning_rate": 0.001},
        data={},
        evaluation={},
    )


def write_run(
    root: Path,
    name: str = "0001-aaaa",
    *,
    experiment: str = "news",
    plan: Plan | None = None,
    config: str = NEWS,
    events: list[dict[str, Any]] | None = None,
    files: dict[str, str] | None = None,
    **record: Any,
) -> Run:
    """Write a finished run; ``files`` are its outputs, ``record`` overrides what the record says."""
    folder = root / experiment / name
    folder.mkdir(parents=True)
    plan = plan or text_plan()
    outputs = {"config.yaml": config, "model/weights.safetensors": "weights", **(files or {})}
    for path, text in outputs.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "plan.json").write_text(json.dumps(plan.as_json()))
    if events is not None:
        write_events(folder / "events.jsonl", events)
    values: dict[str, Any] = {
        "format": 1,
        "declml": "0.1.0",
        "run": name,
        "experiment": experiment,
        "created": "2025-03-01T12:00:00+00:00",
        "trigger": "cli",
        "parent": None,
        "argv": ["declml", "train", "news.declml.yaml"],
        "identity": {"plan": plan.identity},
        "rows": {"training": 70, "validation": 10, "test": 20},
        "seed": 42,
        "threads": 1,
        "device": "cpu",
        "deterministic": True,
        "hardware": {"cores": 2},
        "environment": {"python": "3.11.9", "os": "Linux", "packages": {"torch": "2.13.0"}},
        "git": None,
        "plugins": {},
        "data": {"paths": ["news.csv"], "sha256": "d" * 64, "rows": 100, "columns": ["title", "class"]},
        "status": "finished",
        "seconds": 12.5,
        "decides": {"output": "class", "metric": "accuracy", "goal": "maximize"},
        "metrics": {
            "validation": {"class": {"accuracy": 0.81, "loss": 0.6}},
            "test": {"class": {"accuracy": 0.8, "loss": 0.62}},
        },
        "best_epoch": 3,
        "outputs": {path: hashlib.sha256(text.encode()).hexdigest() for path, text in outputs.items()},
        "problem": None,
        "process": 1,
        **record,
    }
    write_record(folder, values)
    return open_run(folder)


def write_record(folder: Path, values: dict[str, Any]) -> None:
    """Write a record the way a run does: by a rename into its place."""
    part = folder / ".record.json.part"
    part.write_text(json.dumps(values))
    part.replace(folder / "record.json")


def write_events(path: Path, events: list[dict[str, Any]]) -> None:
    """Append events, numbered on from what is there."""
    first = len(path.read_text().splitlines()) if path.exists() else 0
    with path.open("a") as file:
        for seq, event in enumerate(events, first):
            file.write(encode_event({"seq": seq, "time": 1740830400.0 + seq, **event}) + "\n")
