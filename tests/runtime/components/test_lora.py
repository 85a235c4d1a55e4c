"""LoRA on the encoders around Hugging Face models: what trains, what stays, and what a wrong adapter is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from declml.components.encoders.bert import BERT
from declml.components.encoders.gpt import GPT
from declml.contracts import Member
from declml.errors import UserProblem
from declml_schema.check import check

IDS, LENGTHS = torch.tensor([[2, 3, 4, 5], [6, 7, 0, 0]]), torch.tensor([4, 2])
WORDS = {"vocabulary_size": 9}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import AutoModel, BertConfig

    torch.manual_seed(1)
    narrow = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "num_hidden_layers": 2}
    config = BertConfig(vocab_size=9, max_position_embeddings=24, **narrow)
    folder = tmp_path_factory.mktemp("bert")
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def built(folder: Path, **given: Any) -> Any:
    parameters = BERT.parameters(
        pretrained_model_name_or_path=str(folder), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **given
    )
    assert BERT.build is not None
    torch.manual_seed(3)
    return BERT.build([Member("text", WORDS)], **parameters.model_dump())


def adapter(**given: Any) -> dict[str, Any]:
    return {"trainable": True, "reduce_output": "mean", "adapter": {"type": "lora", "dropout": 0.0, **given}}


def answers(module: Any) -> Tensor:
    with torch.no_grad():
        return module.eval()(IDS, LENGTHS)


def test_only_the_matrices_train_and_they_start_at_nothing(folder: Path) -> None:
    plain, module = built(folder, reduce_output="mean"), built(folder, **adapter(r=2))
    torch.testing.assert_close(answers(module), answers(plain))
    trained = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
    assert len(trained) == 2 * 2 * 2 and all("lora_" in name for name in trained)  # query and value of two layers
    before = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    optimizer = torch.optim.Adam(trained.values(), lr=0.1)
    for _ in range(2):  # in the first step one half of each pair is zero, and so is the other's gradient
        optimizer.zero_grad()
        module.train()(IDS, LENGTHS).square().sum().backward()
        optimizer.step()
    moved = {name for name, weight in module.named_parameters() if not weight.equal(before[name])}
    assert moved == set(trained)
    assert not answers(module).allclose(answers(plain))


def test_a_saved_model_is_built_again_with_its_adapter_and_without_the_folder(folder: Path) -> None:
    module = built(folder, **adapter(r=2))
    for name, weight in module.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    facts = {**WORDS, **module.extra_facts()}
    parameters = BERT.parameters(pretrained_model_name_or_path="gone", **adapter(r=2)).model_dump()
    assert BERT.build is not None
    again = BERT.build([Member("text", facts)], **parameters)
    again.load_state_dict(module.state_dict(), strict=True)
    torch.testing.assert_close(answers(again), answers(module))


@pytest.mark.parametrize(
    "given",
    [
        {"alpha": 64},
        {"bias_type": "all"},
        {"bias_type": "lora_only"},
        {"target_modules": ["dense"]},
        {"use_rslora": True},
        {"use_dora": True},
        {"r": 3},
    ],
    ids=str,
)
def test_every_parameter_of_an_adapter_acts(folder: Path, given: dict[str, Any]) -> None:
    def seen(**chosen: Any) -> tuple[list[str], list[Tensor]]:
        module = built(folder, **adapter(**chosen))
        for name, weight in module.named_parameters():
            if "lora_B" in name:
                weight.data.fill_(0.1)
        trained = [name for name, weight in module.named_parameters() if weight.requires_grad]
        return trained, [answers(module)]

    names, (values,) = seen()
    other_names, (other_values,) = seen(**given)
    assert names != other_names or not values.allclose(other_values, atol=1e-7)


def test_dropout_of_an_adapter_acts_in_training(folder: Path) -> None:
    module = built(folder, **adapter(dropout=0.9)).train()
    for name, weight in module.named_parameters():
        if "lora_B" in name:
            torch.nn.init.ones_(weight)
    with torch.no_grad():
        assert not module(IDS, LENGTHS).equal(module(IDS, LENGTHS))


def test_an_adapter_of_a_frozen_model_does_nothing(folder: Path) -> None:
    module = built(folder, **{**adapter(), "trainable": False})
    assert module.frozen and not any("lora" in name for name, _ in module.named_parameters())


def test_layers_that_are_not_there_are_told(folder: Path) -> None:
    with pytest.raises(
        UserProblem, match="target_modules must be layers of the model that lora can change; got querry"
    ) as refusal:
        built(folder, **adapter(target_modules=["querry"]))
    assert refusal.value.code == "adapter-target" and "query, key, value" in refusal.value.hint


def test_the_first_gpt_keeps_its_weights_the_other_way_round(tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.for_model("openai-gpt", vocab_size=9, n_embd=8, n_head=2, n_positions=24, n_layer=1)
    AutoModel.from_config(config).save_pretrained(tmp_path)
    assert GPT.build is not None
    parameters = GPT.parameters(pretrained_model_name_or_path=str(tmp_path), **adapter(r=2)).model_dump()
    module = GPT.build([Member("text", WORDS)], **parameters)
    assert answers(module).isfinite().all()
    assert any(weight.requires_grad for weight in module.parameters())


CONFIG = """\
input_features:
  - {{name: words, type: text, encoder: {{type: bert, trainable: {trainable}, adapter: {adapter}}}}}
