"""``model_type: ecd``: a network is built from the plan and trained by gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declml.contracts import Batches, Model, Optimizer
from declml.data.cache import Cache
from declml.evaluation.dropout_samples import drops
from declml.model.alignment import Alignment
from declml.model.assemble import Network, count_parameters
from declml.model.freezing import freeze
from declml.model.hidden import hidden_weights
from declml.run.aligning import align, alignment_of, asks_to_align, check_alignable, trainer_of_alignment
from declml.run.automatic import automatic, sized
from declml.run.batches import Spill, batches_of
from declml.run.evaluating import Evaluator
from declml.run.frozen import FrozenEncoding
from declml.run.interrupts import Interrupts
from declml.run.memory import most_bytes
from declml.run.network import Blueprint, blueprint, losses_of
from declml.run.saved import save_model
from declml.run.settings import (
    decides_of,
    evaluation_batch_size,
    profiling_of,
    settings_of,
    settings_of_looks,
    steps_of,
)
from declml.run.work import Work, decides_json, tell_blind
from declml.training.determinism import describe_determinism, make_deterministic
from declml.training.device import device_name, pick_device
from declml.training.loop import train
from declml.training.precision import Precision, choose_precision
from declml.training.profiling import FOLDER as TRACES
from declml.training.profiling import profiled
from declml.training.settings import Hooks, Outcome
from declml.training.threads import choose_threads, set_threads, trial_step
from declml_schema.content import content_hash

if TYPE_CHECKING:
    import numpy as np


class ByGradient:
    """The making of a network: `declml.run.work.Making`."""

    def __init__(self, work: Work) -> None:
        rows = work.rows["training"]
        self.plan = sized(work.plan, work.components, rows)
        self.work = replace(work, plan=self.plan)
        self.trainer = automatic(work.plan, work.components, rows)

    def build(self) -> Mapping[str, Any]:
        """Build the network and the batches of every split on the device."""
        work, trainer = self.work, self.trainer
        self.device = pick_device(work.request.device or trainer["device"])
        if trainer["deterministic"]:
            make_deterministic(self.device)
        set_threads(work.threads if isinstance(work.threads, int) else 1)
        self.blueprint: Blueprint = blueprint(self.plan, work.facts, work.components)
        self.network: Network = self.blueprint.build(trainer["seed"]).to(self.device)
        self.network.modality_dropout = trainer["modality_dropout"]
        self.network.checkpointed = trainer["enable_gradient_checkpointing"]
        if trainer["layers_to_freeze_regex"] is not None:
            freeze(self.network, trainer["layers_to_freeze_regex"])
        losses = losses_of(self.plan, work.facts, work.components)
        self.model = Model(
            self.network, {name: (_on(loss, self.device), weight) for name, (loss, weight) in losses.items()}
        )
        if asks_to_align(trainer):
            check_alignable(self.network)
        self._tell_certain()
        self.batch_size: int = trainer["batch_size"]
        self.batches: Mapping[str, Batches] = self._batches()
        self.evaluator: Evaluator = work.evaluator(
            self.model, batch_size=evaluation_batch_size(trainer, self.batch_size)
        )
        trainable, frozen = count_parameters(self.network)
        return {"parameters": trainable, "frozen_parameters": frozen, "groups": len(self.blueprint.groups)}

    def _tell_certain(self) -> None:
        """Tell of outputs that ask for samples of dropout where nothing is ever dropped."""
        asked = [each.name for each in self.plan.outputs if each.decoder.parameters.get("mc_dropout_samples")]
        if asked and not drops(self.network):
            message = (
                f"mc_dropout_samples of '{asked[0]}' tells nothing: no layer has a dropout, so no two samples differ."
            )
            self.work.emit("log", level="warning", message=message)

    def _batches(self) -> dict[str, Batches]:
        prepared, groups = self.work.prepared, self.blueprint.groups
        encoded = {name: each.encoded.encoded for name, each in prepared.features.items()}
        cache = Cache(Path(self.work.request.cache))
        frozen = FrozenEncoding(self.network, groups, prepared, cache, self.work.emit, self.device.type)
        encoded.update(frozen.columns())
        targets = {each.name: each.encoded.encoded for each in prepared.outputs}
        columns = [*(encoded[member.name] for group in groups for member in group.members), *targets.values()]
        ragged = any(each.offsets is not None for each in columns)

        def read(split: str, rows: np.ndarray) -> Batches:
            return batches_of(
                groups,
                encoded,
                targets,
                rows,
                device=str(self.device),
                by_length=ragged and split == "training",
                bucketing_field=self.plan.trainer["bucketing_field"],
                spill=self._spill(),
            )

        whole = {split: read(split, rows) for split, rows in prepared.rows.items() if len(rows)}
        self._evaluated: Mapping[str, Batches] = whole
        if (steps := self.trainer["eval_steps"]) is not None:
            most = steps * evaluation_batch_size(self.trainer, self.batch_size)
            self._evaluated = {split: read(split, prepared.rows[split][:most]) for split in whole}
        return whole

    def train(self, interrupts: Interrupts) -> Outcome:
        """Run the loop from the start or from the latest checkpoint."""
        work, trainer = self.work, self.trainer
        threads = self._threads()
        precision = choose_precision(self.device) if trainer["use_mixed_precision"] else Precision()
        training = self.batches["training"]
        settings = settings_of(
            replace(self.plan, trainer=trainer), work.components,
            steps=steps_of(trainer, training.steps(self.batch_size)), batch_size=self.batch_size, rows=work.rows,
            precision=precision,
        )  # fmt: skip
        optimizer = self._optimizer(self.network)
        if hasattr(optimizer, "minimize"):
            settings = settings_of_looks(settings, work.emit)
        if settings.decides is None:
            tell_blind(work)
        work.ledger.update(
            decides=decides_json(settings.decides or decides_of(self.plan, work.components)),
            threads=threads,
            device=str(self.device),
            device_name=device_name(self.device),
            optimizer=optimizer.implementation,
            batch_size=self.batch_size,
            deterministic=trainer["deterministic"],
            determinism=describe_determinism(),
        )
        if (interrupted := self._pretrain(training, precision, interrupts)) is not None:
            return interrupted
        traces = work.folder.path / TRACES
        on_gpu = self.device.type == "cuda"
        with interrupts.polled(), profiled(profiling_of(trainer), traces, work.emit, on_gpu=on_gpu) as stepped:
            hooks = Hooks(
                evaluate=lambda split: self.evaluator.scores(self._evaluated[split]),
                emit=work.emit,
                stop=lambda: interrupts.requested,
                stepped=stepped,
            )
            return train(
                self.model, training, optimizer, settings, hooks, folder=work.folder.checkpoints,
                resume=work.request.resume,
            )  # fmt: skip

    def _pretrain(self, training: Batches, precision: Precision, interrupts: Interrupts) -> Outcome | None:
        """Align the encoders, where that is asked for; returns the outcome where it was interrupted."""
        alignment = alignment_of(self.work, self.network, self.trainer)
        if alignment is None:
            return None
        alignment = alignment.to(self.device)
        trainer = trainer_of_alignment(self.trainer)
        settings = settings_of(
            replace(self.plan, trainer=trainer), self.work.components,
            steps=steps_of(trainer, training.steps(self.batch_size)), batch_size=self.batch_size, rows=self.work.rows,
            precision=precision,
        )  # fmt: skip
        optimizer = self._optimizer(alignment)
        with interrupts.polled():
            outcome = align(self.work, alignment, training, optimizer, settings, lambda: interrupts.requested)
        return outcome if outcome.reason == "interrupted" else None

    def _spill(self) -> Spill | None:
        limit = most_bytes(self.plan)
        if limit is None or not self.work.prepared.table.is_large:
            return None
        return Spill(limit, Path(self.work.request.cache) / "rows")

    def _threads(self) -> int:
        """Return the CPU threads to train with: as asked, else as measured on a few throwaway steps."""
        work = self.work
        asked = work.threads
        if isinstance(asked, int):
            set_threads(asked)
            return asked
        hardware: Mapping[str, Any] = work.ledger.values["hardware"]
        cores = int(hardware["cores"])
        if self.device.type != "cpu" or cores == 1:
            set_threads(1)
            return 1
        key = content_hash([self.plan.identity, work.prepared.key, hardware["processor"], cores])
        # Measured once for a plan and remembered: another count may mean other bits.
        entry = Cache(Path(work.request.cache)).get_or_put(
            "threads", key, lambda _folder: {"threads": self._measured(cores)}
        )
        set_threads(entry.facts["threads"])
        return entry.facts["threads"]

    def _measured(self, cores: int) -> int:
        first = next(iter(self.batches["training"].epoch(self.batch_size, seed=0)))
        return choose_threads(trial_step(self.model, first), [1, min(cores, 8)])

    def _optimizer(self, module: Network | Alignment) -> Optimizer:
        options = dict(self.plan.trainer["optimizer"])
        component = self.work.components.get("optimizer", options.pop("type"))
        assert component.build is not None
        weights = [each for each in module.parameters() if each.requires_grad]
        if component.facts.get("hidden"):
            options["hidden"] = hidden_weights(self.network, weights)
        return component.build(weights, **options)

    def save(self) -> str:
        """Write the model into the run's folder and return the SHA-256 of its weights."""
        return save_model(self.work, self.network)

    def summary(self, outcome: Outcome) -> str:
        """Return one sentence about a training that came to its end."""
        kept = f"; the weights of epoch {outcome.best_epoch} were kept" if outcome.best_epoch is not None else ""
        why = {"early_stop": "stopped early", "train_steps": "all steps taken"}.get(outcome.reason, "all epochs done")
        return f"Finished after epoch {outcome.epoch} ({why}){kept}."


def _on(loss: Any, device: Any) -> Any:
    return loss.to(device) if hasattr(loss, "to") else loss
