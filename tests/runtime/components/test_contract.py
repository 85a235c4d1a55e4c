"""What every encoder, combiner and decoder promises, read off its declaration: a new one joins by being declared."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import BaseModel, ValidationError
from torch import Tensor, nn

from declml.components import combiners, decoders, encoders
from declml.components.encoders.rnn import RNN
from declml.components.features.number import InputNumber, InputNumberPreprocessing
from declml.contracts import Member, Source, TokenAnswers, TokenStates
from declml.errors import UserProblem
from declml.token_rows import NO_TOKEN
from declml_schema.declare import Component

ROWS, TOKENS, WORDS = 6, 7, 9
RAGGED = {"text", "sequence", "bag", "set"}
SPOKEN = {"text", "sequence"}
LENGTHS = torch.tensor([7, 1, 3, 6, 2, 5])

# Narrow modules keep this file at seconds; the values matter to no promise here.
SMALL: dict[str, Any] = {
    "embedding_size": 6,
    "output_size": 5,
    "fc_output_size": 5,
    "state_size": 4,
    "num_filters": 3,
    "hidden_size": 8,
    "hyper_hidden_size": 5,
    "d_model": 8,
    "n_layers": 2,
    "attention_every_k": 2,
    "ffn_size": 6,
    "num_latents": 3,
    "latent_dim": 8,
    "num_attention_heads": 2,
    "num_heads": 2,
    "num_hash_buckets": 7,
    "transformer_output_size": 6,
    "intermediate_size": 12,
    "max_position_embeddings": 24,
    "dim": 8,
    "n_heads": 2,
    "hidden_dim": 12,
    "n_positions": 24,
    "n_embd": 8,
    "n_head": 2,
    "d_inner": 12,
    "d_kv": 4,
    "d_ff": 12,
    "attention_window": 4,
    "position_buckets": -1,
    "entity_1": ["size", "colour"],
    "entity_2": ["shape"],
}
SOURCES = [[Source("size", "number")], [Source("colour", "category"), Source("shape", "category")]]
LISTS: dict[str, list[Any]] = {
    "fc_layers": [[{"output_size": 4}], [{"activation": "swiglu", "norm": "layer", "use_bias": False}] * 2],
    "norm_params": [{"eps": 0.5}],
    "adapter": [{"type": "lora", "r": 2}],
    "pretrained_kwargs": [{"num_hidden_layers": 1}],
    "pos_att_type": [["c2p"]],
    "pretrained_embeddings": [str(Path(__file__).with_name(f"word_vectors_of_{width}.txt")) for width in (6, WORDS)],
    "conv_layers": [[{"filter_size": 2}, {"num_filters": 4, "norm": "layer", "activation": "reglu"}]],
    "stacked_layers": [[[{"filter_size": 2}], [{}, {"num_filters": 2}]]],
    "fc_norm_params": [{"eps": 0.5}],
    "str2idf": [{"word 3": 9.0}],
}
"""Values of the parameters that are lists of mappings or mappings."""
TARGETS: dict[str, dict[str, Any]] = {
    "number": {},
    "binary": {},
    "category": {"classes": ["a", "b", "c"]},
    "category_distribution": {"classes": ["a", "b", "c"]},
    "set": {"vocabulary": ["a", "b", "c"]},
    "vector": {"vector_size": 3, "shift": [0.5, -0.5, 0.0], "scale": [1.0, 2.0, 1.0]},
    "sequence": {"vocabulary": ["<PAD>", "<UNK>", "a"], "pad": 0, "stop": 2, "max_length": 5},
    "text": {"vocabulary_size": 3, "pad": 0, "stop": 1, "max_length": 5},
}
"""What a decoder knows of its target, by output type."""
OF_ONE_MIND = {"entity_1", "entity_2", "main_sequence_feature", "encoder", "smoothing", "folds"}
"""Parameters that name other parts of a config: see test_combiners.py and test_sequence_combiners.py; or that act where
the data are read: see test_target_encoder.py."""


def _declared() -> list[Component]:
    found: dict[tuple[object, ...], Component] = {}
    for package in (encoders, combiners, decoders):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Component):
                    found[value.kind, value.features, value.name] = value
    return list(found.values())


@functools.cache
def schema_of(parameters: type[BaseModel]) -> dict[str, Any]:
    return parameters.model_json_schema()["properties"]


@dataclass(frozen=True)
class Case:
    """One component as it serves one feature type, with parameters that make it small."""

    component: Component
    feature: str
    base: Mapping[str, Any]

    @property
    def schema(self) -> dict[str, Any]:
        return schema_of(self.component.parameters)

    def parameters(self, **given: Any) -> dict[str, Any]:
        return self.component.parameters(**{**self.base, **given}).model_dump()

    @property
    def aside(self) -> set[str]:
        """Parameters of decoders that act around the module: see test_dropout_samples.py; and of tf_idf that act where
        texts are read: see test_tf_idf.py.
        """
        if self.component.name == "tf_idf":
            return {"ngram_range", "max_sequence_length"}
        if self.component.kind != "decoder":
            return set()
        return {"calibration", "mc_dropout_samples"} | (
            {"output_size"} if self.component.name == "projector" else set()
        )

    def build(self, *, seed: int = 3, members: list[Member] | None = None, **given: Any) -> nn.Module:
        assert self.component.build is not None
        torch.default_generator.manual_seed(
            seed
        )  # `torch.manual_seed` takes milliseconds: it keeps a trace of its caller
        parameters = self.parameters(**given)
        if self.component.kind == "encoder":
            members = [self.fitted(each, parameters) for each in members or [member("feature")]]
            return self.component.build(members, **parameters)
        if self.component.kind == "combiner":
            sources = {"sources": SOURCES} if self.component.facts.get("sources") else {}
            if "encoder" in parameters:
                inner = RNN.parameters(state_size=4, reduce_output=None)
                parameters["encoder"] = functools.partial(RNN.build, **inner.model_dump())
            return self.component.build([[3], [2, 2]], **sources, **parameters)
        return self.component.build(7, TARGETS[self.feature], **parameters)

    def fitted(self, bare: Member, parameters: Mapping[str, Any]) -> Member:
        """Return a member with the facts of a fit as the encoder asks for it; the columns of two names differ."""
        if self.feature == "vector":
            bare = Member(bare.name, {**bare.facts, "vector_size": 3})
        asked = resolved(self.component.facts.get("asks", {}), parameters)
        if not asked:
            return bare
        if "target_statistics" in asked:
            return Member(bare.name, {**bare.facts, "statistics_width": 2})
        if self.feature == "text":
            return Member(bare.name, {**bare.facts, "rows": 12, "documents": [0, 3, 12, *range(1, WORDS - 2)]})
        column = pl.Series("x", np.random.default_rng(len(bare.name)).normal(size=60).round(len(bare.name) // 5))
        preprocessing = {**InputNumberPreprocessing().model_dump(), **asked}
        facts = InputNumber().fit(InputNumber().summarize(column, preprocessing), preprocessing)
        return Member(bare.name, {**bare.facts, **facts})

    def inputs(self, *, features: int = 1) -> tuple[Any, ...]:
        chance = torch.Generator().manual_seed(5)
        if self.component.kind == "combiner":
            groups: list[Any] = [torch.randn(ROWS, 3, generator=chance), torch.randn(ROWS, 4, generator=chance)]
            if self.component.facts.get("tokens"):
                mask = torch.arange(TOKENS) < LENGTHS.unsqueeze(1)
                values = torch.randn(ROWS, TOKENS, 4, generator=chance) * mask.unsqueeze(-1)
                groups[1] = TokenStates(values, mask)
            return (groups,)
        if self.component.kind == "decoder" and self.feature in SPOKEN:
            mask = torch.arange(TOKENS) < LENGTHS.unsqueeze(1)
            values = torch.randn(ROWS, TOKENS, 7, generator=chance) * mask.unsqueeze(-1)
            return TokenStates(values, mask), torch.randint(3, mask.shape, generator=chance).where(mask, NO_TOKEN)
        if self.component.kind == "decoder":
            return (torch.randn(ROWS, 7, generator=chance),)
        if self.feature in RAGGED:
            return torch.randint(WORDS, (ROWS, TOKENS), generator=chance), LENGTHS
        if "target_statistics" in self.component.facts.get("asks", {}):
            return (torch.randn(ROWS, 2 * features, generator=chance),)
        if self.feature == "category":
            return (torch.randint(WORDS - 1, (ROWS, features), generator=chance),)
        if self.feature == "date":
            parts = [torch.randint(13, (ROWS, 8), generator=chance).clamp(max=7) for _ in range(features)]
            return (torch.cat([torch.cat([torch.randn(ROWS, 1, generator=chance), each], 1) for each in parts], 1),)
        if self.feature == "h3":
            return (torch.cat([cells(chance) for _ in range(features)], 1),)
        values = torch.randn(ROWS, features * (3 if self.feature == "vector" else 1), generator=chance)
        if "missing_marks" not in self.component.facts.get("asks", {}):
            return (values,)
        return (torch.stack([values, (values > 0.5).float()], dim=-1).flatten(1),)


def cells(chance: torch.Generator) -> Tensor:
    """Return the 19 parts of a cell of each row, ``(row, 19)``: 0 to 15 digits, and 7 where there is none."""
    upper = torch.tensor([[1, 0, 9, 20], [2, 3, 0, 121], [1, 0, 15, 4], [1, 0, 2, 4], [4, 1, 5, 20], [1, 0, 8, 0]])
    digits = torch.randint(7, (ROWS, 15), generator=chance)
    return torch.cat([upper, digits.where(torch.arange(15) < upper[:, 2:3], 7)], 1).float()


def resolved(asks: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameters[value[1:]] if str(value).startswith("$") else value for name, value in asks.items()}


def member(name: str, words: int = WORDS) -> Member:
    return Member(name, {"vocabulary": [f"word {index}" for index in range(words)], "counts": [3] * words})


BERTS = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12}
GPTS = {"n_embd": 8, "n_head": 2, "n_positions": 24, **dict.fromkeys(["resid_pdrop", "embd_pdrop", "attn_pdrop"], 0.0)}
T5S = {"d_model": 8, "d_kv": 4, "d_ff": 12, "num_heads": 2, "dropout_rate": 0.0, "num_decoder_layers": 1}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, BERTS) for name in ("bert", "albert", "camembert", "electra", "roberta")},
    "xlmroberta": ("xlm-roberta", BERTS),
    "distilbert": (
        "distilbert",
        {"dim": 8, "n_heads": 2, "hidden_dim": 12, "dropout": 0.0, "attention_dropout": 0.0},
    ),
    "deberta": ("deberta-v2", {**BERTS, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "modernbert": ("modernbert", {**BERTS, "global_attn_every_n_layers": 2, "local_attention": 4}),
    "gpt": ("openai-gpt", GPTS),
    "gpt2": ("gpt2", GPTS),
    "xlnet": ("xlnet", {"d_model": 8, "n_head": 2, "d_inner": 12, "dropout": 0.0}),
    "t5": ("t5", T5S),
    "mt5": ("mt5", T5S),
    "longformer": ("longformer", {**BERTS, "attention_window": 4}),
}
"""By encoder: the library's name of the family, and what makes its models narrow."""