output_features: [{{name: price, type: number}}]
"""


@pytest.mark.parametrize(
    ("trainable", "written", "told"),
    [
        ("true", "{type: lora, r: 4}", []),
        ("true", "null", []),
        ("false", "{type: lora}", [("ignored-parameter", "input_features[0].encoder.adapter")]),
        ("true", "{type: lora, r: 0}", [("out-of-range", "input_features[0].encoder.adapter.r")]),
        ("true", "{type: lora, rr: 4}", [("unknown-key", "input_features[0].encoder.adapter.rr")]),
        ("true", "{type: vera}", []),
        ("true", "{type: prefix_tuning}", [("not-a-choice", "input_features[0].encoder.adapter.type")]),
    ],
)
def test_an_adapter_is_checked_as_all_else(trainable: str, written: str, told: list[tuple[str, str]]) -> None:
    plan, problems = check(CONFIG.format(trainable=trainable, adapter=written))
    assert [(each.code, each.path) for each in problems] == told
    if not told and "lora" in written:
        assert plan.inputs[0].encoder.parameters["adapter"] == {
            "type": "lora", "r": 4, "alpha": None, "dropout": 0.05, "bias_type": "none", "target_modules": None,
            "use_rslora": False, "use_dora": False,
        }  # fmt: skip


OTHERS = [
    {"type": "ia3"},
    {"type": "loha", "r": 2, "alpha": 4},
    {"type": "lokr", "r": 2, "alpha": 4},
    {"type": "oft", "oft_block_size": 2},
    {"type": "hra", "r": 2},
    {"type": "fourierft", "n_frequency": 20},
    {"type": "c3a", "block_size": 4},
    {"type": "waveft", "n_frequency": 20},
    {"type": "boft", "boft_block_size": 2, "boft_dropout": 0.0},
    {"type": "vera", "r": 4},
    {"type": "vblora", "num_vectors": 6, "vector_length": 4},
    {"type": "tinylora", "u": 8},
    {"type": "ln_tuning"},
    {"type": "adalora", "init_r": 3, "target_r": 2, "dropout": 0.0},
]


@pytest.mark.parametrize("given", OTHERS, ids=[each["type"] for each in OTHERS])
def test_each_adapter_trains_alone_and_comes_back_from_a_file(folder: Path, given: dict[str, Any]) -> None:
    parameters = {"trainable": True, "reduce_output": "mean", "adapter": given}
    module = built(folder, **parameters)
    before = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    trained = [weight for weight in module.parameters() if weight.requires_grad]
    assert 0 < sum(each.numel() for each in trained) < sum(each.numel() for each in module.parameters())
    optimizer = torch.optim.Adam(trained, lr=0.05)
    losses: list[float] = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = (module.train()(IDS, LENGTHS) - torch.linspace(-1, 1, 16).view(2, 8)).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    moved = {name for name, weight in module.named_parameters() if not weight.equal(before[name])}
    assert moved <= {name for name, weight in module.named_parameters() if weight.requires_grad}
    again = built(folder, **parameters)
    again.load_state_dict(module.state_dict(), strict=True)
    torch.testing.assert_close(answers(again), answers(module))


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("{type: lorra}", "'lora'"),
        ("{type: loha, rank: 2}", "Unknown key 'rank' in adapter"),
        (
            "{type: adaption_prompt}",
            "got 'adaption_prompt': it prompts a model that writes text, and an encoder reads it.",
        ),
        ("{type: adalora, r: 4}", "Unknown key 'r' in adapter"),
        ("{type: hra, r: 0}", "r must be >= 1; got 0."),
    ],
)
def test_a_wrong_adapter_is_told_by_its_own_kind(adapter: str, message: str) -> None:
    text = (
        "input_features: [{name: t, type: text, encoder: {type: bert, trainable: true, adapter: ADAPTER}}]\n"
        "output_features: [{name: sold, type: binary}]\n"
    ).replace("ADAPTER", adapter)
    found = [each.message for each in check(text).problems]
    assert any(message in each for each in found), found
    assert len(found) == 1
