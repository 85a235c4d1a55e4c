"""One training from request to finished run: data -> model -> training -> evaluation, each stage told as it goes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.contracts import Batches, Decides, Emit, Facts, Model, Optimizer
from declml.data.cache import Cache
from declml.model.assemble import Network, count_parameters
from declml.run.batches import batches_of
from declml.run.components import Components
from declml.run.evaluating import Evaluator, FinalResult
from declml.run.files import file_hash
from declml.run.folder import RunFolder
from declml.run.frozen import FrozenEncoding
from declml.run.identity import plugin_source
from declml.run.interrupts import Interrupts
from declml.run.ledger import Ledger
from declml.run.network import Blueprint, blueprint, losses_of
from declml.run.predictions import prediction_frame, with_truth, write_frame
from declml.run.prepare import Chain, Prepared, prepare
from declml.run.reasons import Reasons, last_run
from declml.run.request import Request
from declml.run.saved import save_model
from declml.run.settings import batch_size_of, decides_of, evaluation_batch_size, settings_of, steps_of
from declml.training.checkpoints import BEST, latest_step
from declml.training.determinism import describe_determinism, make_deterministic
from declml.training.device import device_name, pick_device
from declml.training.loop import train
from declml.training.precision import Precision, choose_precision
from declml.training.settings import Hooks, Outcome
from declml.training.threads import choose_threads, set_threads, trial_step
from declml_schema.content import content_hash
from declml_schema.plan import Plan


@dataclass(frozen=True, slots=True)
class Ended:
    """How an execution ended: ``finished`` or ``interrupted``, and one sentence."""

    status: str
    message: str


def execute(request: Request, folder: RunFolder, ledger: Ledger, emit: Emit, interrupts: Interrupts) -> Ended:
    """Do what the request asks for. A mistake of the user raises `UserProblem` or `ConfigProblems`."""
    plan = Plan.from_json(ledger.plan())
    resumed = latest_step(folder.checkpoints) or 0 if request.resume else None
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
    work = _Work(request, folder, ledger, emit, plan, components, prepared)
    work.build()
    outcome = work.train(interrupts)
    if outcome.reason == "interrupted":
        return Ended("interrupted", f"Interrupted after step {outcome.step}: a checkpoint was written.")
    work.evaluate(outcome)
    return Ended("finished", _summary(outcome))


def tidy(folder: RunFolder) -> None:
    """Drop what a run needs only until its record says that it finished: before, a resumed run would read it.

    The model's folder has the best weights too, and those of a pretrained encoder are too large to keep twice.
    """
    (folder.checkpoints / BEST).unlink(missing_ok=True)


def _chain(request: Request, plan: Plan, components: Components, folder: RunFolder) -> Chain:
    cache = Cache(Path(request.cache))
    reasons = Reasons(last_run(folder.path.parent, before=folder.id), plan.as_json(), request.data_sha256)
    source = plugin_source([file_hash(Path(path)) for path in request.plugins])
    return Chain(plan, [Path(each) for each in request.paths], request.data_sha256, components, cache, reasons, source)


def _summary(outcome: Outcome) -> str:
    kept = f"; the weights of epoch {outcome.best_epoch} were kept" if outcome.best_epoch is not None else ""
    why = {"early_stop": "stopped early", "train_steps": "all steps taken"}.get(outcome.reason, "all epochs done")
    return f"Finished after epoch {outcome.epoch} ({why}){kept}."


class _Work:
    """The stages after the data, with what each leaves for the next."""

    def __init__(
        self,
        request: Request,
        folder: RunFolder,
        ledger: Ledger,
        emit: Emit,
        plan: Plan,
        components: Components,
        prepared: Prepared,
    ) -> None:
        self.request = request
        self.folder = folder
        self.ledger = ledger
        self.emit = emit
        self.plan = plan
        self.components = components
        self.prepared = prepared
        self.facts: dict[str, Facts] = {name: each.facts for name, each in prepared.features.items()}

    def build(self) -> None:
        """Build the network and the batches of every split on the device."""
        began = time.monotonic()
        self.emit("stage_started", stage="model", label="Building the model")
        self.device = pick_device(self.request.device or self.plan.trainer["device"])
        if self.plan.trainer["deterministic"]:
            make_deterministic(self.device)
        threads = self.request.threads or self.ledger.values.get("threads") or self.plan.trainer["threads"]
        set_threads(threads if isinstance(threads, int) else 1)
        self.blueprint: Blueprint = blueprint(self.plan, self.facts, self.components)
        self.network: Network = self.blueprint.build(self.plan.trainer["seed"]).to(self.device)
        losses = losses_of(self.plan, self.facts, self.components)
        self.model = Model(
            self.network, {name: (_on(loss, self.device), weight) for name, (loss, weight) in losses.items()}
        )
        self.batch_size = batch_size_of(self.plan.trainer, len(self.prepared.rows["training"]))
        self.batches: Mapping[str, Batches] = self._batches()
        trainable, frozen = count_parameters(self.network)
        self.emit(
            "stage_finished",
            stage="model",
            cached=False,
            reason="built from the plan",
            seconds=round(time.monotonic() - began, 3),
            facts={"parameters": trainable, "frozen_parameters": frozen, "groups": len(self.blueprint.groups)},
        )

    def _batches(self) -> dict[str, Batches]:
        groups = self.blueprint.groups
        encoded = {name: each.encoded.encoded for name, each in self.prepared.features.items()}
        cache = Cache(Path(self.request.cache))
        frozen = FrozenEncoding(self.network, groups, self.prepared, cache, self.emit, self.device.type)
        encoded.update(frozen.columns())
        targets = {each.name: each.encoded.encoded.values for each in self.prepared.outputs}
        ragged = any(encoded[member.name].offsets is not None for group in groups for member in group.members)
        return {
            split: batches_of(
                groups,
                encoded,
                targets,
                rows,
                device=str(self.device),
                by_length=ragged and split == "training",
                bucketing_field=self.plan.trainer["bucketing_field"],
            )
            for split, rows in self.prepared.rows.items()
            if len(rows)
        }

    def train(self, interrupts: Interrupts) -> Outcome:
        """Run the loop from the start or from the latest checkpoint."""
        began = time.monotonic()
        self.emit("stage_started", stage="training", label="Training")
        trainer = self.plan.trainer
        threads = self._threads()
        precision = choose_precision(self.device) if trainer["use_mixed_precision"] else Precision()
        training = self.batches["training"]
        settings = settings_of(
            self.plan, self.components, steps=steps_of(trainer, training.steps(self.batch_size)),
            batch_size=self.batch_size, rows={side: len(rows) for side, rows in self.prepared.rows.items()},
            precision=precision,
        )  # fmt: skip
        optimizer = self._optimizer()
        self.evaluator = Evaluator(
            self.plan, self.facts, {each.name: each.operation for each in self.prepared.outputs}, self.components,
            self.model, batch_size=evaluation_batch_size(trainer, self.batch_size),
        )  # fmt: skip
        decides = settings.decides
        if decides is None:
            self.emit(
                "log",
                level="warning",
                message="Nothing is evaluated while training, so nothing ends it early: the last weights are kept.",
            )
        self.ledger.update(
            decides=_decides(decides or decides_of(self.plan, self.components)),
            threads=threads,
            device=str(self.device),
            device_name=device_name(self.device),
            optimizer=optimizer.implementation,
            batch_size=self.batch_size,
            deterministic=trainer["deterministic"],
            determinism=describe_determinism(),
        )
        hooks = Hooks(
            evaluate=lambda split: self.evaluator.scores(self.batches[split]),
            emit=self.emit,
            stop=lambda: interrupts.requested,
        )
        with interrupts.polled():
            outcome = train(
                self.model, training, optimizer, settings, hooks, folder=self.folder.checkpoints,
                resume=self.request.resume,
            )  # fmt: skip
        self.emit(
            "stage_finished",
            stage="training",
            cached=False,
            reason=outcome.reason,
            seconds=round(time.monotonic() - began, 3),
            facts={"steps": outcome.step, "epochs": outcome.epoch},
        )
        return outcome

    def _threads(self) -> int:
        """Return the CPU threads to train with: as asked, else as measured on a few throwaway steps."""
        asked = self.request.threads or self.ledger.values.get("threads") or self.plan.trainer["threads"]
        if isinstance(asked, int):
            set_threads(asked)
            return asked
        cores = int(self.ledger.values["hardware"]["cores"])
        if self.device.type != "cpu" or cores == 1:
            set_threads(1)
            return 1
        key = content_hash([self.plan.identity, self.prepared.key, self.ledger.values["hardware"]["processor"], cores])
        # Measured once for a plan and remembered: another count may mean other bits.
        entry = Cache(Path(self.request.cache)).get_or_put(
            "threads", key, lambda _folder: {"threads": self._measured(cores)}
        )
        set_threads(entry.facts["threads"])
        return entry.facts["threads"]

    def _measured(self, cores: int) -> int:
        first = next(iter(self.batches["training"].epoch(self.batch_size, seed=0)))
        return choose_threads(trial_step(self.model, first), [1, min(cores, 8)])

    def _optimizer(self) -> Optimizer:
        options = dict(self.plan.trainer["optimizer"])
        build = self.components.build("optimizer", options.pop("type"))
        return build([each for each in self.network.parameters() if each.requires_grad], **options)

    def evaluate(self, outcome: Outcome) -> None:
        """Evaluate the kept weights on every split, keep predictions and model, and complete the record."""
        began = time.monotonic()
        self.emit("stage_started", stage="evaluation", label="Evaluating the kept weights")
        metrics: dict[str, Any] = {}
        self.folder.predictions.mkdir(exist_ok=True)
        for split in self.plan.evaluation["splits"]:
            if split not in self.batches:
                continue
            result = self.evaluator.final(self.batches[split], self.prepared.table.frame[self.prepared.rows[split]])
            metrics[split] = result.values
            self.emit(
                "evaluation",
                split=split,
                rows=result.rows,
                values=result.values,
                slices=result.slices,
                confusion=result.confusion,
            )
            self._keep_predictions(split, result)
        weights = save_model(self.folder, self.plan, self.prepared, self.network, self.request.plugins)
        self.ledger.update(metrics=_plain(metrics), best_epoch=outcome.best_epoch, weights=weights)
        self.emit(
            "stage_finished",
            stage="evaluation",
            cached=False,
            reason="the weights are new",
            seconds=round(time.monotonic() - began, 3),
            facts={"splits": list(metrics)},
        )

    def _keep_predictions(self, split: str, result: FinalResult) -> None:
        operations = {each.name: each.operation for each in self.prepared.outputs}
        frame = prediction_frame(result.predictions, self.plan, self.facts, operations)
        rows = self.prepared.rows[split]
        table = self.prepared.table.frame
        write_frame(self.folder.predictions / f"{split}.parquet", with_truth(frame, self.plan, table, rows))


def _on(loss: Any, device: Any) -> Any:
    return loss.to(device) if hasattr(loss, "to") else loss


def _decides(decides: Decides) -> dict[str, str]:
    return {"output": decides.output, "metric": decides.metric, "goal": decides.goal}


def _plain(metrics: Mapping[str, Any]) -> Any:
    """Return metrics for the record: numbers that are not finite as the strings that JSON can hold."""
    import json

    from declml_schema.events import encode_event

    return json.loads(encode_event(metrics))
