"""The shapes and sizes of a config's model for an editor: known without training, and without data where possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from declml.contracts import Facts
from declml.errors import ConfigProblems, UserProblem
from declml.model.figures import Figures, combiner_figures, decoder_figures, encoder_figures, optimizer_share
from declml.model.groups import Group
from declml.pretrained import relative_to
from declml.run.automatic import automatic, sized
from declml.run.components import Components
from declml.run.config import Config, checked
from declml.run.identity import plugin_source
from declml.run.learned import Learned, Scratch, learn
from declml.run.network import Blueprint, blueprint
from declml.run.prepare import encoder_owner
from declml.run.record import plugin_hashes
from declml.run.settings import decides_of, evaluation_batch_size, steps_of
from declml.run.tree_facts import tree_facts
from declml.runs.places import cache_root
from declml.training.device import pick_device
from declml_schema.check_model_type import TREES
from declml_schema.plan import Plan

_FEW, _MANY = 1, 10_007
"""Two sizes of a vocabulary that nobody knows: what is the same for both does not depend on it."""
_MANY_ROWS = 1_000_003
"""Beside `_FEW` rows of a table that nobody has read."""

Json = dict[str, Any]


@dataclass(slots=True)
class ModelFacts:
    """Tells the facts of one config after another; ``scratch`` is a folder for what it reads."""

    scratch: Path
    _scratch: Scratch = field(init=False)
    _components: tuple[Mapping[str, str], Components] | None = None

    def __post_init__(self) -> None:
        self._scratch = Scratch(self.scratch)

    def of(self, folder: Path, text: str, file: str) -> Json:
        """Return the facts of the config ``text``, whose paths start from ``folder``, as JSON data.

        ``file`` is its name in messages. A config with errors is `ConfigProblems`.
        """
        config = Config(text, file, folder / Path(file).name)
        result = checked(config)
        if result.plan is None:
            raise ConfigProblems(result.problems, source=text, file=file)
        plan = result.plan
        plugins = [folder / each for each in plan.code]
        hashes = plugin_hashes(plan.code, plugins)
        components = self._loaded(plugins, hashes)
        cache = cache_root(start=config.start)
        with relative_to(folder):
            learned = learn(
                plan, components, folder=folder, cache=cache, scratch=self._scratch,
                plugin_source=plugin_source(list(hashes.values())),
            )  # fmt: skip
            return _facts(plan, learned, components)

    def _loaded(self, plugins: Sequence[Path], hashes: Mapping[str, str]) -> Components:
        """Return the components with those of the plug-ins, which are run again only when they changed."""
        mark = {str(path): digest for path, digest in zip(plugins, hashes.values(), strict=True)}
        if self._components is None or self._components[0] != mark:
            self._components = mark, Components(plugins)
        return self._components[1]


def _facts(plan: Plan, learned: Learned, components: Components) -> Json:
    """Return all facts: those of a network with the smallest and with the largest vocabularies, where they agree."""
    if plan.model_type == TREES:
        return tree_facts(plan, learned, components)
    training = None if learned.rows is None else learned.rows["training"]
    small = sized(plan, components, training or _FEW)
    large = sized(plan, components, training or _MANY_ROWS)
    parts = _Parts(small, _filled(plan, learned, _FEW), learned.unknown, components).as_json()
    if learned.unknown or small != large:
        many = _Parts(large, _filled(plan, learned, _MANY), learned.unknown, components).as_json()
        parts = _agreed(parts, many)
    unknown = {f"{_role(plan, name)}.{name}": reason for name, reason in learned.unknown.items()}
    if learned.rows is None:
        unknown["rows"] = learned.no_rows
    return {
        **parts,
        **_totals(plan, parts, components),
        "rows": None if learned.rows is None else dict(learned.rows),
        **_resolved(plan, learned, components),
        "unknown": unknown,
        "problems": [*(parts["problems"] or []), *(each.as_json() for each in learned.problems)],
    }


def _role(plan: Plan, name: str) -> str:
    return "inputs" if any(each.name == name for each in plan.inputs) else "outputs"


def _filled(plan: Plan, learned: Learned, size: int) -> dict[str, Facts]:
    """Return the facts of every feature, stand-ins with ``size`` words or classes where they are unknown."""
    names = range(size)
    stand_in: Facts = {"vocabulary": names, "counts": names, "classes": names, "vocabulary_size": size, "pad": 0}
    of_vectors: Facts = {**stand_in, "vector_size": size}
    return {
        each.name: learned.facts.get(each.name, of_vectors if each.type == "vector" else stand_in)
        for each in (*plan.inputs, *plan.outputs)
    }


def _agreed(left: Any, right: Any) -> Any:
    """Return what two JSON values have in common: None wherever they differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        return {key: _agreed(left[key], right[key]) for key in left if key in right}
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [_agreed(one, other) for one, other in zip(left, right, strict=True)]
    return left if left == right else None


