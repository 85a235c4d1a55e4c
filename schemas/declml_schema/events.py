"""What a run says while it runs: a closed set of event kinds, one JSON object a line in ``events.jsonl``.

Terminal, editor panel, notebook widget, TensorBoard writer and tests all read this one stream; nothing else carries
news of a run. A reader ignores an unfinished last line, kinds it does not know, and fields it does not know.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event: what it means and its fields, each with a type of JSON Schema and a sentence."""

    name: str
    doc: str
    fields: Mapping[str, tuple[str, str]]


_KINDS = (
    EventKind(
        "run_started",
        "The training process is up and knows its plan.",
        {
            "run": ("string", "The id of the run."),
            "experiment": ("string", "The experiment that it belongs to."),
            "process": ("integer", "The id of the training process on its machine."),
            "resumed_from_step": (
                "integer|null",
                "The optimizer step it goes on from; every later point seen before is void.",
            ),
        },
    ),
    EventKind(
        "stage_started",
        "A stage of the chain begins: source, table, split, fit, dataset, model, training or evaluation.",
        {"stage": ("string", "The stage's name."), "label": ("string", "What is being done, for a person.")},
    ),
    EventKind(
        "stage_progress",
        "How far a long stage is.",
        {
            "stage": ("string", "The stage's name."),
            "done": ("number", "Parts done."),
            "total": ("number|null", "Parts in all."),
        },
    ),
    EventKind(
        "stage_finished",
        "A stage is done, or was taken from the cache.",
        {
            "stage": ("string", "The stage's name."),
            "cached": ("boolean", "Whether nothing had to be done."),
            "reason": ("string", "Why it ran or why it could be reused."),
            "seconds": ("number", "Wall time."),
            "facts": ("object", "What came of it: rows, vocabulary sizes, parameter counts, ..."),
        },
    ),
    EventKind(
        "training_started",
        "The first step is about to be taken.",
        {
            "epochs": ("integer", "Epochs at most."),
            "steps_per_epoch": ("integer", "Optimizer steps in an epoch."),
            "total_steps": ("integer", "Optimizer steps at most."),
            "batch_size": ("integer", "Rows in a batch."),
            "parameters": ("integer", "Trainable weights."),
            "frozen_parameters": ("integer", "Weights that do not train."),
            "device": ("string", "Where the tensors live."),
            "threads": ("integer", "CPU threads of the tensor library."),
            "optimizer": ("string", "The implementation in use, since the bits depend on it."),
            "decides": ("object", "The metric that picks the best epoch: output, metric, goal."),
        },
    ),
    EventKind(
        "step",
        "Progress inside an epoch; at most a few a second, never one per step.",
        {
            "epoch": ("integer", "The epoch, from 1."),
            "step": ("integer", "Optimizer steps so far in the whole run."),
            "loss": ("number", "Mean training loss since the last event of this kind."),
            "learning_rate": ("number", "The rate in force."),
            "steps_per_second": ("number", "Speed since the last event of this kind."),
            "eta_seconds": ("number|null", "Time to the last epoch at this speed."),
        },
    ),
    EventKind(
        "metrics",
        "The metrics of one split, per output; the output `combined` holds the weighted loss.",
        {
            "split": ("string", "training, validation or test."),
            "epoch": ("integer", "The epoch, from 1."),
            "step": ("integer", "Optimizer steps so far."),
            "values": ("object", "output -> metric -> number."),
            "seconds": ("number", "Wall time of this evaluation."),
            "best": ("boolean", "Whether the deciding metric is now the best so far."),
        },
    ),
    EventKind(
        "checkpoint",
        "The state from which the run can resume was written.",
        {
            "step": ("integer", "Optimizer steps in it."),
            "best": ("boolean", "Whether these are also the best weights so far."),
        },
    ),
    EventKind(
        "training_finished",
        "The loop is over; the best weights are in force.",
        {
            "step": ("integer", "Optimizer steps taken."),
            "epoch": ("integer", "Epochs taken."),
            "best_epoch": ("integer|null", "The epoch whose weights were kept."),
            "reason": ("string", "epochs, train_steps, early_stop or interrupted."),
            "seconds": ("number", "Wall time of the loop in this process."),
        },
    ),
    EventKind(
        "evaluation",
        "The final metrics of one split with the kept weights.",
        {
            "split": ("string", "training, validation or test."),
            "rows": ("integer", "Rows evaluated."),
            "values": ("object", "output -> metric -> number."),
            "slices": ("array", "Per slice: name, rows, values; worst first."),
            "confusion": ("object", "output -> classes and counts, for category and binary outputs."),
        },
    ),
    EventKind(
        "log",
        "A line for a person.",
        {"level": ("string", "debug, info, warning or error."), "message": ("string", "The line.")},
    ),
    EventKind(
        "problem",
        "A problem of the data, or what made the run fail.",
        {"problem": ("object", "As `declml check --format json`.")},
    ),
    EventKind(
        "run_finished",
        "The last event: how it ended.",
        {
            "status": ("string", "finished, failed or interrupted."),
            "seconds": ("number", "Wall time of this process."),
            "message": ("string", "One sentence."),
        },
    ),
)

KINDS: Mapping[str, EventKind] = {kind.name: kind for kind in _KINDS}
"""Every kind of event, by name. A new kind is added here and nowhere else."""

STAGES = ("source", "table", "split", "fit", "dataset", "model", "training", "evaluation")


def encode_event(event: Mapping[str, Json]) -> str:
    """Return the line of one event: compact JSON; numbers that are not finite become "nan", "inf" and "-inf"."""
    try:
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(event), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _finite(value: Json) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def number(value: Json) -> float:
    """Return a metric's value as a float, also where it was written as "nan", "inf" or "-inf"."""
    return float(value)


def read_events(path: Path, offset: int = 0) -> Iterator[tuple[int, dict[str, Json]]]:
    """Yield ``(offset after the line, event)`` from byte ``offset`` on; an unfinished or broken line is left out."""
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("kind") in KINDS:
                yield offset, event
