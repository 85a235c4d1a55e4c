"""Where the time of a few training steps goes: traces by torch's profiler, which changes no number."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.contracts import Emit
from declml.whole_files import write_whole

FOLDER = "profile"
"""The folder inside a run's that gets the traces, ``steps-N-M.json``, each with its table beside it."""
_ROWS = 20  # of the table
_TOLD = 3  # operations in the event


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiling:
    """Which steps are recorded: ``skip_first`` are left out, then ``repeat`` rounds of ``wait`` steps that are left
    out too, ``warmup`` that are recorded and thrown away, and ``active`` that make a trace; 0 rounds never end.
    """

    wait: int
    warmup: int
    active: int
    repeat: int
    skip_first: int


@contextmanager
def profiled(
    profiling: Profiling | None, folder: Path, emit: Emit, *, on_gpu: bool
) -> Generator[Callable[[int], None]]:
    """Yield what is to be called after each step with its number; inside, the steps asked for are recorded.

    A run that goes on from a checkpoint counts from there.
    """
    if profiling is None:
        yield _nothing
        return
    import torch.profiler as torch_profiler  # loads slowly, and only where it is asked for

    activities = [torch_profiler.ProfilerActivity.CPU]
    if on_gpu:
        activities.append(torch_profiler.ProfilerActivity.CUDA)
    last: list[int] = []  # the steps since the latest trace

    def write(profiler: Any) -> None:
        taken = last[-profiling.active :]
        if not taken:
            return
        _write(profiler, folder, taken[0], taken[-1], emit)

    schedule = torch_profiler.schedule(
        wait=profiling.wait, warmup=profiling.warmup, active=profiling.active, repeat=profiling.repeat,
        skip_first=profiling.skip_first,
    )  # fmt: skip
    with warnings.catch_warnings():
        # It tells that each trace holds its own steps alone, and that a training may end before a trace is full.
        warnings.filterwarnings("ignore", module=r"torch\.profiler.*")
        profiler = torch_profiler.profile(activities=activities, schedule=schedule, on_trace_ready=write)
        profiler.start()
    try:
        yield lambda step: _advance(profiler, last, step)
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"torch\.profiler.*")
            profiler.stop()


def _nothing(_step: int) -> None:
    return None


def _advance(profiler: Any, last: list[int], step: int) -> None:
    last.append(step)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"torch\.profiler.*")
        profiler.step()


def _write(profiler: Any, folder: Path, first: int, last: int, emit: Emit) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"steps-{first}-{last}"
    profiler.export_chrome_trace(str(folder / f"{name}.json"))
    operations = sorted(_costs(profiler).items(), key=lambda each: -each[1][0])
    whole = sum(cost for cost, _ in dict(operations).values()) or 1.0
    rows = [
        f"{share / whole:7.1%}  {share / 1000:10.2f} ms  {count:7d}  {operation}"
        for operation, (share, count) in operations[:_ROWS]
    ]
    heading = (
        f"Steps {first} to {last}: {whole / 1000:.2f} ms in operations\n  share      own time    calls  operation\n"
    )
    write_whole(folder / f"{name}.txt", heading + "\n".join(rows) + "\n")
    most = ", ".join(f"{operation} {share / whole:.0%}" for operation, (share, _) in operations[:_TOLD])
    message = f"Steps {first} to {last} were profiled; most time went to {most}. See {FOLDER}/{name}.json in the run."
    emit("log", level="info", message=message)


def _costs(profiler: Any) -> Mapping[str, tuple[float, int]]:
    """Return the microseconds that each operation took itself, on the GPU where it ran there, and its calls."""
    costs: dict[str, tuple[float, int]] = {}
    for each in profiler.key_averages():
        if each.key.startswith("ProfilerStep"):
            continue
        own = float(each.self_cpu_time_total) + float(getattr(each, "self_device_time_total", 0.0))
        costs[each.key] = (own, int(each.count))
    return costs
