"""The facts of a config for trees, as an editor wants them: they have no parts whose shapes could be told."""

from __future__ import annotations

from typing import Any

from declml.run.components import Components
from declml.run.learned import Learned
from declml.run.settings import decides_of
from declml_schema.plan import Plan


def tree_facts(plan: Plan, learned: Learned, components: Components) -> dict[str, Any]:
    """Return what `declml.run.model_facts` tells of a network, as far as it is known of trees."""
    decides = decides_of(plan, components)
    rounds: int = plan.trainer["num_boost_round"]
    inputs = {each.name for each in plan.inputs}
    unknown = {
        f"{'inputs' if name in inputs else 'outputs'}.{name}": reason for name, reason in learned.unknown.items()
    }
    if learned.rows is None:
        unknown["rows"] = learned.no_rows
    return {
        "inputs": {each.name: _vocabulary(learned, each.name) for each in plan.inputs},
        "groups": [],
        "combiner": None,
        "outputs": {each.name: _classes(learned, each.name) for each in plan.outputs},
        "parameters": None,
        "known_parameters": 0,
        "memory_bytes": None,
        "rows": None if learned.rows is None else dict(learned.rows),
        "batch_size": None,
        "steps": {"per_epoch": 1, "total": rounds},
        "resolved": {"trainer.validation_field": decides.output, "trainer.validation_metric": decides.metric},
        "unknown": unknown,
        "problems": [each.as_json() for each in learned.problems],
    }


def _vocabulary(learned: Learned, name: str) -> dict[str, Any]:
    words = learned.facts.get(name, {}).get("vocabulary")
    return {"vocabulary": None if words is None else len(words)}


def _classes(learned: Learned, name: str) -> dict[str, Any]:
    classes = learned.facts.get(name, {}).get("classes")
    return {"classes": None if classes is None else len(classes)}
