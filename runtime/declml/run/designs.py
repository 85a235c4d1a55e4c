"""What a model type is made of and where what it learned is kept: the one table of all that loads or plans a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.contracts import Facts
from declml.run.automatic import sized
from declml.run.components import Components
from declml.run.files import write_text
from declml.run.forest import ForestDesign, forest_design, forest_size
from declml.run.network import Blueprint, blueprint
from declml.run.prepare import Prepared
from declml.run.work import Design, Size
from declml.training.checkpoints import all_weights, latest_step, put_weights
from declml.training.tensor_file import read_tensors, write_tensors
from declml.trees.checkpoint import latest_round
from declml.trees.forest import Forest
from declml_schema.plan import Plan

MODEL_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ModelType:
    """One value of `model_type`.

    ``learned`` names the file of what was learned in a model's folder, ``write`` and ``read`` bring it from and to a
    module; ``latest`` tells how many steps a folder of checkpoints holds, ``size`` how large the model will be.
    """

    learned: str
    design: Callable[[Plan, Mapping[str, Facts], Components], Design]
    write: Callable[[Any, Path], None]
    read: Callable[[Any, Path], None]
    latest: Callable[[Path], int | None]
    size: Callable[[Plan, Prepared, Components], Size]


def model_type_of(plan: Plan) -> ModelType:
    """Return the model type of a plan."""
    return MODEL_TYPES[plan.model_type]


def _write_network(network: Any, path: Path) -> None:
    write_tensors(path, all_weights(network), {"format": MODEL_FORMAT})


def _read_network(network: Any, path: Path) -> None:
    put_weights(network, read_tensors(path).tensors)


def _network_size(plan: Plan, prepared: Prepared, components: Components) -> Size:
    fitting = sized(plan, components, len(prepared.rows["training"]))
    design: Blueprint = blueprint(fitting, _facts(prepared), components)
    described = design.describe()
    frozen = f" and {described.frozen:,} frozen" if described.frozen else ""
    sentence = f"{described.trainable:,} trainable{frozen} parameters"
    return Size(
        described.trainable,
        described.frozen,
        described.training_bytes,
        described.widths,
        sentence,
        " (activations come on top)",
    )


def _forest_size(plan: Plan, prepared: Prepared, components: Components) -> Size:
    design: ForestDesign = forest_design(plan, _facts(prepared), components)
    return forest_size(plan, design, len(prepared.rows["training"]))


def _facts(prepared: Prepared) -> dict[str, Facts]:
    return {name: each.facts for name, each in prepared.features.items()}


def _write_forest(forest: Forest, path: Path) -> None:
    write_text(path, forest.text)


def _read_forest(forest: Forest, path: Path) -> None:
    forest.put(path.read_text(encoding="utf-8"))


MODEL_TYPES: Mapping[str, ModelType] = {
    "ecd": ModelType("weights.safetensors", blueprint, _write_network, _read_network, latest_step, _network_size),
    "gbm": ModelType("trees.txt", forest_design, _write_forest, _read_forest, latest_round, _forest_size),
}
"""Every model type, by its name in a config."""
