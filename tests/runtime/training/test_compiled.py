"""A compiled network trains like the plain one, draws nothing for its making, and goes on with the same bits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from declml.contracts import Batch
from declml.errors import UserProblem
from declml.training.course import Growth
from declml.training.schedule import Plateau
from declml.training.step import Stepper

from . import tiny_training as tiny

# Parts of torch's compiler warn of other parts of torch.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
CPU = torch.device("cpu")


def plain(model: Any) -> Any:
    """Take the dropout out: compiled code draws other numbers."""
    model.module.body[3].p = 0.0
    return model


def stepper(model: Any) -> Stepper:
    return Stepper(model, tiny.build_adam(tiny.trainable(model)), tiny.make_settings(compile=True), CPU)


def first() -> Batch:
    return next(tiny.make_batches().epoch(tiny.BATCH, seed=0))


@needs_compiler
def test_compiled_code_gives_the_gradients_of_the_plain_network_and_the_making_leaves_no_trace() -> None:
    model, other = plain(tiny.make_model()), plain(tiny.make_model())
    model.module.train()
    other.module.train()
    compiled = stepper(model)
    torch.manual_seed(4)
    before = {name: each.clone() for name, each in model.module.state_dict().items()}
    random = torch.get_rng_state()
    compiled.prepare(first())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(each, before[name]) for name, each in model.module.state_dict().items())
    assert all(each.grad is None for each in tiny.trainable(model))
    usual = Stepper(other, tiny.build_adam(tiny.trainable(other)), tiny.make_settings(), CPU)
    for each in (compiled, usual):
        batches = tiny.make_batches().epoch(tiny.BATCH, seed=0)
        for _ in range(3):
            each.take(batches, 2, 0.01, lambda losses, rows: None, step=1)
        each.take(batches, 1, 0.01, lambda losses, rows: None, step=2)  # the last batch is smaller
    for mine, its in zip(tiny.trainable(model), tiny.trainable(other), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-3, atol=1e-4)
    assert not torch.equal(model.module.state_dict()["number.weight"], before["number.weight"])


@needs_compiler
@pytest.mark.parametrize("step", [1, 4, 6])
def test_a_compiled_run_that_was_cut_ends_with_the_same_bits(tmp_path: Path, step: int) -> None:
    growth = Growth(watch=Plateau(reductions=1, patience=1, rate=2.0, split="validation"), largest=32)
    settings = tiny.make_settings(compile=True, growth=growth, learning_rate=1.0, schedule=lambda step: 1.0)
    seen = 0

    def stop() -> bool:
        nonlocal seen
        seen += 1
        return seen == step

    _, whole, told = tiny.run(tmp_path / "whole", settings=settings)
    assert any("batches have 20 rows" in each["message"] for each in told.of("log"))
    tiny.run(tmp_path / "cut", settings=settings, stop=stop)
    torch.compiler.reset()  # as in a new process
    _, resumed, _ = tiny.run(tmp_path / "cut", settings=settings, resume=True)
    assert tiny.digest(resumed, tmp_path / "cut") == tiny.digest(whole, tmp_path / "whole")


def test_without_a_compiler_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserProblem, match=r"no C\+\+ compiler 'no-such-compiler'") as caught:
        stepper(tiny.make_model())
    assert (caught.value.code, caught.value.path) == ("cannot-compile", "trainer.compile")
    assert "compile: false" in caught.value.hint


FAILING = """
import sys
import tiny_training as tiny
import torch
from declml.errors import UserProblem
from declml.training.step import Stepper

model = tiny.make_model()
stepper = Stepper(
    model, tiny.build_adam(tiny.trainable(model)), tiny.make_settings(compile=True), torch.device("cpu")
)
try:
    stepper.prepare(next(tiny.make_batches().epoch(tiny.BATCH, seed=0)))
except UserProblem as problem:
    print(problem.code, problem.path, problem.message)
"""


@needs_compiler
def test_a_compiler_that_fails_is_told_in_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "g++"
    broken.write_text("#!/bin/sh\necho 'it is broken' >&2\nexit 1\n")
    broken.chmod(0o755)
    # A process of its own, because torch remembers the compiler that it found.
    answer = subprocess.run(
        [sys.executable, "-c", FAILING],
        env={**os.environ, "CXX": str(broken), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("cannot-compile trainer.compile compile must find what torch.compile needs")
    assert len(answer.stdout.strip().splitlines()) == 1
