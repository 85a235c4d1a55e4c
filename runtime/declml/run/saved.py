"""The trained model as files: weights, plan, fitted preprocessing, tokenizers and plug-ins, enough to predict
anywhere.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from declml import __version__
from declml.contracts import Facts, Model, OutputOperation
from declml.data.fit import Fitting
from declml.data.transform import Transform
from declml.errors import UserProblem
from declml.model.groups import Group
from declml.pretrained import TOKENIZER_FILES, locate_pretrained
from declml.run.components import Components
from declml.run.designs import MODEL_FORMAT, MODEL_TYPES, model_type_of
from declml.run.files import file_hash, write_json
from declml.run.network import losses_of
from declml.run.older_plans import completed
from declml.run.prepare import preprocessing_of
from declml.run.work import Work
from declml.runs.folder import Run
from declml.trust import is_trusted, untrusted_problem
from declml_schema.plan import InputFeature, OutputFeature, Plan

DESCRIPTION = "model.json"
_PRETRAINED = "pretrained_model_name_or_path"


def save_model(work: Work, module: Any) -> str:
    """Write the trained ``module`` into the run's folder and return the SHA-256 of what it learned."""
    folder, plan, plugins = work.folder, work.plan, work.request.plugins
    folder.model.mkdir(exist_ok=True)
    facts: dict[str, dict[str, Any]] = {name: dict(each) for name, each in work.facts.items()}
    for name, extra in module.extra_facts().items():
        facts[name].update(extra)
    for kept_at, feature in _with_places(plan):
        if feature.preprocessing.get("tokenizer") == "hf_tokenizer":
            _keep_tokenizer(feature, folder.model / "tokenizers" / kept_at)
    kept = _kept_names(plugins)
    for file, name in zip(plugins, kept, strict=True):
        (folder.model / "code").mkdir(exist_ok=True)
        shutil.copy2(file, folder.model / "code" / name)
    write_json(
        folder.model / DESCRIPTION,
        {
            "format": MODEL_FORMAT,
            "declml": __version__,
            "plan": plan.as_json(),
            "facts": facts,
            "types": work.prepared.table.types(),
            "plugins": kept,
        },
    )
    kind = model_type_of(plan)
    kind.write(module, folder.model / kind.learned)
    return file_hash(folder.model / kind.learned)


def _kept_names(plugins: Sequence[str]) -> list[str]:
    """Return the names of the copies: those of the files, with a number before them where two are called alike."""
    names = [Path(each).name for each in plugins]
    if len(set(names)) == len(names):
        return names
    return [f"{place}-{name}" for place, name in enumerate(names)]


def kept_plugins(run: Run) -> tuple[Path, ...]:
    """Return the copies of the plug-ins in a run's model, in the order of the config."""
    path = run.model / DESCRIPTION
    names = json.loads(path.read_text())["plugins"] if path.exists() else []
    return tuple(run.model / "code" / name for name in names)


def _with_places(plan: Plan) -> Iterator[tuple[str, InputFeature | OutputFeature]]:
    """Yield each feature with the name of its tokenizer's folder: by place, as its own may hold slashes and dots."""
    yield from ((str(place), each) for place, each in enumerate(plan.inputs))
    yield from ((f"output-{place}", each) for place, each in enumerate(plan.outputs))


def _keep_tokenizer(feature: InputFeature | OutputFeature, target: Path) -> None:
    source = locate_pretrained(feature.preprocessing[_PRETRAINED])
    target.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        if (source / name).exists():
            shutil.copy2(source / name, target / name)


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A model read back: ready to encode rows and answer them. ``types`` are those of the columns it was trained on."""

    plan: Plan
    facts: dict[str, Facts]
    components: Components
    groups: Sequence[Group]
    model: Model
    transforms: dict[str, Transform]
    types: Mapping[str, str]

    @property
    def operations(self) -> dict[str, OutputOperation]:
        """The operation of each output."""
        names = [output.name for output in self.plan.outputs]
        return {name: self.transforms[name].fitting.operation for name in names}  # pyright: ignore[reportReturnType] - outputs only


def load_model(run: Run) -> SavedModel:
    """Return the model of a run. A run that has none, or one of a newer version, is a `UserProblem`."""
    path = run.model / DESCRIPTION
    saved: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    # What was learned is written last.
    if not saved or (saved["format"] <= MODEL_FORMAT and not _learned(run, saved).exists()):
        raise UserProblem(
            "no-model", f"Run {run.id} must have a trained model; got none: it is {run.status}.",
            hint="It has one when it ends." if run.status == "running" else
            f"Go on with it: declml train CONFIG --resume {run.id}",
        )  # fmt: skip
    if saved["format"] > MODEL_FORMAT:
        raise UserProblem(
            "newer-version",
            f"The model of run {run.id} must be of format {MODEL_FORMAT} or older; got {saved['format']}.",
            hint=f"It was written by declml {saved['declml']}: install that version or a newer one.",
        )  # fmt: skip
    plan = _with_own_tokenizers(Plan.from_json(saved["plan"]), run.model / "tokenizers")
    facts: dict[str, Facts] = saved["facts"]
    plugins = kept_plugins(run)
    for each in plugins:
        if each.is_file() and not is_trusted(each):
            raise untrusted_problem(each)
    components = Components(plugins)
    plan = completed(plan, components.words)
    kind = model_type_of(plan)
    design = kind.design(plan, facts, components)
    module = design.build(plan.trainer["seed"])
    kind.read(module, run.model / kind.learned)
    module.eval()
    transforms: dict[str, Transform] = {}
    for feature in (*plan.inputs, *plan.outputs):
        role = "input" if isinstance(feature, InputFeature) else "output"
        operation = components.build(role, feature.type)()
        fitting = Fitting(f"{role}.{feature.type}", operation, preprocessing_of(plan, feature, components))
        transforms[feature.name] = Transform(feature.name, feature.column, fitting, facts[feature.name])
    model = Model(module, losses_of(plan, facts, components))
    return SavedModel(plan, facts, components, design.groups, model, transforms, saved.get("types", {}))


def _learned(run: Run, saved: Mapping[str, Any]) -> Path:
    return run.model / MODEL_TYPES[saved["plan"]["model_type"]].learned


def _with_own_tokenizers(plan: Plan, folder: Path) -> Plan:
    """Return the plan with tokenizers read from the model's own folder, where it has them."""
    features: list[InputFeature | OutputFeature] = []
    for kept_at, feature in _with_places(plan):
        own = folder / kept_at
        if own.is_dir():
            feature = replace(feature, preprocessing={**feature.preprocessing, _PRETRAINED: str(own)})
        features.append(feature)
    inputs = tuple(each for each in features if isinstance(each, InputFeature))
    return replace(plan, inputs=inputs, outputs=tuple(each for each in features if isinstance(each, OutputFeature)))
