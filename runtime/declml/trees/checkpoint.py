"""What a boosting must remember to go on: how far it was, which round was the best, and the trees to check against.

LightGBM cannot be put back into the middle of a training: a model that it goes on from draws its rows and inputs anew
and rounds differently, so that other trees grow. A training is therefore grown again from its first round, without
evaluating, and compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.errors import UserProblem
from declml.training.tensor_file import cannot_write
from declml.whole_files import write_whole

LATEST = "latest.json"


@dataclass(frozen=True, slots=True)
class BoostingState:
    """A boosting after ``round`` rounds. ``evaluated`` is the round of the last evaluation, ``model`` all trees."""

    round: int
    evaluated: int
    best: Mapping[str, Any] | None
    kept_iterations: int | None
    kept_model: str | None
    model: str

    def write(self, folder: Path) -> None:
        """Write the state; it appears whole or not at all."""
        values = {name: getattr(self, name) for name in self.__slots__}
        try:
            write_whole(folder / LATEST, json.dumps({"format": 1, **values}), sync=True)
        except OSError as error:
            raise cannot_write(folder / LATEST, error) from error


def read_state(folder: Path) -> BoostingState | None:
    """Return the state in ``folder``, None where there is none; one that cannot be read is a `UserProblem`."""
    path = folder / LATEST
    if not path.exists():
        return None
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        return BoostingState(**{name: values[name] for name in BoostingState.__slots__})
    except (ValueError, KeyError, TypeError) as error:
        raise UserProblem(
            "checkpoint-corrupt", f"The checkpoint '{path.name}' must be whole; got a broken one ({error}).",
            hint="Train from the start.",
        ) from error  # fmt: skip


def latest_round(folder: Path) -> int | None:
    """Return the rounds in the checkpoint of ``folder``, None where there is none."""
    state = read_state(folder)
    return None if state is None else state.round
