"""The pretraining that ``contrastive_pretrain_epochs`` asks for: the encoders alone, before the model is trained.

It is a training of its own by the same loop, with checkpoints of its own: it can be killed and goes on bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from declml.contracts import Batches, Model, Optimizer
from declml.errors import UserProblem
from declml.model.alignment import OUTPUT, Alignment, Unanswered, contrast
from declml.model.assemble import Network
from declml.run.settings import settings_of_looks
from declml.run.work import Work
from declml.seeds import derive_seed
from declml.training.checkpoints import LATEST
from declml.training.loop import train
from declml.training.settings import Hooks, Outcome, Settings

_FOLDER = "pretraining"  # inside the folder of checkpoints
_STAGE = "pretraining"


def asks_to_align(trainer: Mapping[str, Any]) -> bool:
    """Return whether a plan's trainer asks for the pretraining."""
    return bool(trainer["contrastive_pretrain_epochs"])


def check_alignable(network: Network) -> None:
    """Refuse the pretraining of a network that has nothing to align, or nothing that could learn from it."""
    path = "trainer.contrastive_pretrain_epochs"
    if len(network.slices) < 2:
        raise UserProblem(
            "nothing-to-align",
            f"contrastive_pretrain_epochs must have two input features to align; got {len(network.slices)}.",
            path=path,
            hint="Add an input feature, or leave it out.",
        )
    if not any(each.requires_grad for each in network.encoders.parameters()):
        raise UserProblem(
            "nothing-to-align",
            "contrastive_pretrain_epochs must have an encoder that learns; got none with weights to train.",
            path=path,
            hint="Give an input an encoder with weights, such as dense for a number, or leave it out.",
        )


def alignment_of(work: Work, network: Network, trainer: Mapping[str, Any]) -> Alignment | None:
    """Return what the pretraining trains; None where none is asked for, or where a resumed run is beyond it."""
    beyond = work.request.resume and (work.folder.checkpoints / LATEST).exists()
    if beyond or not asks_to_align(trainer):
        return None
    return Alignment(
        network,
        width=trainer["contrastive_pretrain_projection_dim"],
        temperature=trainer["contrastive_pretrain_temperature"],
        learnable=trainer["contrastive_pretrain_learnable_temperature"],
        seed=trainer["seed"],
    )


def trainer_of_alignment(trainer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the trainer of the pretraining: as that of the training, but for what needs evaluations."""
    scheduler = trainer["learning_rate_scheduler"]
    return {
        **trainer,
        **_WITHOUT,
        "epochs": trainer["contrastive_pretrain_epochs"],
        "seed": derive_seed(trainer["seed"], OUTPUT),
        "learning_rate_scheduler": scheduler and {**scheduler, "reduce_on_plateau": 0},
    }


def align(
    work: Work,
    alignment: Alignment,
    batches: Batches,
    optimizer: Optimizer,
    settings: Settings,
    stop: Callable[[], bool],
) -> Outcome:
    """Pretrain; a resumed run goes on with it. Told as a stage: its numbers are not the training's."""
    began = time.monotonic()
    epochs = settings.steps.epochs
    losses: list[float] = []

    def tell(kind: str, **fields: Any) -> None:
        if kind == "metrics":
            losses.append(fields["values"][OUTPUT]["loss"])
            message = (
                f"Pretraining, epoch {fields['epoch']} of {epochs}: contrastive loss {losses[-1]:.4g}, "
                f"temperature {alignment.temperature():.3g}."
            )
            work.emit("stage_progress", stage=_STAGE, done=fields["epoch"], total=epochs)
            work.emit("log", level="info", message=message)
        elif kind == "log":
            work.emit(kind, **fields)

    if hasattr(optimizer, "minimize"):
        settings = settings_of_looks(settings, _silence)
    work.emit("stage_started", stage=_STAGE, label="Aligning the encoders")
    outcome = train(
        Model(alignment, {OUTPUT: (contrast, 1.0)}),
        Unanswered(batches),
        optimizer,
        settings,
        Hooks(evaluate=_never, emit=tell, stop=stop),
        folder=work.folder.checkpoints / _FOLDER,
        resume=work.request.resume,
    )
    work.emit(
        "stage_finished",
        stage=_STAGE,
        cached=False,
        reason=outcome.reason,
        seconds=round(time.monotonic() - began, 3),
        facts={"steps": outcome.step, "epochs": outcome.epoch, "losses": losses},
    )
    return outcome


_WITHOUT: Mapping[str, Any] = {
    "train_steps": None,
    "checkpoints_per_epoch": 0,
    "steps_per_checkpoint": 0,
    "epochs_per_checkpoint": 1,
    "skip_all_evaluation": True,
    "loss_balancing": "none",
    "model_soup": None,
    "increase_batch_size_on_plateau": 0,
    "compile": False,
}
"""What of a trainer has nothing to do with a training that is never evaluated."""


def _silence(_kind: str, **_fields: Any) -> None:
    """Say nothing of what the training itself says too."""


def _never(_split: str) -> Any:
    raise AssertionError("a pretraining has nothing to evaluate")


def leftover_pretraining(folder: Path) -> list[Path]:
    """Return the files in a folder of checkpoints that a finished run needs no more."""
    return sorted((folder / _FOLDER).glob("*.safetensors"))
