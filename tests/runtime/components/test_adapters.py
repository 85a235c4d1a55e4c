"""Adapters beyond matrices of a fixed rank: ranks that are taken away, numbers that layers share, butterflies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from declml.components.encoders.adalora import RankBudget
from declml.components.encoders.bert import BERT
from declml.contracts import Guided, Member
from declml.errors import UserProblem

IDS, LENGTHS = torch.tensor([[2, 3, 4, 5], [6, 7, 0, 0]]), torch.tensor([4, 2])
WANTED = torch.linspace(-1, 1, 16).view(2, 8)
WORDS = {"vocabulary_size": 9}
ADALORA: dict[str, Any] = {"type": "adalora", "init_r": 3, "target_r": 1, "dropout": 0.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import AutoModel, BertConfig

    torch.manual_seed(1)
    narrow = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "num_hidden_layers": 2}
    folder = tmp_path_factory.mktemp("bert")
    AutoModel.from_config(BertConfig(vocab_size=9, max_position_embeddings=24, **narrow)).save_pretrained(folder)
    return folder


def built(folder: Path, adapter: dict[str, Any]) -> Any:
    parameters = BERT.parameters(
        pretrained_model_name_or_path=str(folder), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        trainable=True, reduce_output="mean", adapter=adapter,
    )  # fmt: skip
    assert BERT.build is not None
    torch.manual_seed(3)
    return BERT.build([Member("text", WORDS)], **parameters.model_dump())


def trained(module: Any, steps: int = 6, *, first: int = 1, total: int = 6) -> Tensor:
    """Take steps as the training does and return what the module then answers."""
    weights = [each for each in module.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(weights, lr=0.05)
    guided = [each for each in module.modules() if isinstance(each, Guided)]
    for step in range(first, first + steps):
        torch.manual_seed(step)
        (module.train()(IDS, LENGTHS) - WANTED).square().mean().backward()
        for each in guided:
            each.before_step()
        optimizer.step()
        for each in guided:
            each.after_step(step, total)
        optimizer.zero_grad()
    with torch.no_grad():
        return module.eval()(IDS, LENGTHS)


def test_ranks_fall_to_the_budget_and_are_gone_from_the_matrices(folder: Path) -> None:
    module = built(folder, ADALORA)
    budget: RankBudget = module.adapter_guide
    assert budget.ranks() == [3] * 4  # query and value of two layers
    seen = [sum(budget.ranks())]
    for step in range(1, 7):
        trained(module, 1, first=step)
        seen.append(sum(budget.ranks()))
    assert seen[0] == 12 and seen[-1] == 4
    assert seen == sorted(seen, reverse=True)
    left = [int((part.lora_E["default"] != 0).sum()) for part in module.modules() if hasattr(part, "lora_E")]
    assert left == budget.ranks()


def test_no_rank_is_taken_before_tinit_nor_between_two_choices(folder: Path) -> None:
    module = built(folder, {**ADALORA, "tinit": 2, "delta_t": 3, "tfinal": 2})
    seen: list[int] = []
    for step in range(1, 11):
        trained(module, 1, first=step, total=10)
        seen.append(sum(module.adapter_guide.ranks()))
    assert seen[1] == 12 and seen[2] < 12  # the third step is the first that may choose
    assert seen[2] == seen[3] == seen[4] and seen[7:] == [4, 4, 4]


def test_what_the_budget_knows_is_in_the_state(folder: Path) -> None:
    again = built(folder, ADALORA)
    names = {name for name, _ in again.named_buffers()}
    assert {"adapter_guide.importance_0_lora_E", "adapter_guide.spread_3_lora_B", "adapter_guide.left_2"} <= names


@pytest.mark.parametrize(
    "given",
    [
        {"init_r": 4}, {"target_r": 2}, {"alpha": 9}, {"dropout": 0.5}, {"target_modules": ["dense"]}, {"tinit": 4},
        {"tfinal": 3}, {"delta_t": 6}, {"beta1": 0.1}, {"beta2": 0.01}, {"orth_reg_weight": 0.0}, {"total_step": 2},
    ],
    ids=str,
)  # fmt: skip
def test_each_parameter_of_adalora_acts(folder: Path, given: dict[str, Any]) -> None:
    adapter = {**ADALORA, "init_r": 6}
    assert not trained(built(folder, adapter)).equal(trained(built(folder, {**adapter, **given})))


def test_directions_are_held_at_right_angles(folder: Path) -> None:
    def slant(weight: float) -> float:
        module = built(folder, {**ADALORA, "orth_reg_weight": weight, "total_step": 90})
        trained(module, 60, total=60)
        layer = next(part for part in module.modules() if hasattr(part, "lora_E"))
        a = layer.lora_A["default"]
        return float(torch.linalg.matrix_norm(a @ a.T - torch.eye(len(a))).detach())

    assert slant(5.0) < 0.5 * slant(0.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({**ADALORA, "target_r": 4}, "target_r must be at most init_r, as ranks are only taken away; got 4 and 3"),
        (
            {**ADALORA, "total_step": 9, "tinit": 5, "tfinal": 4},
            "tinit and tfinal must leave some of the 9 steps of total_step; got 9 together",
        ),
        ({"type": "vblora", "vector_length": 3}, "vector_length of vblora must divide the widths of the layers; got 3"),
        ({"type": "boft", "boft_block_size": 6}, "boft_block_size of boft must divide the widths of the layers; got 6"),
        ({"type": "c3a", "block_size": 5}, "block_size of c3a must divide the widths of the layers; got 5"),
        ({"type": "boft", "boft_n_butterfly_factor": 3}, "boft_n_butterfly_factor"),
        (
            {"type": "ln_tuning", "target_modules": ["norm"]},
            "target_modules must be layers of the model that ln_tuning",
        ),
        ({"type": "vblora", "vector_length": 4, "num_vectors": 2, "topk": 3}, "topk must be at most num_vectors"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told(folder: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserProblem) as refusal:
        built(folder, given)
    assert message in str(refusal.value)


BASES: dict[str, dict[str, Any]] = {
    "vera": {"r": 4},
    "boft": {"boft_block_size": 2, "boft_dropout": 0.0},
    "tinylora": {"u": 8},
    "vblora": {"num_vectors": 6, "vector_length": 4},
    "ln_tuning": {},
}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("vera", {"r": 6}),
        ("vera", {"projection_prng_key": 7}),
        ("vera", {"target_modules": ["dense"]}),
        ("boft", {"boft_block_size": 4}),
        ("boft", {"boft_n_butterfly_factor": 2}),
        ("boft", {"boft_dropout": 0.5}),
        ("tinylora", {"r": 3}),
        ("tinylora", {"u": 9}),
        ("tinylora", {"weight_tying": 1.0}),
        ("tinylora", {"projection_seed": 7}),
        ("tinylora", {"tinylora_dropout": 0.5}),
        ("vblora", {"r": 5}),
        ("vblora", {"num_vectors": 7}),
        ("vblora", {"vector_length": 2}),
        ("vblora", {"topk": 3}),
        ("vblora", {"vblora_dropout": 0.5}),
        ("ln_tuning", {"target_modules": ["query"]}),
    ],
    ids=str,
)
def test_each_parameter_of_the_others_acts(folder: Path, kind: str, given: dict[str, Any]) -> None:
    adapter = {"type": kind, **BASES[kind]}
    assert not trained(built(folder, adapter)).equal(trained(built(folder, {**adapter, **given})))


@pytest.mark.parametrize("kind", ["vera", "tinylora"])
def test_random_matrices_go_by_their_own_seed(folder: Path, kind: str) -> None:
    def drawn() -> list[Tensor]:
        module = built(folder, {"type": kind, **BASES[kind]})
        return [each for name, each in module.named_buffers() if "vera_" in name or "tinylora_P" in name]

    one = drawn()
    torch.rand(3)
    assert one and all(a.equal(b) for a, b in zip(one, drawn(), strict=True))


def test_layers_of_vblora_share_one_bank(folder: Path) -> None:
    module = built(folder, {"type": "vblora", **BASES["vblora"]})
    banks = {id(part.vblora_vector_bank["default"]) for part in module.modules() if hasattr(part, "vblora_logits_A")}
    assert len(banks) == 1


def test_the_norms_are_trained_in_their_places(folder: Path) -> None:
    module = built(folder, {"type": "ln_tuning"})
    names = [name for name, weight in module.named_parameters() if weight.requires_grad]
    assert len(names) == 2 * (1 + 2 * 2) and all("LayerNorm" in name for name in names)


@pytest.mark.parametrize("kind", [*BASES, "adalora", "oft", "lora"])
def test_shapes_alone_can_be_told_without_drawing_a_number(folder: Path, kind: str) -> None:
    given = {"oft": {"oft_block_size": 2}, "adalora": {"init_r": 3, "target_r": 1}, "lora": {}}
    adapter = {"type": kind, **(BASES.get(kind) or given.get(kind, {}))}
    with torch.device("meta"):
        shapes = built(folder, adapter)
    real = built(folder, adapter)
    assert all(each.device.type == "meta" for each in [*shapes.parameters(), *shapes.buffers()])
    told = {name: each.shape for name, each in shapes.named_parameters() if each.requires_grad}
    assert told == {name: each.shape for name, each in real.named_parameters() if each.requires_grad}


def test_butterflies_are_matrices_that_turn_and_their_gradients_are_right(folder: Path) -> None:
    from declml.components.encoders.butterflies import use_plain_butterflies

    use_plain_butterflies()
    from peft.tuners.boft.layer import FastBlockDiag

    torch.manual_seed(0)
    blocks = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    whole = FastBlockDiag.apply(blocks)
    for turn in range(2):
        torch.testing.assert_close(whole[turn], torch.block_diag(*blocks[turn]))
    assert torch.autograd.gradcheck(FastBlockDiag.apply, (blocks,))
