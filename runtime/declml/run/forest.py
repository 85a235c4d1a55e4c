"""From a plan and the facts of its features to a forest: which columns it reads, and what LightGBM is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from declml.components.losses.class_weights import per_class
from declml.contracts import Facts, Member
from declml.model.groups import Group
from declml.run.asks import asked_by_trees
from declml.run.components import Components, trees
from declml.run.settings import decides_of
from declml.run.work import Size, evaluated_splits
from declml.seeds import derive_seed
from declml.trees.forest import Columns, Forest
from declml.trees.settings import BoostingSettings
from declml_schema.plan import OutputFeature, Plan

_METRICS = {
    "binary": "binary_logloss",
    "multiclass": "multi_logloss",
    "regression": "l2",
    "regression_l1": "l1",
    "huber": "huber",
}
"""What LightGBM calls the loss of each of its objectives."""
_OURS = (
    "num_boost_round", "early_stop", "boosting_rounds_per_checkpoint", "validation_field", "validation_metric",
    "evaluate_training_set", "skip_all_evaluation", "eval_batch_size", "boosting_type", "threads", "verbose", "seed",
    "deterministic",
)  # fmt: skip
"""Keys of the trainer that LightGBM does not know by that name."""
_SEEDS = ("bagging_seed", "feature_fraction_seed", "extra_seed", "drop_seed")
_DRAWS = ("bagging_fraction", "bagging_freq", "pos_bagging_fraction", "neg_bagging_fraction", "bagging_seed")
_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ForestDesign:
    """Everything that a forest is built from: `declml.run.work.Design`."""

    groups: Sequence[Group]
    columns: Sequence[Columns]
    output: str
    classes: int | None

    def build(self, seed: int) -> Forest:
        """Return the forest, without trees yet: the training draws its random numbers from the plan's seed itself."""
        del seed
        return Forest(self.columns, output=self.output, classes=self.classes)


def forest_design(plan: Plan, facts: Mapping[str, Facts], components: Components) -> ForestDesign:
    """Return how the forest of a plan is built: columns in the order of the config, those read alike in one group."""
    alike: dict[tuple[str, bool], list[int]] = {}
    for place, feature in enumerate(plan.inputs):
        alike.setdefault((feature.type, bool(asked_by_trees(feature, components))), []).append(place)
    groups: list[Group] = []
    columns: list[Columns] = []
    for (feature_type, marked), places in alike.items():
        names = [plan.inputs[place].name for place in places]
        members = tuple(Member(name, facts[name]) for name in names)
        groups.append(Group(feature_type, "none", _no_encoder, {}, members, fused=True))
        columns.append(Columns(tuple(places), marked=marked, categorical=feature_type == "category"))
    output = plan.outputs[0]
    classes = len(facts[output.name]["classes"]) if output.type == "category" else None
    return ForestDesign(groups, columns, output.name, classes)


def _no_encoder() -> NoReturn:
    raise TypeError("trees have no encoders")


def forest_size(plan: Plan, design: ForestDesign, rows: int) -> Size:
    """Return how large a forest may become: LightGBM keeps a byte for each value of the table."""
    trainer = plan.trainer
    count = trainer["num_boost_round"] * (design.classes or 1)
    width = len(plan.inputs)
    sentence = f"at most {count:,} trees of {trainer['num_leaves']:,} leaves over {width:,} columns"
    return Size(0, 0, rows * width * (5 if trainer["max_bin"] <= 255 else 6), {}, sentence)


def boosting_settings(
    plan: Plan, facts: Mapping[str, Facts], components: Components, *, rows: Mapping[str, int], threads: int
) -> BoostingSettings:
    """Return the settings of the boosting; without validation rows all rounds are kept."""
    trainer, output = plan.trainer, plan.outputs[0]
    known = _known_loss(output, components)
    objective: str = known["objective"]
    weights = _weights(output, facts[output.name], known)
    evaluated = evaluated_splits(trainer, rows)
    parameters = {
        **{name: value for name, value in trees(trainer, *_OURS).items() if value is not None},
        **{name: _seed(plan, name) for name in _SEEDS if trainer[name] is None},
        "objective": objective,
        "metric": _METRICS[objective],
        "boosting": trainer["boosting_type"],
        "seed": _seed(plan, "trees"),
        "verbosity": trainer["verbose"],
        "num_threads": threads,
        "deterministic": trainer["deterministic"],
        # Without it LightGBM measures which is faster, and the answer is not always the same.
        "force_row_wise": trainer["deterministic"],
    }
    if trainer["data_sample_strategy"] == "goss":
        # LightGBM refuses both at once; the rules of the config say that these do nothing.
        parameters = trees(parameters, *_DRAWS)
    if output.type == "category":
        parameters["num_class"] = len(facts[output.name]["classes"])
    if objective == "huber":
        parameters["alpha"] = output.loss.parameters["delta"]
    return BoostingSettings(
        parameters=parameters,
        rounds=trainer["num_boost_round"],
        rounds_per_evaluation=trainer["boosting_rounds_per_checkpoint"],
        splits=evaluated,
        decides=decides_of(plan, components) if evaluated else None,
        patience=None if trainer["early_stop"] < 0 else trainer["early_stop"],
        class_weights=weights,
        mean_loss=output.type == "binary",
        squared=output.loss.type.startswith("root_"),
        loss_weight=float(output.loss.parameters.get("weight", 1.0)),
    )


def _known_loss(output: OutputFeature, components: Components) -> Mapping[str, Any]:
    return components.words.section("boosting").facts["losses"][output.type][output.loss.type]


def _weights(output: OutputFeature, facts: Facts, known: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Return what a row of each class weighs, by its id."""
    told: dict[str, Any] = {name: output.loss.parameters.get(name) for name in known.get("parameters", ())}
    positive, weights = told.get("positive_class_weight"), told.get("class_weights")
    if positive is not None:
        return (1.0, float(positive))
    return None if weights is None else tuple(per_class(weights, [str(each) for each in facts["classes"]]))


def _seed(plan: Plan, name: str) -> int:
    """Return a seed of LightGBM's that depends on the plan's alone; each draw has its own."""
    return derive_seed(plan.trainer["seed"], name) % _LARGEST_SEED
