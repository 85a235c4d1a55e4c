"""From the names in a plan to the code that they stand for, built-in or plugged in.

A component's file is imported when a plan names it, never before: a run with numbers only loads no tokenizer.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from declml.errors import UserProblem
from declml_schema.declare import Component, component_key
from declml_schema.vocabulary import Vocabulary, vocabulary

_LOSS = "loss"
"""What every output has beside its metrics."""


class Components:
    """All components that a plan may name: those of the vocabulary and those of its plug-in files."""

    def __init__(self, plugins: Sequence[Path] = (), *, words: Vocabulary | None = None) -> None:
        self._vocabulary = words or vocabulary()
        self._plugged: dict[tuple[str, ...], Component] = {}
        self._files: dict[int, Path] = {}
        for file in plugins:
            for component in plugin_components(load_plugin(file), file.name):
                self._files[id(component)] = file
                for key in component_key(component):
                    self._plugged[key] = component

    @property
    def words(self) -> Vocabulary:
        """The vocabulary, without the words of the plug-ins."""
        return self._vocabulary

    def get(self, kind: str, name: str, feature: str | None = None) -> Component:
        """Return the component of that kind and name, for a feature type where the kind has one."""
        keys = [(kind, feature, name), (kind, name)] if feature else [(kind, name)]
        for key in keys:
            if key in self._plugged:
                return self._plugged[key]
        for key in keys:
            place = self._vocabulary.location(*key)
            if place is not None:
                module, attribute = place
                return getattr(importlib.import_module(module), attribute)
        raise UserProblem("unknown-type", f"{kind} must be a known name; got '{name}'.")

    def file_of(self, component: Component) -> Path | None:
        """Return the plug-in file that a component is from, None for one of declml's own."""
        return self._files.get(id(component))

    def facts_of(self, kind: str, name: str, feature: str | None = None) -> Mapping[str, Any]:
        """Return the facts of a component without importing its file, which may import torch."""
        plugged = self._plugged.get((kind, feature, name)) if feature else None
        word = plugged or self._plugged.get((kind, name)) or self._vocabulary.find(kind, name, feature)
        return word.facts if word is not None else {}

    def goal_of(self, metric: str, feature: str) -> Literal["maximize", "minimize"]:
        """Return which values of a metric are better; one that does not say so can decide nothing."""
        goal = self.facts_of("metric", metric, feature).get("goal")
        if goal is None:
            raise UserProblem(
                "broken-plugin",
                f"A metric that decides must say which values are better; got '{metric}', which does not.",
                path="trainer.validation_metric",
                hint="Declare it with facts={'goal': 'maximize'} or 'minimize'.",
            )
        return goal

    def asked_of(self, encoder: str, feature: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an encoder with these parameters asks of its features' fit and arrays beside their preprocessing.

        Its fact ``asks`` names it, a value ``$name`` standing for the encoder's own parameter.
        """
        asks: Mapping[str, Any] = self.facts_of("encoder", encoder, feature).get("asks", {})
        return {
            name: parameters[value[1:]] if isinstance(value, str) and value.startswith("$") else value
            for name, value in asks.items()
        }

    def asked_by_decoder(self, decoder: str, feature: str) -> dict[str, Any]:
        """Return what a decoder asks of its target's fit and arrays beside the preprocessing: its fact ``asks``."""
        asks: Mapping[str, Any] = self.facts_of("decoder", decoder, feature).get("asks", {})
        return dict(asks)

    def names(self, kind: str, feature: str | None = None) -> list[str]:
        """Return the names of a kind, for a feature type where the kind has one; plug-ins come last."""
        plugged = [key[-1] for key in self._plugged if key[0] == kind and (len(key) == 2 or key[1] == feature)]
        return [*self._vocabulary.names(kind, feature), *sorted(plugged)]

    def build(self, kind: str, name: str, feature: str | None = None) -> Any:
        """Return what the component of that name builds with: a class or a function."""
        component = self.get(kind, name, feature)
        if component.build is None:
            raise TypeError(f"the {kind} {name!r} declares no build")
        return component.build


def load_plugin(file: Path) -> ModuleType:
    """Import a plug-in file afresh, as a module of its own; whatever it raises becomes one sentence with the line."""
    name = f"declml_plugin_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UserProblem(
            "absent-plugin", f"code must name Python files beside the config; got '{file.name}', which is not there."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pydantic look their own module up by name
    try:
        with _no_bytecode():
            spec.loader.exec_module(module)
    except Exception as error:
        line = line_in(error, file)
        where = f" at line {line}" if line else ""
        raise UserProblem(
            "broken-plugin",
            f"The plug-in '{file.name}' must be importable; got {type(error).__name__}{where}: {error}.",
        ) from error
    return module


@contextmanager
def _no_bytecode() -> Generator[None]:
    """Write no ``__pycache__`` beside a config: an editor that only looks at a plug-in leaves nothing behind."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def line_in(error: BaseException, file: Path) -> int | None:
    """Return the last line of ``file`` that an error came through, None where it did not."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def plugin_components(module: ModuleType, file: str) -> list[Component]:
    """Return the components that a plug-in's module holds at its top level, each once.

    One that could not be used is a `UserProblem`, which names the ``file``.
    """
    found: dict[int, Component] = {}
    for attribute, value in vars(module).items():
        if isinstance(value, Component):
            found[id(value)] = value
            _require_usable(value, file)
            if value.kind == "metric":
                _require_own_name(value, file, _line_of(module, attribute))
    return list(found.values())


def _require_usable(component: Component, file: str) -> None:
    subject = f"The {component.kind} '{component.name}' of '{file}'"
    if component.build is None:
        raise UserProblem("broken-plugin", f"{subject} must declare what it builds with, build=...; got none.")
    goal = component.facts.get("goal")
    if component.kind == "metric" and goal not in {None, "maximize", "minimize"}:
        raise UserProblem(
            "broken-plugin",
            f"{subject} must say which values are better, facts={{'goal': 'maximize'}} or 'minimize'; got {goal!r}.",
        )


def _require_own_name(metric: Component, file: str, line: int | None) -> None:
    """Refuse a metric with the name of one of declml's own: runs are compared by the names of their metrics."""
    if metric.name == _LOSS:
        taken = "which is what every output's loss is called"
    else:
        of = [feature for feature in metric.features if vocabulary().find("metric", metric.name, feature) is not None]
        if not of:
            return
        taken = f"which declml has for {' and '.join(of)} outputs"
    where = f"{file}:{line}" if line else file
    raise UserProblem(
        "broken-plugin",
        f"The metric of '{where}' must have a name of its own; got '{metric.name}', {taken}.",
        hint=f"Call it otherwise, say 'own_{metric.name}', there and where the config names it.",
    )


def _line_of(module: ModuleType, attribute: str) -> int | None:
    """Return the line at which a module gives a name its value, as far as its source tells."""
    path = Path(str(module.__file__))
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(each, ast.Name) and each.id == attribute for each in names):
            return node.lineno
    return None


def trees(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return ``values`` without ``names``: what remains is passed on as flat arguments."""
    return {key: value for key, value in values.items() if key not in names}
