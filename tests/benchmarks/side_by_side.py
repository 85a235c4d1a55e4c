"""Measures contestants in turns (A B A B) inside one process, so that a busy machine slows all of them alike."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any


@dataclass(frozen=True)
class Comparison:
    """What each contestant took, round by round, in one unit."""

    title: str
    unit: str
    taken: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.taken[name])

    def ratios(self, name: str, reference: str) -> list[float]:
        """Return what ``name`` took as a multiple of ``reference``, in each round."""
        return [ours / theirs for ours, theirs in zip(self.taken[name], self.taken[reference], strict=True)]

    def as_json(self) -> dict[str, Any]:
        reference = next(iter(self.taken))
        return {
            "title": self.title,
            "unit": self.unit,
            "reference": reference,
            "contestants": {
                name: {
                    "median": self.median(name),
                    "least": min(taken),
                    "rounds": taken,
                    "ratio": statistics.median(self.ratios(name, reference)),
                }
                for name, taken in self.taken.items()
            },
        }

    def tell(self) -> None:
        """Print a line for each contestant; the first one is what the others are compared with."""
        reference = next(iter(self.taken))
        print(f"\n{self.title}  [{self.unit}, median of {len(self.taken[reference])} rounds in turns]")
        for name, taken in self.taken.items():
            ratios = self.ratios(name, reference)
            spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
            print(f"  {name:<34} {self.median(name):>12.3f}  least {min(taken):>12.3f}", end="")
            print("" if name == reference else f"  {statistics.median(ratios):>7.3f}x {spread}")


def in_turns(title: str, unit: str, contestants: Mapping[str, Callable[[], float]], *, rounds: int) -> Comparison:
    """Call the contestants in turns, ``rounds`` times each after one turn that does not count; each returns its time.

    The first contestant is the reference of all ratios.
    """
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, measure in contestants.items():
            value = measure()
            if number:
                taken[name].append(value)
    comparison = Comparison(title, unit, taken)
    comparison.tell()
    return comparison


def tell_json(comparisons: list[Comparison], *packages: str, **more: Any) -> None:
    """Print everything as one line of JSON, with what the numbers depend on."""
    versions: dict[str, str] = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "absent"
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "packages": versions,
    }
    print("\n" + json.dumps({"machine": machine, **more, "comparisons": [each.as_json() for each in comparisons]}))
