"""Every kernel that a training may be sent to: this machine's, its kernelspecs, and the remote ones by name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from declml.kernels.channel import ActFailed, ChannelLost
from declml.kernels.choice import Kind
from declml.kernels.known import known_kernels
from declml.kernels.stream_channel import connect
from declml.kernels.warm_kernel import LocalKernel, local_kernels

_PROBE_SECONDS = 20.0
_PROBE = """
import json, platform
from importlib import metadata
def version(name):
    try: return metadata.version(name)
    except metadata.PackageNotFoundError: return None
print(json.dumps({"python": platform.python_version(), "declml": version("declml"), "torch": version("torch")}))
"""


@dataclass(frozen=True, slots=True)
class KernelRow:
    """One kernel: what ``--kernel`` takes, what it has, where it is, and the run folders that it trains now.

    ``declml`` and ``torch`` are versions, None where they are not installed or not known. ``usable`` is false for a
    kernel without declml.
    """

    name: str
    kind: Kind
    label: str
    detail: str
    python: str | None = None
    declml: str | None = None
    torch: str | None = None
    devices: tuple[str, ...] = ()
    usable: bool = True
    started: float | None = None
    running: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON data."""
        return asdict(self)


def kernel_rows() -> list[KernelRow]:
    """Return every kernel; each interpreter is asked at most once, all at the same time."""
    specs = _specs()
    interpreters = sorted({sys.executable, *(each["python"] for each in specs)})
    with ThreadPoolExecutor(max_workers=4) as pool:
        devices = pool.submit(_devices)
        facts = dict(zip(interpreters, pool.map(_probe, interpreters), strict=True))
    living = {each.label: each for each in local_kernels()}
    here = devices.result()
    rows = [
        _row("warm", "warm", "kept ready on this machine", facts[sys.executable], here, living.get("warm")),
        _row("local", "local", "a process of its own, without a kernel", facts[sys.executable], here, None),
    ]
    rows += [
        _row(each["name"], "spec", each["detail"], facts[each["python"]], here, living.get(each["name"]))
        for each in specs
    ]
    return rows + [KernelRow(each.name, each.kind, each.name, each.address) for each in known_kernels()]


def _row(
    name: str,
    kind: Kind,
    detail: str,
    facts: Mapping[str, str | None],
    devices: tuple[str, ...],
    living: LocalKernel | None,
) -> KernelRow:
    running, started = _running(living) if living is not None else ((), None)
    return KernelRow(
        name,
        kind,
        name,
        detail,
        facts.get("python"),
        facts.get("declml"),
        facts.get("torch"),
        devices,
        facts.get("declml") is not None,
        started,
        running,
    )


def _running(kernel: LocalKernel) -> tuple[tuple[str, ...], float | None]:
    began = kernel.about.get("began")
    with suppress(ChannelLost, ActFailed), closing(connect(kernel.address, label=kernel.label)) as channel:
        rows: Sequence[Mapping[str, Any]] = channel.call("running", {}, timeout_seconds=2.0)
        return tuple(str(each["label"]) for each in rows), began
    return (), began


def _specs() -> list[dict[str, str]]:
    # Imported here: it takes half a second.
    from jupyter_client.kernelspec import KernelSpecManager

    answer: list[dict[str, str]] = []
    for name, entry in sorted(KernelSpecManager().get_all_specs().items()):
        spec: Mapping[str, Any] = entry["spec"]
        if str(spec.get("language", "")).lower() != "python" or not spec.get("argv"):
            continue
        found = str(spec["argv"][0])
        python = found if Path(found).is_absolute() else shutil.which(found) or found
        if found in {"python", "python3"}:
            python = sys.executable  # what jupyter puts there for its own interpreter
        answer.append({"name": name, "python": python, "detail": f"{spec.get('display_name', name)}, {python}"})
    return answer


def _probe(python: str) -> Mapping[str, str | None]:
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        told = subprocess.run(
            [python, "-P", "-c", _PROBE], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=True
        )
        return json.loads(told.stdout)
    return {}


def _devices() -> tuple[str, ...]:
    """Return the GPUs of this machine as the driver names them, and the CPU; torch is not asked, it takes seconds."""
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=index,name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=True,
        )
        gpus = [line.partition(",") for line in told.stdout.splitlines() if "," in line]
        return (*(f"cuda:{index.strip()} {name.strip()}" for index, _, name in gpus), "cpu")
    return ("mps", "cpu") if sys.platform == "darwin" else ("cpu",)