COMPONENTS = _declared()
CASES = [(each, feature) for each in COMPONENTS for feature in each.features or ("",)]
NAMES = ["-".join(filter(None, (each.kind, feature, each.name))) for each, feature in CASES]


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return, by family, the folder of a small model of 2 layers with random weights; beside it is one of 3."""
    from transformers import AutoConfig, AutoModel

    parent = tmp_path_factory.mktemp("models")
    folders: dict[str, str] = {}
    for family, (model_type, narrow) in FAMILIES.items():
        for layers in (2, 3):
            torch.manual_seed(layers)
            config = AutoConfig.for_model(
                model_type,
                vocab_size=WORDS,
                embedding_size=8,
                num_hidden_layers=layers,
                **({} if model_type in {"xlnet", "gpt2", "openai-gpt"} else {"max_position_embeddings": 24}),
                pad_token_id=0,
                **narrow,
                **dict.fromkeys(["hidden_dropout_prob", "attention_probs_dropout_prob"], 0.0),
            )
            folders[family] = str(parent / f"{family}-2")
            AutoModel.from_config(config).save_pretrained(parent / f"{family}-{layers}")
    return folders


@pytest.fixture(params=CASES, ids=NAMES)
def case(request: pytest.FixtureRequest, tiny_models: dict[str, str]) -> Case:
    component, feature = request.param
    fields = component.parameters.model_fields
    base = {name: value for name, value in SMALL.items() if name in fields}
    if "pretrained_model_name_or_path" in fields:
        base["pretrained_model_name_or_path"] = tiny_models.get(component.name, tiny_models["bert"])
    if component.name == "projector":
        del base["output_size"]  # it can only be what the data have
    if component.name == "stacked_cnn":
        # The six layers of its own would leave one token of these few.
        base |= {"num_conv_layers": 2, "pool_size": 2}
    if component.name == "stacked_parallel_cnn":
        base |= {"num_stacked_layers": 2}
    if component.name == "longformer":
        # Its summary does not depend on what the other tokens of the last layer see.
        base |= {"reduce_output": "mean"}
    if component.name in FAMILIES:
        base |= {"use_pretrained": False, "num_hidden_layers": 2}
    return Case(component, feature, base)


# --- what a declaration says ---------------------------------------------------------------------------------------


def kinds(declared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return declared.get("anyOf", [declared])


def alternatives(case: Case, name: str) -> list[Any]:
    """Return valid values of a parameter other than the one in force."""
    found: list[Any] = []
    now = case.parameters()[name]
    if name == "pretrained_model_name_or_path":
        return [now.removesuffix("2") + "3"]
    if name in LISTS:
        return LISTS[name]
    for kind in kinds(case.schema[name]):
        if "enum" in kind:
            found += kind["enum"]
        elif "const" in kind:
            found += [kind["const"]]
        elif kind["type"] == "boolean":
            found += [True, False]
        elif kind["type"] == "integer":
            found += [0, 1, 2, 3, *([now + 1, now * 2] if now and now != "auto" else [])]
        elif kind["type"] == "number":
            found += [0.5, 2.0]
        elif kind["type"] == "array":
            found += [[-0.1, 0.1]]
        elif kind["type"] == "null":
            found += [None]
    return [
        value
        for value in {repr(each): each for each in found}.values()
        if repr(value) != repr(now) and valid(case, name, value)
    ]


def valid(case: Case, name: str, value: Any) -> bool:
    try:
        parameters = case.parameters(**{name: value})
    except (ValidationError, TypeError):  # the latter where a range meets the word `auto`
        return False
    return all(
        parameters[rule.parameter] % parameters[rule.other] == 0
        for rule in case.component.rules
        if rule.kind == "divisible"
    )


def context(case: Case, name: str) -> dict[str, Any]:
    """Return the values under which a parameter acts, as its rules tell."""
    answer: dict[str, Any] = {"use_pretrained": True} if name == "pretrained_model_name_or_path" else {}
    if name == "pretrained_kwargs":
        answer["num_hidden_layers"] = None  # the parameter of that name comes first
    base = case.parameters()
    for rule in case.component.rules:
        if rule.kind == "ignored-unless" and rule.parameter == name and base[rule.other] not in rule.values:
            answer[rule.other] = rule.values[min(1, len(rule.values) - 1)] if rule.values else LISTS[rule.other][0]
        if rule.kind == "exclusive" and rule.parameter == name and rule.other in case.base:
            answer[rule.other] = None
    # Two layers show a connection between them; one would not.
    if answer.get("num_fc_layers") == 1:
        answer["num_fc_layers"] = 2
    return {key: value for key, value in answer.items() if key in case.component.parameters.model_fields}


def refused_values(declared: Mapping[str, Any]) -> Iterator[Any]:
    """Yield values that break the declared type or range."""
    types = {kind.get("type", "enum") for kind in kinds(declared)}
    if "string" in types and not any("enum" in kind or "const" in kind for kind in kinds(declared)):
        yield 3
        return
    yield "no such value"
    yield [1]
    if "null" not in types:
        yield None
    for kind in kinds(declared):
        for bound, step in (("minimum", -1), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 0)):
            if bound in kind:
                yield kind[bound] + step
        if kind.get("type") == "integer":
            yield 1.5
        if kind.get("type") == "boolean":
            yield 1


def test_components_are_found() -> None:
    assert {
        "encoder-number-passthrough",
        "encoder-number-piecewise_linear",
        "encoder-number-periodic_linear",
        "encoder-binary-dense",
        "encoder-category-dense",
        "encoder-category-onehot",
        "encoder-category-passthrough",
        "encoder-category-sparse",
        "encoder-category-hash",
        "encoder-vector-dense",
        "encoder-vector-passthrough",
        "encoder-bag-embed",
        "encoder-set-embed",
        "encoder-date-embed",
        "encoder-sequence-embed",
        "encoder-sequence-cnnrnn",
        "encoder-sequence-rnn",
        "encoder-sequence-stacked_parallel_cnn",
        "encoder-date-wave",
        "encoder-h3-embed",
        "encoder-h3-rnn",
        "encoder-h3-weighted_sum",
        "encoder-text-embed",
        "encoder-text-parallel_cnn",
        "encoder-text-lstm",
        "encoder-text-gru",
        "encoder-text-rnn",
        "encoder-text-tf_idf",
        "encoder-text-transformer",
        "encoder-text-bert",
        "encoder-text-auto_transformer",
        "combiner-comparator",
        "combiner-concat",
        "combiner-ft_transformer",
        "combiner-project_aggregate",
        "combiner-sequence",
        "combiner-sequence_concat",
        "combiner-tabnet",
        "combiner-tabtransformer",
        "combiner-transformer",
        "decoder-number-regressor",
        "decoder-binary-regressor",
        "decoder-category-classifier",
        "decoder-category-mlp_classifier",
        "decoder-binary-mlp_classifier",
        "decoder-category_distribution-classifier",
        "decoder-set-classifier",
        "decoder-vector-projector",
        "decoder-sequence-tagger",
        "decoder-text-tagger",
        "decoder-sequence-generator",
        "decoder-text-generator",
        "decoder-sequence-transformer_generator",
        "decoder-text-transformer_generator",
    } <= set(NAMES)


def test_every_sentence_is_one_for_a_user(case: Case) -> None:
    sentences = [case.component.doc, *(rule.doc for rule in case.component.rules)]
    sentences += [str(declared["description"]) for declared in case.schema.values()]
    for sentence in sentences:
        assert sentence.endswith("."), sentence
        assert 15 <= len(sentence) <= 200, sentence


def test_values_out_of_range_are_refused_by_name(case: Case) -> None:
    for name, declared in case.schema.items():
        for value in refused_values(declared):
            with pytest.raises(ValidationError) as refusal:
                case.parameters(**{name: value})
            assert refusal.value.errors()[0]["loc"][0] == name, (name, value)


def test_an_unknown_parameter_is_refused(case: Case) -> None:
    with pytest.raises(ValidationError, match="no_such_parameter"):
        case.parameters(no_such_parameter=1)


def test_planned_values_are_not_accepted_yet(case: Case) -> None:
    for name, declared in case.schema.items():
        for value in declared.get("x-planned", []):
            with pytest.raises(ValidationError):
                case.parameters(**{name: value})


# --- what a module does --------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """Everything about a built module that a user could notice."""

    weights: dict[str, tuple[bool, Tensor]]
    answers: Tensor
    answers_in_training: Tensor
    answers_after_training: Tensor
    gradients: Tensor
    calls: int

    def same(self, other: Seen) -> bool:
        return (
            self.weights.keys() == other.weights.keys()
            and all(
                grad == other.weights[name][0]
                and weight.shape == other.weights[name][1].shape
                and torch.equal(weight, other.weights[name][1])
                for name, (grad, weight) in self.weights.items()
            )
            and equal(self.answers, other.answers)
            and equal(self.answers_in_training, other.answers_in_training)
            and equal(self.answers_after_training, other.answers_after_training)
            and equal(self.gradients, other.gradients)
            and self.calls == other.calls
        )


def told(answers: Tensor | TokenStates | TokenAnswers) -> Tensor:
    """Return answers as one tensor; of a vector for each token, the sum in which each place has a weight of its own."""
    if isinstance(answers, TokenAnswers):
        said = torch.cat([answers.ids.float(), answers.chances, answers.totals.unsqueeze(1)], dim=1)
        return torch.cat([told(answers.logits), said], dim=1)
    if not isinstance(answers, TokenStates):
        places = torch.arange(1.0, 1 + answers.shape[1]).unsqueeze(-1) if answers.dim() == 3 else None
        is_spoken = places is not None and answers.shape[:2] == (ROWS, TOKENS)
        return (answers * places).sum(1) if is_spoken else answers
    assert answers.values.shape[:2] == answers.mask.shape
    assert not answers.values[~answers.mask].any(), "padding must be zeros"
    places = torch.arange(1.0, 1 + answers.mask.shape[1]).unsqueeze(-1)
    return (answers.values * places).sum(1)


def equal(left: Tensor, right: Tensor) -> bool:
    return left.shape == right.shape and torch.equal(left.nan_to_num(7.0), right.nan_to_num(7.0))


def observe(case: Case, **given: Any) -> Seen:
    module = case.build(**given)
    weights = {name: (weight.requires_grad, weight.detach().clone()) for name, weight in module.named_parameters()}
    module.eval()
    with torch.no_grad():
        answers = told(module(*case.inputs()))
    module.train()
    calls: list[nn.Module] = []
    for part in module.modules():
        part.register_forward_hook(lambda part, *_: calls.append(part))
    torch.default_generator.manual_seed(11)
    training = told(module(*case.inputs()))
    if training.requires_grad:
        training.sum().backward()
    count = len(calls)
    gradients = [weight.grad.flatten() for weight in module.parameters() if weight.grad is not None]
    module.eval()
    with torch.no_grad():
        after = told(module(*case.inputs()))  # what a layer remembers of training, such as its running figures
    flat = torch.cat(gradients) if gradients else torch.zeros(0)
    return Seen(weights, answers, training.detach(), after, flat, count)


def test_defaults_build_and_shapes_hold(case: Case) -> None:
    module: Any = case.build()
    answers = told(module(*case.inputs()))
    if case.component.kind == "encoder":
        assert answers.shape == (ROWS, sum(module.widths))
    elif case.component.kind == "combiner":
        submodels = getattr(module, "submodels", None)
        assert answers.shape == ((ROWS, module.width) if submodels is None else (ROWS, submodels, module.width))
    else:
        assert answers.shape == ((ROWS,) if case.feature in ("number", "binary") else (ROWS, 3))
    assert answers.dtype == torch.float32
    assert answers.isfinite().all()


def test_the_same_seed_gives_the_same_module(case: Case) -> None:
    assert observe(case).same(observe(case))


def test_every_parameter_acts(case: Case) -> None:
    for name in case.component.parameters.model_fields.keys() - OF_ONE_MIND - case.aside:
        given = context(case, name)
        before = observe(case, **given)
        changed: list[bool] = []
        for value in alternatives(case, name):
            try:
                changed.append(not before.same(observe(case, **{**given, name: value})))
            except UserProblem:
                continue  # a number of layers that the small pretrained model does not have
        assert any(changed), f"{name} changes nothing"


def test_every_named_value_gives_finite_answers(case: Case) -> None:
    for name, declared in case.schema.items():
        if any("enum" in kind for kind in kinds(declared)):
            for value in alternatives(case, name):
                seen = observe(case, **{**context(case, name), name: value})
                assert seen.answers.isfinite().all(), (name, value)
                assert seen.answers_in_training.isfinite().all(), (name, value)


def test_a_parameter_that_a_rule_calls_ignored_changes_nothing(case: Case) -> None:
    for rule in case.component.rules:
        if rule.kind != "ignored-unless":
            continue
        outside = [
            value
            for value in [case.parameters()[rule.other], *alternatives(case, rule.other)]
            if value not in rule.values
        ]
        assert outside, rule
        before = observe(case, **{rule.other: outside[0]})
        for value in alternatives(case, rule.parameter):
            assert before.same(observe(case, **{rule.other: outside[0], rule.parameter: value})), (rule, value)


def test_weights_survive_saving(case: Case) -> None:
    trained, fresh = case.build(seed=3).eval(), case.build(seed=4).eval()
    fresh.load_state_dict(trained.state_dict(), strict=True)
    assert torch.equal(told(trained(*case.inputs())), told(fresh(*case.inputs())))


def test_gradients_reach_every_trainable_weight(case: Case) -> None:
    given = {"trainable": True} if "trainable" in case.component.parameters.model_fields else {}
    module = case.build(**given)
    answers = told(module(*case.inputs()))
    if not any(weight.requires_grad for weight in module.parameters()):
        assert not answers.requires_grad
        return
    (answers * torch.randn(answers.shape, generator=torch.Generator().manual_seed(1))).sum().backward()
    for name, weight in module.named_parameters():
        assert weight.requires_grad, name
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        # Attention does not depend on a constant added to all keys: that gradient is zero by its nature.
        assert weight.grad.abs().max() > 0 or name.endswith("key.bias"), name


def test_a_few_steps_lower_the_loss(case: Case) -> None:
    # Chance would hide what a few steps do.
    module = case.build(**{"dropout": 0.0} if "dropout" in case.component.parameters.model_fields else {})
    answers = told(module(*case.inputs()))
    head = nn.Linear(answers.flatten(1).shape[1], 1) if answers.dim() > 1 else nn.Identity()
    weights = [each for each in (*module.parameters(), *head.parameters()) if each.requires_grad]
    targets = torch.randn(ROWS, generator=torch.Generator().manual_seed(2))
    losses: list[float] = []
    for _ in range(12):
        seen = told(module(*case.inputs()))
        loss = (head(seen.flatten(1) if seen.dim() > 1 else seen).reshape(ROWS) - targets).square().mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, weights)
        # Steps of one length: sums over tokens and single values differ in scale by orders of magnitude.
        size = 0.02 / torch.stack([gradient.norm() for gradient in gradients]).norm()
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.data -= size * gradient
    assert losses[-1] < losses[0]


def test_figures_are_told_without_memory(case: Case) -> None:
    with torch.device("meta"):
        told: Any = case.build()
    built: Any = case.build()
    assert all(weight.is_meta for weight in told.parameters())
    assert {name: weight.shape for name, weight in told.named_parameters()} == {
        name: weight.shape for name, weight in built.named_parameters()
    }
    if case.component.kind == "encoder":
        assert list(told.widths) == list(built.widths)


# --- groups and padding --------------------------------------------------------------------------------------------


def varied(case: Case) -> list[dict[str, Any]]:
    """Return one set of parameters for each value of each choice, in the context where it acts."""
    answer: list[dict[str, Any]] = [{}]
    for name, declared in case.schema.items():
        if any("enum" in kind or kind.get("type") == "boolean" for kind in kinds(declared)):
            answer += [{**context(case, name), name: value} for value in alternatives(case, name)]
    return answer


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_a_group_of_two_is_two_groups_of_one(case: Case, training: bool) -> None:
    if case.component.fusion is None:
        return
    members = [member("first"), member("second one.", WORDS - 1)]
    keys = {case.component.fusion(case.parameters(), each.facts) for each in members}
    assert len(keys) == 1
    (values,) = case.inputs(features=2)
    for given in varied(case):
        group: Any = case.build(members=members, **given).train(training)
        alone = [case.build(members=[each], **given).train(training) for each in members]
        assert len(group.widths) == 2
        # As they start, each feature from a seed of its own; then with other weights, copied to each one's own module.
        for _ in range(2):
            shares = values.chunk(2, dim=1)
            apart = torch.cat([each(share) for each, share in zip(alone, shares, strict=True)], dim=1)
            torch.testing.assert_close(group(values), apart, atol=1e-6, rtol=1e-5, msg=f"{given}")
            change(group)
            share_out(group, alone)


def change(module: nn.Module) -> None:
    chance = torch.Generator().manual_seed(8)
    for weight in module.parameters():
        weight.data += torch.randn(weight.shape, generator=chance)


def share_out(group: nn.Module, alone: list[nn.Module]) -> None:
    """Copy a group's weights to modules of one feature each: their first axis holds one feature after the other."""
    for name, weight in group.named_parameters():
        parts = [each.get_parameter(name) for each in alone]
        for part, share in zip(parts, weight.data.split([len(each) for each in parts]), strict=True):
            part.data.copy_(share)


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_padding_changes_nothing(case: Case, training: bool) -> None:
    if case.component.kind != "encoder" or case.feature not in RAGGED:
        return
    values, lengths = case.inputs()
    still = {name: 0.0 for name in case.component.parameters.model_fields if "dropout" in name or "pdrop" in name}
    widened = torch.cat([values, torch.full((ROWS, 5), 3)], dim=1)
    for row, length in enumerate(lengths):
        widened[row, length:] = 4  # padding may hold any id: only the lengths count
    for given in varied(case):
        module = case.build(**{**still, **given}).train(training)
        answers = told(module(values, lengths))
        torch.testing.assert_close(told(module(widened, lengths)), answers, atol=1e-5, rtol=1e-4, msg=f"{given}")


def test_texts_without_tokens_give_finite_answers(case: Case) -> None:
    if case.component.kind != "encoder" or case.feature not in RAGGED:
        return
    values, lengths = case.inputs()
    for given in varied(case):
        module = case.build(**given)
        some = told(module.eval()(values, lengths * (torch.arange(ROWS) > 2)))
        whole = told(module(values, lengths))
        assert some.isfinite().all(), given
        torch.testing.assert_close(some[3:], whole[3:], atol=1e-5, rtol=1e-4)
        none = told(module(values[:, :0], torch.zeros(ROWS, dtype=torch.int64)))
        torch.testing.assert_close(none, some[:1].expand_as(none), atol=1e-5, rtol=1e-4)


def test_ludwig_spells_the_initializers_and_activations_so() -> None:
    from typing import get_args

    from declml.components.activations import LayerActivation
    from declml.components.initializers import PLANNED_INITIALIZERS, WeightsInitializer

    assert len({*get_args(LayerActivation), None}) == 24
    assert len({*get_args(WeightsInitializer), *PLANNED_INITIALIZERS}) == 14