# --- the parts of one network ----------------------------------------------------------------------------------------


class _Parts:
    """The parts of the network that a plan and facts make, each built by itself: one that fails spoils no other."""

    def __init__(
        self, plan: Plan, facts: Mapping[str, Facts], unknown: Mapping[str, str], components: Components
    ) -> None:
        self._plan = plan
        self._facts = facts
        self._unknown = unknown
        self._blueprint: Blueprint = blueprint(plan, facts, components)
        self._problems: list[Json] = []

    def as_json(self) -> Json:
        """Return the parts as JSON data; a shape or number that is not known is None."""
        inputs, groups, widths = self._inputs()
        known = [each for each in widths if each is not None]
        combined = self._built(
            "combiner", (), lambda: combiner_figures(self._blueprint.combiner, known), ready=len(known) == len(widths)
        )
        return {
            "inputs": inputs,
            "groups": groups,
            "combiner": {
                "type": self._plan.combiner.type,
                "input": ["batch", sum(map(sum, known))] if len(known) == len(widths) else None,
                **_part(combined),
            },
            "outputs": {each.name: self._output(each.name, each.decoder.type, combined) for each in self._plan.outputs},
            "problems": self._problems,
        }

    def _inputs(self) -> tuple[Json, list[Json], list[Sequence[int] | None]]:
        inputs: dict[str, Json] = {}
        groups: list[Json] = []
        widths: list[Sequence[int] | None] = []
        for index, own in enumerate(self._blueprint.groups):
            group = self._with_encoder(own)
            names = tuple(member.name for member in group.members)
            whole = self._built(
                f"input_features[{names[0]}].encoder", names, lambda group=group: encoder_figures(group)
            )
            for member in group.members:
                alone = replace(group, members=(member,))
                figures = whole if len(names) == 1 else self._alone(alone, whole)
                inputs[member.name] = {
                    "encoder": group.encoder,
                    "group": index,
                    "tied": group.tied,
                    "vocabulary": _vocabulary(member.facts),
                    **_part(figures),
                }
            groups.append(
                {"type": group.type, "encoder": group.encoder, "features": list(names), "tied": group.tied}
                | _part(whole)
            )
            widths.append(whole.widths if whole else None)
        return {each.name: inputs[each.name] for each in self._plan.inputs}, groups, widths

    def _with_encoder(self, group: Group) -> Group:
        """Return a group with the encoder that it really uses: where it is tied, whatever its own would be."""
        if group.tied is None:
            return group
        feature = next(each for each in self._plan.inputs if each.name == group.members[0].name)
        name = encoder_owner(self._plan, feature)
        owner = next(each for each in self._blueprint.groups if each.members[0].name == name)
        return replace(group, encoder=owner.encoder, build=owner.build, parameters=owner.parameters)

    def _alone(self, group: Group, whole: Figures | None) -> Figures | None:
        """Return one member's share of a group: what its encoder would be if it stood alone."""
        if whole is None:
            return None
        return self._built(f"input_features[{group.members[0].name}].encoder", (), lambda: encoder_figures(group))

    def _output(self, name: str, decoder: str, combined: Figures | None) -> Json:
        def build() -> Figures:
            assert combined is not None
            seen = [self._answer_width(each) for each in self._blueprint.decoders[name].dependencies]
            width = int(combined.output[0]) + sum(seen)
            return decoder_figures(self._blueprint.decoders[name], width, combined.submodels)

        figures = self._built(f"output_features[{name}].decoder", (name,), build, ready=combined is not None)
        classes = self._facts[name].get("classes")
        return {"decoder": decoder, "classes": None if classes is None else len(classes), **_part(figures)}

    def _answer_width(self, name: str) -> int:
        """Return how many numbers an output answers for a row, whatever stands before its decoder."""
        return prod(int(each) for each in decoder_figures(self._blueprint.decoders[name], 1).output)

    def _built(
        self, path: str, features: Sequence[str], build: Callable[[], Figures], *, ready: bool = True
    ) -> Figures | None:
        """Return the figures of one part, or None with a problem at ``path``, unless unknown facts explain it."""
        if not ready:
            return None
        try:
            return build()
        except UserProblem as error:
            problem = {"code": error.code, "message": error.message, "path": error.path or path, "hint": error.hint}
        except Exception as error:  # noqa: BLE001 - a plug-in's own code, which may raise anything
            message = f"The part at {path} must be buildable; got {type(error).__name__}: {error}."
            problem = {"code": "broken-component", "message": message, "path": path, "hint": ""}
        if not any(name in self._unknown for name in features):
            self._problems.append({**problem, "severity": "error"})
        return None


