"""One training from request to finished run: data -> model -> training -> evaluation, each stage told as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declml.contracts import Emit
from declml.data.cache import Cache
from declml.run.aligning import leftover_pretraining
from declml.run.by_gradient import ByGradient
from declml.run.by_trees import ByTrees
from declml.run.calibrating import calibrate
from declml.run.components import Components
from declml.run.designs import model_type_of
from declml.run.evaluating import FinalResult
from declml.run.files import file_hash
from declml.run.folder import RunFolder
from declml.run.identity import plugin_source
from declml.run.interrupts import Interrupts
from declml.run.ledger import Ledger
from declml.run.memory import evaluated_columns
from declml.run.network import told_by_losses
from declml.run.new_rows import PIECE_ROWS
from declml.run.predictions import FrameWriter, prediction_frame, with_truth
from declml.run.prepare import Chain, prepare
from declml.run.reasons import Reasons, last_run
from declml.run.request import Request
from declml.run.work import Making, Work
from declml.training.checkpoints import BEST
from declml.training.settings import Outcome
from declml.training.soup import leftover_files
from declml_schema.plan import Plan

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


@dataclass(frozen=True, slots=True)
class Ended:
    """How an execution ended: ``finished`` or ``interrupted``, and one sentence."""

    status: str
    message: str


def execute(request: Request, folder: RunFolder, ledger: Ledger, emit: Emit, interrupts: Interrupts) -> Ended:
    """Do what the request asks for. A mistake of the user raises `UserProblem` or `ConfigProblems`."""
    plan = Plan.from_json(ledger.plan())
    resumed = model_type_of(plan).latest(folder.checkpoints) or 0 if request.resume else None
    emit(
        "run_started",
        run=folder.id,
        experiment=folder.experiment,
        process=ledger.values["process"],
        resumed_from_step=resumed,
    )
    for warning in request.warnings:
        emit("problem", problem=warning)
    components = Components([Path(each) for each in request.plugins])
    prepared = prepare(_chain(request, plan, components, folder), emit)
    ledger.update(
        rows={side: len(rows) for side, rows in prepared.rows.items()},
        dataset=prepared.key,
        columns=list(prepared.table.columns),
        seed=plan.trainer["seed"],
    )
    facts = told_by_losses(plan, {name: each.facts for name, each in prepared.features.items()}, components)
    work = Work(request, folder, ledger, emit, plan, components, prepared, facts)
    making = _MAKINGS[plan.model_type](work)
    _build(work, making)
    outcome = _train(work, making, interrupts)
    if outcome.reason == "interrupted":
        return Ended("interrupted", f"Interrupted after step {outcome.step}: a checkpoint was written.")
    calibrate(work, making)
    _evaluate(work, making, outcome)
    return Ended("finished", making.summary(outcome))


def tidy(folder: RunFolder) -> None:
    """Drop what a run needs only until its record says that it finished: before, a resumed run would read it.

    The model's folder has the best weights too, and those of a pretrained encoder are too large to keep twice.
    """
    leftovers = [*leftover_files(folder.checkpoints), *leftover_pretraining(folder.checkpoints)]
    for file in (folder.checkpoints / BEST, *leftovers):
        file.unlink(missing_ok=True)


def _chain(request: Request, plan: Plan, components: Components, folder: RunFolder) -> Chain:
    cache = Cache(Path(request.cache))
    reasons = Reasons(last_run(folder.path.parent, before=folder.id), plan.as_json(), request.data_sha256)
    source = plugin_source([file_hash(Path(path)) for path in request.plugins])
    sides = None if request.sides is None else tuple(request.sides)
    paths = [Path(each) for each in request.paths]
    return Chain(plan, paths, request.data_sha256, components, cache, reasons, source, sides)


_MAKINGS: Mapping[str, Callable[[Work], Making]] = {"ecd": ByGradient, "gbm": ByTrees}
"""How the model of each model type is made."""


def _build(work: Work, making: Making) -> None:
    began = time.monotonic()
    work.emit("stage_started", stage="model", label="Building the model")
    facts = making.build()
    work.emit(
        "stage_finished",
        stage="model",
        cached=False,
        reason="built from the plan",
        seconds=round(time.monotonic() - began, 3),
        facts=facts,
    )


def _train(work: Work, making: Making, interrupts: Interrupts) -> Outcome:
    began = time.monotonic()
    work.emit("stage_started", stage="training", label="Training")
    outcome = making.train(interrupts)
    work.emit(
        "stage_finished",
        stage="training",
        cached=False,
        reason=outcome.reason,
        seconds=round(time.monotonic() - began, 3),
        facts={"steps": outcome.step, "epochs": outcome.epoch},
    )
    return outcome


def _evaluate(work: Work, making: Making, outcome: Outcome) -> None:
    """Evaluate what was kept on every split, keep predictions and model, and complete the record."""
    began = time.monotonic()
    work.emit("stage_started", stage="evaluation", label="Evaluating the kept weights")
    metrics: dict[str, Any] = {}
    work.folder.predictions.mkdir(exist_ok=True)
    prepared = work.prepared
    table = evaluated_columns(work.plan, prepared.table)
    for split in work.plan.evaluation["splits"]:
        if split not in making.batches:
            continue
        result = making.evaluator.final(making.batches[split], table[prepared.rows[split]])
        metrics[split] = result.values
        work.emit(
            "evaluation",
            split=split,
            rows=result.rows,
            values=result.values,
            slices=result.slices,
            confusion=result.confusion,
        )
        uncertainties = making.evaluator.uncertainties(making.batches[split], result.predictions)
        _keep_predictions(work, split, result, table, uncertainties)
    work.ledger.update(metrics=_plain(metrics), best_epoch=outcome.best_epoch, weights=making.save())
    work.emit(
        "stage_finished",
        stage="evaluation",
        cached=False,
        reason="the weights are new",
        seconds=round(time.monotonic() - began, 3),
        facts={"splits": list(metrics)},
    )


def _keep_predictions(
    work: Work, split: str, result: FinalResult, table: pl.DataFrame, uncertainties: Mapping[str, np.ndarray]
) -> None:
    operations = {each.name: each.operation for each in work.prepared.outputs}
    rows = work.prepared.rows[split]
    with FrameWriter(work.folder.predictions / f"{split}.parquet") as writer:
        # As a table, answers take many times what they take as numbers.
        for start in range(0, len(rows), PIECE_ROWS):
            stop = start + PIECE_ROWS
            strays = {name: each[start:stop] for name, each in uncertainties.items()}
            frame = prediction_frame(result.predictions.piece(start, stop), work.plan, work.facts, operations, strays)
            writer.add(with_truth(frame, work.plan, table, rows[start:stop]))


def _plain(metrics: Mapping[str, Any]) -> Any:
    """Return metrics for the record: numbers that are not finite as the strings that JSON can hold."""
    import json

    from declml_schema.events import encode_event

    return json.loads(encode_event(metrics))
