"""Names that Ludwig's configs use and declml does not build yet: known, told so, and guarded against misspelling.

The names stand in ``planned_names.json``, which is read only when a config uses a word that the vocabulary lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

PLANNED_FILE = Path(__file__).parent / "planned_names.json"

TRACKERS = ("aim", "comet", "mlflow", "tensorboard", "wandb")
"""The keys of the planned section ``tracking``, which is our own."""


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Any]:
    return json.loads(PLANNED_FILE.read_text(encoding="utf-8"))


def planned_components(kind: str, feature: str | None = None) -> Mapping[str, Sequence[str]]:
    """Return Ludwig's components of a kind (for a feature type), each with the names of its parameters."""
    names = _names()
    if kind in ("encoder", "decoder", "loss"):
        side = "input" if kind == "encoder" else "output"
        return names[side].get(feature, {}).get(kind, {})
    if kind in ("input", "output"):
        return {name: entry["keys"] for name, entry in names[kind].items()}
    if kind == "metric":
        return dict.fromkeys(names["metric"].get(feature, ()), ())
    return names.get(kind, {})


def planned_parameters(kind: str, name: str, feature: str | None = None) -> Sequence[str]:
    """Return the names of the parameters that Ludwig gives a component."""
    return planned_components(kind, feature).get(name, ())


def planned_preprocessing(feature: str) -> Sequence[str]:
    """Return the names that Ludwig knows in the preprocessing of a feature type, input or output."""
    names = _names()
    return sorted(
        {name for side in ("input", "output") for name in names[side].get(feature, {}).get("preprocessing", ())}
    )


def planned_keys(section: str) -> Sequence[str]:
    """Return the names that Ludwig knows in a fixed section, such as ``trainer`` or ``hyperopt.executor``."""
    names = _names()
    if section == "config":
        return [*names["config"]["ecd"], *names["config"]["llm"]]
    if section in ("hyperopt", "hyperopt.executor", "hyperopt.search_alg"):
        return names["hyperopt"][section.partition(".")[2] or "keys"]
    if section == "tracking":
        return TRACKERS
    known = names.get(section, ())
    return known if isinstance(known, list) else ()