def _part(figures: Figures | None) -> Json:
    if figures is None:
        return {"output": None, "parameters": None, "bytes": None}
    return {
        "output": ["batch", *figures.output],
        "parameters": {"trainable": figures.trainable, "frozen": figures.frozen},
        "bytes": {"weights": figures.weights_bytes, "gradients": figures.trainable_bytes},
    }


def _vocabulary(facts: Facts) -> int | None:
    words = facts.get("vocabulary")
    return len(words) if words is not None else facts.get("vocabulary_size")


# --- all parts together ----------------------------------------------------------------------------------------------


def _totals(plan: Plan, parts: Json, components: Components) -> Json:
    """Return the weights of the whole network and the bytes of a training; None where a part is not known."""
    own = [each for each in parts["groups"] or [None] if each is None or each["tied"] is None]
    everything = [*own, parts["combiner"], *parts["outputs"].values()]
    parameters, sizes = _sum(everything, "parameters"), _sum(everything, "bytes")
    single = [each for each in parts["inputs"].values() if each["tied"] is None]
    # Members of a group may share weights: where the whole is known, their shares do not count.
    known = parameters or _sum([each for each in (*single, *everything[len(own) :]) if _is_known(each)], "parameters")
    memory = None
    if sizes is not None:
        options = dict(plan.trainer["optimizer"])
        try:
            share = optimizer_share(components.build("optimizer", options.pop("type")), options)
        except UserProblem:
            return {"parameters": parameters, "known_parameters": sum((known or {}).values()), "memory_bytes": None}
        kept = round(share * sizes["gradients"])
        memory = {**sizes, "optimizer": kept, "total": sizes["weights"] + sizes["gradients"] + kept}
    return {"parameters": parameters, "known_parameters": sum((known or {}).values()), "memory_bytes": memory}


def _is_known(part: Json | None) -> bool:
    return part is not None and part["parameters"] is not None and None not in part["parameters"].values()


def _sum(parts: Sequence[Json | None], name: str) -> dict[str, int] | None:
    total: dict[str, int] = {}
    for part in parts:
        if part is None or part[name] is None or None in part[name].values():
            return None
        for key, value in part[name].items():
            total[key] = total.get(key, 0) + value
    return total


def _resolved(plan: Plan, learned: Learned, components: Components) -> Json:
    """Return what the `auto` values become, by path, and how long an epoch is."""
    trainer = plan.trainer
    decides = decides_of(plan, components)
    resolved: Json = {"trainer.validation_field": decides.output, "trainer.validation_metric": decides.metric}
    try:
        resolved["trainer.device"] = str(pick_device(trainer["device"]))
    except UserProblem:
        resolved["trainer.device"] = None  # not on this machine
    training = None if learned.rows is None else learned.rows["training"]
    few, many = (automatic(plan, components, training or rows) for rows in (_FEW, _MANY_ROWS))
    decided: Json = {name: value if value == many[name] else None for name, value in few.items()}
    resolved |= {f"trainer.{name}": decided[name] for name, value in trainer.items() if value == "auto" and name in few
                 and name not in ("device", "threads")}  # fmt: skip
    small, large = (sized(plan, components, training or rows).combiner.parameters for rows in (_FEW, _MANY_ROWS))
    free = [name for name, value in plan.combiner.parameters.items() if value == "auto" and small[name] != "auto"]
    resolved |= {f"combiner.{name}": small[name] if small[name] == large[name] else None for name in free}
    steps, batch_size = None, decided["batch_size"]
    resolved["trainer.batch_size"] = batch_size
    if batch_size is not None:
        resolved["trainer.eval_batch_size"] = evaluation_batch_size(trainer, batch_size)
        if training:
            counted = steps_of(few, -(-training // batch_size))
            steps = {"per_epoch": counted.per_epoch, "total": counted.total}
    return {"batch_size": batch_size, "steps": steps, "resolved": resolved}
