"""Run by test_resume: trains in children that kill themselves with SIGKILL, resumes them, prints all digests.

One process imports torch and forks for each life of a run, before it computes anything itself.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tiny_training as tiny


def live(folder: Path, prepare: Callable[[], Any], *, resume: bool) -> int:
    """Train in a child process; return its wait status. A finished run leaves its digest in ``digest.txt``."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    batches = prepare()
    settings = tiny.make_settings(checkpoint_seconds=0.0)
    _, model, _ = tiny.run(folder, settings=settings, resume=resume, batches=batches)
    (folder / "digest.txt").write_text(tiny.digest(model, folder))
    os._exit(0)


def killed_at_batch(number: int) -> Callable[[], Any]:
    """Die when the batch of that number, in this life, is asked for."""

    def prepare() -> Any:
        batches = tiny.make_batches()
        whole = batches.epoch
        seen = 0

        def epoch(batch_size: int, *, seed: int | None, first_step: int = 0) -> Iterator[Any]:
            nonlocal seen
            for batch in whole(batch_size, seed=seed, first_step=first_step):
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield batch

        batches.epoch = epoch  # type: ignore[method-assign]
        return batches

    return prepare


def killed_at_file(event: str, number: int) -> Callable[[], Any]:
    """Die at a file operation on a checkpoint: ``open`` is before a byte is written, ``os.rename`` after all are."""

    def prepare() -> Any:
        seen = 0

        def hook(name: str, arguments: tuple[Any, ...]) -> None:
            nonlocal seen
            if name == event and str(arguments[0]).endswith(".safetensors.part"):
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        return tiny.make_batches()

    return prepare


def main(root: Path) -> None:
    """Print a JSON list of ``[what, digest]``, the uninterrupted run first."""
    straight = root / "straight"
    straight.mkdir()
    assert live(straight, tiny.make_batches, resume=False) == 0
    answers = [["straight", (straight / "digest.txt").read_text()]]
    choose = random.Random(int(sys.argv[2]))
    deaths: dict[str, Callable[[], Any]] = {}
    for number in sorted(choose.sample(range(1, 22), 4)):
        deaths[f"batch {number}"] = killed_at_batch(number)
    for number in choose.sample(range(1, 14), 3):
        deaths[f"rename {number}"] = killed_at_file("os.rename", number)
    deaths[f"open {number}"] = killed_at_file("open", choose.randrange(1, 14))
    for what, prepare in deaths.items():
        folder = root / what.replace(" ", "-")
        folder.mkdir()
        assert live(folder, prepare, resume=False) == signal.SIGKILL, what
        assert live(folder, tiny.make_batches, resume=True) == 0, what
        answers.append([what, (folder / "digest.txt").read_text()])
    # One run that dies again and again.
    folder = root / "often"
    folder.mkdir()
    lives = 0
    while live(folder, killed_at_batch(choose.randrange(4, 7)), resume=lives > 0) == signal.SIGKILL:
        lives += 1
        assert lives < 40
    assert lives > 2
    answers.append([f"killed {lives} times", (folder / "digest.txt").read_text()])
    print(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
