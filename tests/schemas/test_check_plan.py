"""What a config without a mistake becomes: the plan, with every default, and where each value comes from."""

from __future__ import annotations

import pytest
from tests.schemas.checking import HEAD

from declml_schema.check import check


def test_a_right_config_has_a_plan_and_no_problem() -> None:
    plan, problems = check(HEAD)
    assert problems == []
    assert plan is not None
    assert plan.inputs[0].encoder.type == "ngram_bag"
    assert plan.outputs[0].decoder.type == "classifier"
    assert plan.combiner.type == "tabm"
    assert plan.trainer["epochs"] == "auto"
    assert plan.trainer["optimizer"]["type"] == "adamw"
    assert plan.trainer["gradient_clipping"] == {"clipglobalnorm": 1.0, "clipnorm": None, "clipvalue": None}
    assert (plan.trainer["validation_field"], plan.trainer["validation_metric"]) == ("class", "loss")
    assert "accuracy" in plan.evaluation["metrics"]["class"]


def test_defaults_fill_features_of_their_type_and_the_feature_wins() -> None:
    text = (
        HEAD
        + "defaults: {text: {encoder: {type: lstm, num_layers: 3, dropout: 0.5}, preprocessing: {lowercase: true}}}\n"
    )
    result = check(text.replace("type: text}", "type: text, encoder: {dropout: 0.25}}"))
    plan = result.plan
    assert plan is not None
    encoder = plan.inputs[0].encoder
    assert (encoder.type, encoder.parameters["num_layers"], encoder.parameters["dropout"]) == ("lstm", 3, 0.25)
    assert plan.inputs[0].preprocessing["lowercase"] is True
    assert result.origins["input_features[0].encoder.dropout"] == "here"
    assert result.origins["input_features[0].encoder.num_layers"] == "defaults"
    assert result.origins["input_features[0].encoder.state_size"] == "built in"
    assert result.origins["trainer.epochs"] == "built in"


def test_defaults_of_another_encoder_do_not_reach_a_feature() -> None:
    text = HEAD.replace("type: text}", "type: text, encoder: {type: gru}}")
    plan = check(text + "defaults: {text: {encoder: {type: lstm, num_layers: 3}}}\n").plan
    assert plan is not None
    assert plan.inputs[0].encoder.type == "gru"
    assert plan.inputs[0].encoder.parameters["num_layers"] != 3


def test_an_encoder_brings_its_preprocessing() -> None:
    text = HEAD.replace("type: text}", "type: text, encoder: {type: bert, pretrained_model_name_or_path: some/model}}")
    plan = check(text).plan
    assert plan is not None
    assert plan.inputs[0].preprocessing["tokenizer"] == "hf_tokenizer"
    assert plan.inputs[0].preprocessing["pretrained_model_name_or_path"] == "some/model"


@pytest.mark.parametrize(
    ("encoder", "preprocessing", "tokenizer"),
    [
        ("pretrained_model_name_or_path: some/model", "", "hf_tokenizer"),
        ("pretrained_model_name_or_path: some/model", "{tokenizer: space}", "space"),
        ("num_hidden_layers: 2", "", "space_punct"),
        ("num_hidden_layers: 2", "{tokenizer: characters}", "characters"),
    ],
)
def test_an_encoder_from_scratch_only_suggests_the_tokenizer_of_a_model_that_the_config_names(
    encoder: str, preprocessing: str, tokenizer: str
) -> None:
    own = f", preprocessing: {preprocessing}" if preprocessing else ""
    text = HEAD.replace("type: text}", f"type: text, encoder: {{type: bert, use_pretrained: false, {encoder}}}{own}}}")
    checked = check(text)
    assert checked.plan is not None
    assert checked.plan.inputs[0].preprocessing["tokenizer"] == tokenizer
    assert not [each for each in checked.problems if "tokenizer" in each.path]


def test_whole_numbers_and_numbers_with_a_point_make_one_plan() -> None:
    first = check(HEAD + "trainer: {learning_rate: 1, epochs: 3}\n").plan
    second = check(HEAD + "trainer: {learning_rate: 1.0, epochs: 3.0}\n").plan
    assert first is not None
    assert second is not None
    assert first.identity == second.identity


def test_a_schedule_brings_its_parameters_into_the_plan() -> None:
    plan = check(HEAD + "trainer: {learning_rate_scheduler: {decay: exponential, decay_rate: 0.5}}\n").plan
    assert plan is not None
    scheduler = plan.trainer["learning_rate_scheduler"]
    assert (scheduler["decay"], scheduler["decay_rate"], scheduler["warmup_fraction"]) == ("exponential", 0.5, 0.05)
    assert "decay_steps" in scheduler


def test_a_metric_without_a_field_finds_the_output_that_has_it() -> None:
    text = HEAD + "  - {name: price, type: number}\ntrainer: {validation_metric: r2}\n"
    plan = check(text).plan
    assert plan is not None
    assert (plan.trainer["validation_field"], plan.trainer["validation_metric"]) == ("price", "r2")
    both = check(HEAD + "  - {name: price, type: number}\n").plan
    assert both is not None
    assert (both.trainer["validation_field"], both.trainer["validation_metric"]) == ("combined", "loss")


def test_what_an_encoder_brings_is_built_in() -> None:
    result = check(HEAD.replace("type: text}", "type: text, encoder: {type: bert}}"))
    assert result.origins["input_features[0].preprocessing.tokenizer"] == "built in"


def test_parameters_of_a_text_encoder_without_its_type_are_those_of_ludwigs() -> None:
    features = "input_features: [{name: t, type: text%s}]\noutput_features: [{name: late, type: binary}]\n"
    said = ", encoder: {num_filters: 3, reduce_output: max}"
    for text in (
        features % said,
        features % "" + "defaults: {text: {encoder: {num_filters: 3, reduce_output: max}}}\n",
    ):
        plan, problems = check(text)
        assert problems == []
        assert plan is not None
        assert (plan.inputs[0].encoder.type, plan.inputs[0].encoder.parameters["num_filters"]) == ("parallel_cnn", 3)
