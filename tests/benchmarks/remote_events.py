"""How long an event of a remote run takes from being written there to being here, and what a flood of them costs.

By hand: ``python tests/benchmarks/remote_events.py --events 2000 --flood 50000``. A real Jupyter server on this one,
its kernel, a process that writes events as a training does, and the mirror that a client keeps. Paced: 200 events a
second; the time is from just before the event was written to when its line stands in the file here, and to when a
reader that follows the file was told it. Flood: as fast as they can be written; nothing may be missing, and the memory
of this process is told before and after.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from declml.kernels.channel import Channel
from declml.kernels.local import LOG, Launched, follow
from declml.kernels.mirror import Copied, Mirror
from declml.kernels.server_kernel import server_kernel
from declml.run.remote import RemoteProcess
from e2e.kernels.jupyter import jupyter_server

WRITER = """
import json, sys, time
events = open(sys.argv[1], "ab", buffering=0)
count, pause = int(sys.argv[2]), float(sys.argv[3])
due = time.time()
for number in range(count):
    kind = "run_finished" if number == count - 1 else "log"
    line = {"seq": number, "time": time.time(), "kind": kind,
            "status": "finished", "level": "info", "message": "x" * 50}
    events.write(json.dumps(line).encode() + b"\\n")
    due += pause
    time.sleep(max(0.0, due - time.time()))
"""


def measure(channel: Channel, root: Path, here: Path, *, count: int, pause: float) -> dict[str, float]:
    """Write ``count`` events there, one every ``pause`` seconds, and return what came of it here."""
    there = root / f"run-{count}-{pause}"
    there.mkdir()
    here.mkdir()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(there / "events.jsonl"), str(count), str(pause)])
    reaper = threading.Thread(target=writer.wait)
    reaper.start()
    began = time.monotonic()
    mirror = Mirror(channel, Copied(str(there), here, writer.pid, {}), on_notice=print)
    arrived: list[float] = []
    done = threading.Event()
    watcher = threading.Thread(target=watch, args=(here / "events.jsonl", arrived, done))
    watcher.start()
    mirror.start()
    told: list[float] = []
    process = Launched(writer.pid, here / LOG, RemoteProcess(writer.pid, mirror), 0, mirror.news)
    follow(here / "events.jsonl", process, lambda event: told.append(time.time() - event["time"]))
    took = time.monotonic() - began
    mirror.close()
    done.set()
    watcher.join()
    reaper.join()
    same = (here / "events.jsonl").read_bytes() == (there / "events.jsonl").read_bytes()
    assert same, "the file here is not the one there"
    assert len(told) == count, f"{len(told)} of {count} were told"
    return {
        "seconds": round(took, 2),
        "here_p50_ms": percentile(arrived, 50),
        "here_p99_ms": percentile(arrived, 99),
        "told_p50_ms": percentile(told, 50),
        "told_p99_ms": percentile(told, 99),
    }


def watch(path: Path, arrived: list[float], done: threading.Event) -> None:
    """Note, each millisecond, how old the lines are that are new in the file."""
    offset = 0
    while not done.is_set():
        now = time.time()
        if path.exists() and path.stat().st_size > offset:
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            arrived += [now - json.loads(line)["time"] for line in whole.splitlines()]
            offset += len(whole)
        time.sleep(0.001)


def percentile(seconds: list[float], share: int) -> float:
    """Return a percentile in milliseconds."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 1)


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--flood", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="declml-events-") as name, jupyter_server(Path(name)) as server:
        channel = server_kernel(server.url)
        folder = Path(name)
        print("paced", measure(channel, server.root, folder / "paced", count=options.events, pause=0.005))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print("flood", measure(channel, server.root, folder / "flood", count=options.flood, pause=0.0))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"peak memory {before / 1024:.0f} MB before the flood, {after / 1024:.0f} MB after it; none lost")
        channel.close()


if __name__ == "__main__":
    main()
