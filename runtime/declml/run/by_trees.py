"""``model_type: gbm``: trees are boosted on the same arrays that a network would read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from declml.contracts import Batches, Model
from declml.run.batches import batches_of
from declml.run.evaluating import Evaluator
from declml.run.forest import ForestDesign, boosting_settings, forest_design
from declml.run.interrupts import Interrupts
from declml.run.network import losses_of
from declml.run.saved import save_model
from declml.run.settings import decides_of
from declml.run.work import Work, decides_json, tell_blind
from declml.training.settings import Hooks, Outcome
from declml.training.threads import set_threads
from declml.trees.boosting import boost
from declml.trees.forest import Forest
from declml.trees.library import lightgbm
from declml.trees.rows import FollowedRows, SaidAlready

_MOST_THREADS = 8


class ByTrees:
    """The making of a forest: `declml.run.work.Making`."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.plan = work.plan

    def build(self) -> Mapping[str, Any]:
        """Make the forest, still without trees, and the batches of every split."""
        work = self.work
        lightgbm()  # where it is missing, no row need be put into a batch
        cores = int(work.ledger.values["hardware"]["cores"])
        self.threads: int = work.threads if isinstance(work.threads, int) else min(cores, _MOST_THREADS)
        set_threads(self.threads)
        self.design: ForestDesign = forest_design(self.plan, work.facts, work.components)
        self.forest: Forest = self.design.build(self.plan.trainer["seed"])
        self.losses = losses_of(self.plan, work.facts, work.components)
        self.batches: Mapping[str, Batches] = self._batches()
        self.evaluator: Evaluator = self._evaluator(self.forest)
        return {"columns": self.forest.width, "groups": len(self.design.groups)}

    def _batches(self) -> dict[str, Batches]:
        prepared = self.work.prepared
        encoded = {name: each.encoded.encoded for name, each in prepared.features.items()}
        targets = {each.name: each.encoded.encoded for each in prepared.outputs}
        return {
            split: batches_of(self.design.groups, encoded, targets, rows, device="cpu")
            for split, rows in prepared.rows.items()
            if len(rows)
        }

    def _evaluator(self, module: Any) -> Evaluator:
        size = self.plan.trainer["eval_batch_size"]
        rows = max(len(each) for each in self.work.prepared.rows.values())
        return self.work.evaluator(Model(module, self.losses), batch_size=size if isinstance(size, int) else rows)

    def train(self, interrupts: Interrupts) -> Outcome:
        """Grow the trees from the start or from the latest checkpoint."""
        work = self.work
        settings = boosting_settings(
            self.plan, work.facts, work.components, rows=work.rows, threads=self.threads
        )  # fmt: skip
        if settings.decides is None:
            tell_blind(work)
        work.ledger.update(
            decides=decides_json(settings.decides or decides_of(self.plan, work.components)),
            threads=self.threads,
            device="cpu",
            device_name=work.ledger.values["hardware"]["processor"],
            optimizer=f"lightgbm {settings.parameters['boosting']}",
            batch_size=work.rows["training"],
            deterministic=self.plan.trainer["deterministic"],
            determinism={"lightgbm": lightgbm().__version__},
        )
        followed = {
            split: FollowedRows(self.forest, self.batches[split])
            for split in dict.fromkeys(("training", *settings.splits))
        }
        said = self._evaluator(SaidAlready(self.forest.output))
        hooks = Hooks(
            evaluate=lambda split: said.scores(followed[split]),
            emit=work.emit,
            stop=lambda: interrupts.requested,
        )
        with interrupts.polled():
            return boost(
                self.forest, followed, settings, hooks, folder=work.folder.checkpoints, resume=work.request.resume
            )

    def save(self) -> str:
        """Write the model into the run's folder and return the SHA-256 of its trees."""
        return save_model(self.work, self.forest)

    def summary(self, outcome: Outcome) -> str:
        """Return one sentence about a training that came to its end."""
        kept = f"; the trees of the first {outcome.best_epoch:,} were kept" if outcome.best_epoch is not None else ""
        why = "stopped early" if outcome.reason == "early_stop" else "all rounds done"
        return f"Finished after round {outcome.epoch:,} ({why}){kept}."
