"""Seeds, determinism, threads, devices and precision: what the machine decides."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

from declml.errors import UserProblem
from declml.training.determinism import derive_seed, describe_determinism, make_deterministic
from declml.training.device import available_devices, pick_device
from declml.training.precision import Precision, choose_precision
from declml.training.threads import choose_threads


def test_seeds_differ_by_every_name_and_stay_the_same_on_every_machine() -> None:
    seeds = {derive_seed(root, *names) for root in (1, 2) for names in ((), ("epoch", 1), ("epoch", 2), ("epoch", 11))}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derive_seed(42, "epoch", 3) == derive_seed(42, "epoch", "3")


def test_determinism_is_switched_on_and_described() -> None:
    before = torch.are_deterministic_algorithms_enabled()
    try:
        make_deterministic(torch.device("cpu"))
        described = describe_determinism()
        assert described["deterministic_algorithms"] is True
        assert json.loads(json.dumps(described)) == described
    finally:
        torch.use_deterministic_algorithms(before)


def test_a_training_loads_neither_the_compiler_nor_torchmetrics() -> None:
    code = (
        "import sys, torch, declml.training.loop, declml.evaluation.evaluate\n"
        "from declml.training.determinism import make_deterministic\n"
        "from declml.components.optimizers.adam import build_adam\n"
        "from declml.components.optimizers.adamw import build_adamw\n"
        "from declml.components.optimizers.sgd import build_sgd\n"
        "from declml.components.optimizers import adadelta, adagrad, adamax, lion, nadam, radam, rmsprop\n"
        "others = (each.COMPONENT.build for each in (adadelta, adagrad, adamax, lion, nadam, radam, rmsprop))\n"
        "make_deterministic(torch.device('cpu'))\n"
        "for build in (build_adam, build_adamw, build_sgd, *others):\n"
        "    weight = torch.zeros(2, requires_grad=True); weight.grad = torch.ones(2)\n"
        "    build([weight]).step(0.1)\n"
        "heavy = ('torch._dynamo', 'torch._inductor', 'torchmetrics', 'sklearn')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert answer.stdout.strip() == "[]"


def test_more_threads_are_taken_only_where_they_pay() -> None:
    before = torch.get_num_threads()
    try:
        # The clock stands still but for the steps, each of which says what it takes.
        for seconds, expected in (({1: 0.1, 2: 0.09}, 1), ({1: 0.1, 2: 0.05}, 2), ({1: 0.1, 2: 0.2}, 1)):
            now = [0.0]

            def step(now: list[float] = now, seconds: dict[int, float] = seconds) -> None:
                now[0] += seconds[torch.get_num_threads()]

            assert choose_threads(step, [2, 1], clock=lambda now=now: now[0]) == expected
            assert torch.get_num_threads() == expected
        assert choose_threads(step, [1]) == 1
        with pytest.raises(ValueError, match="thread counts"):
            choose_threads(step, [0, 1])
    finally:
        torch.set_num_threads(before)


def test_an_absent_device_is_named_with_those_there_are() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert str(pick_device("auto")) == available_devices()[0]
    for name in ("cuda:99", "tpu", "cuda:x", "gpu"):
        with pytest.raises(UserProblem) as caught:
            pick_device(name)
        assert caught.value.code == "device-absent"
        assert f"'{name}'" in caught.value.message
        assert "cpu" in caught.value.hint


def test_full_precision_says_why_where_16_bits_do_not_pay() -> None:
    chosen = choose_precision(torch.device("cpu"))
    assert chosen == Precision(torch.bfloat16) or (chosen.dtype is None and "cpu" in chosen.note)
    assert choose_precision(torch.device("meta")).note
