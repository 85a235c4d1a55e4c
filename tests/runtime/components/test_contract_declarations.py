"""What the declaration of every encoder, combiner and decoder promises: a new one joins by being declared."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from .contract_cases import NAMES, Case
from .contract_values import refused_values


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
        "encoder-text-ngram_bag",
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


def test_ludwig_spells_the_initializers_and_activations_so() -> None:
    from typing import get_args

    from declml.components.activations import LayerActivation
    from declml.components.initializers import PLANNED_INITIALIZERS, WeightsInitializer

    assert len({*get_args(LayerActivation), None}) == 24
    assert len({*get_args(WeightsInitializer), *PLANNED_INITIALIZERS}) == 14
