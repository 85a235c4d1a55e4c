"""One training at work: what is known once the data are prepared, and what a model type does with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from declml.contracts import Batches, Decides, Emit, Facts, Model
from declml.model.groups import Group
from declml.run.components import Components
from declml.run.evaluating import Evaluator
from declml.run.folder import RunFolder
from declml.run.interrupts import Interrupts
from declml.run.ledger import Ledger
from declml.run.prepare import Prepared
from declml.run.request import Request
from declml.training.settings import Outcome
from declml_schema.plan import Plan


@dataclass(frozen=True, slots=True)
class Work:
    """A training whose data are prepared.

    ``facts`` are those of each feature by its name; what the trained model teaches, such as a temperature, is added.
    """

    request: Request
    folder: RunFolder
    ledger: Ledger
    emit: Emit
    plan: Plan
    components: Components
    prepared: Prepared
    facts: dict[str, Facts]

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each split."""
        return {side: len(rows) for side, rows in self.prepared.rows.items()}

    @property
    def threads(self) -> Any:
        """The CPU threads that are asked for: those of a run that is reproduced or resumed, else the config's."""
        return self.request.threads or self.ledger.values.get("threads") or self.plan.trainer["threads"]

    def evaluator(self, model: Model, *, batch_size: int) -> Evaluator:
        """Return what evaluates ``model`` on this plan's outputs."""
        operations = {each.name: each.operation for each in self.prepared.outputs}
        return Evaluator(self.plan, self.facts, operations, self.components, model, batch_size=batch_size)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a model is, for `declml plan`; ``sentence`` tells it to a person, ``on_top`` what else takes memory."""

    trainable: int
    frozen: int
    training_bytes: int
    widths: Mapping[str, int]
    sentence: str
    on_top: str = ""


class Design(Protocol):
    """Everything that a model is built from; ``groups`` tell how the batches must come."""

    @property
    def groups(self) -> Sequence[Group]:
        """The groups of a batch."""
        ...

    def build(self, seed: int) -> Any:
        """Return the model as a module, untrained."""
        ...


class Making(Protocol):
    """The making of one model, stage by stage; one for each model type.

    After `build` there are ``batches`` by split, and after `train` an ``evaluator`` of the trained model.
    """

    batches: Mapping[str, Batches]
    evaluator: Evaluator

    def build(self) -> Mapping[str, Any]:
        """Build the model and the batches, and return the facts of the stage."""
        ...

    def train(self, interrupts: Interrupts) -> Outcome:
        """Train from the start or from the latest checkpoint."""
        ...

    def save(self) -> str:
        """Write the model into the run's folder and return the SHA-256 of what was learned."""
        ...

    def summary(self, outcome: Outcome) -> str:
        """Return one sentence about a training that came to its end."""
        ...


def evaluated_splits(trainer: Mapping[str, Any], rows: Mapping[str, int]) -> tuple[str, ...]:
    """Return the splits that are evaluated while training: none where nothing is to be, or no row is for it."""
    if trainer["skip_all_evaluation"] or not rows["validation"]:
        return ()
    return ("training", "validation") if trainer["evaluate_training_set"] else ("validation",)


def tell_blind(work: Work) -> None:
    """Tell that nothing is evaluated while training."""
    work.emit(
        "log",
        level="warning",
        message="Nothing is evaluated while training, so nothing ends it early: the last weights are kept.",
    )


def decides_json(decides: Decides) -> dict[str, str]:
    """Return what picks the best weights, for the record."""
    return {"output": decides.output, "metric": decides.metric, "goal": decides.goal}
