"""What Ludwig knows and declml does not build yet is refused, unless its value is the one that asks for nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.schemas.planned_configs import PLAIN, SCHEMA, WORDS, said

from declml_schema.check import check
from declml_schema.planned import (
    planned_components,
    planned_keys,
    planned_parameters,
    planned_preprocessing,
)
from declml_schema.problems import Severity


def places() -> Iterator[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Yield every mapping of a config in which a name is planned: its name, a config, the mapping in it, the names."""
    for section in ("trainer", "preprocessing"):
        config = copy.deepcopy(PLAIN)
        config[section] = {}
        yield section, config, config[section], _missing(planned_keys(section), WORDS.section(section).properties)
    for kind, key in (("combiner", "combiner"), ("optimizer", "trainer.optimizer")):
        for name in WORDS.names(kind):
            word = WORDS.find(kind, name)
            assert word is not None
            config, where = copy.deepcopy(PLAIN), {"type": name, **{needed: ["a"] for needed in word.required}}
            if word.facts.get("tokens"):
                embed = {"type": "embed", "reduce_output": None}
                config["input_features"].append({"name": "t", "type": "text", "encoder": embed})
            if "." in key:
                config["trainer"] = {"optimizer": where}
            else:
                config[key] = where
            yield (
                f"{kind} {name}",
                config,
                where,
                _missing(planned_parameters(kind, name), WORDS.parameters(kind, name)),
            )
    for side in ("input", "output"):
        for kind in WORDS.names(side):
            yield from _of_a_feature(side, kind)


def _of_a_feature(side: str, kind: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    def fresh() -> tuple[dict[str, Any], dict[str, Any]]:
        config = copy.deepcopy(PLAIN)
        feature = {"name": "c", "type": kind}
        config[f"{side}_features"] = [feature]
        return config, feature

    word = WORDS.find(side, kind)
    assert word is not None
    config, feature = fresh()
    yield (
        f"{side} {kind}",
        config,
        feature,
        _missing(planned_components(side)[kind], WORDS.feature_block(side, kind).properties),
    )
    config, feature = fresh()
    feature["preprocessing"] = {}
    planned = _missing(planned_preprocessing(kind), word.preprocessing.properties)
    yield f"preprocessing of {side} {kind}", config, feature["preprocessing"], planned
    for part in ("encoder",) if side == "input" else ("decoder", "loss"):
        for name in WORDS.names(part, kind):
            config, feature = fresh()
            component = WORDS.find(part, name, kind)
            assert component is not None
            if component.facts.get("tokens") and part == "decoder":
                encoder = {"type": "rnn", "reduce_output": None}
                config["input_features"] = [{"name": "a", "type": "text", "encoder": encoder}]
            feature[part] = {"type": name, **dict.fromkeys(component.required, "some/model")}
            planned = _missing(planned_parameters(part, name, kind), WORDS.parameters(part, name, kind))
            yield f"{part} {name} of {kind}", config, feature[part], planned


def _missing(planned: Any, built: Any) -> dict[str, Any]:
    return {name: values for name, values in planned.items() if name not in built}


IDLE = {
    "proc_column", "reduce_dependencies", "learning_rate_scaling", "block_wise", "percentile_clipping",
    "saved_weights_in_checkpoint", "vocab", "vocab_size", "add_pooling_layer", "num_decoder_layers", "n_ctx", "untie_r",
    "bi_data", "same_length", "pad_token_id", "bos_token_id", "eos_token_id", "sep_token_id", "classifier_dropout",
    "classifier_dropout_prob", "seq_classif_dropout", "qa_dropout", "pooler_hidden_size", "pooler_hidden_act",
    "pooler_dropout", "start_n_top", "end_n_top", "summary_type", "summary_use_proj", "summary_activation",
    "summary_last_dropout", "mem_len", "reuse_len", "use_mems_eval", "use_mems_train", "padding", "compute_idf",
    "cache_encoder_embeddings", "max_sequence_length", "flatten_inputs",
}  # fmt: skip
"""Names of Ludwig's that have nothing to do here, which is no error."""
PLACES = [place for place in places() if place[3]]


@pytest.mark.parametrize(("config", "where", "planned"), [place[1:] for place in PLACES], ids=[p[0] for p in PLACES])
def test_ludwigs_defaults_ask_for_nothing_and_other_values_are_refused(
    config: dict[str, Any], where: dict[str, Any], planned: dict[str, Any]
) -> None:
    before = said(config)
    own = dict(where)
    where.update({name: values[0] for name, values in planned.items() if values})
    assert said(config) == before
    assert SCHEMA.is_valid(config)
    assert check(yaml.safe_dump(config)).plan is not None
    for name, values in planned.items():
        where.clear()
        where.update(own)
        where[name] = "something else" if "something else" not in values else 17
        found = [code for code, path in said(config) if path.endswith(f".{name}") or path == name]
        assert found == ["ignored-parameter" if name in IDLE else "not-built-yet"], name


def test_the_default_of_every_planned_name_of_a_built_part_is_known() -> None:
    unknown = {(place, name) for place, _, _, planned in PLACES for name, values in planned.items() if not values}
    assert unknown == set()


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ("hyperopt: {goal: minimize}\n", "hyperopt"),
    ],
)
def test_a_value_that_only_looks_like_the_default_is_refused(more: str, path: str) -> None:
    text = yaml.safe_dump(PLAIN) + more
    assert [(each.code, each.path) for each in check(text).problems] == [("not-built-yet", path)]


def test_whole_numbers_are_the_default_with_and_without_a_point() -> None:
    text = yaml.safe_dump(PLAIN) + "trainer: {modality_dropout: 0, contrastive_pretrain_projection_dim: 128.0}\n"
    assert check(text).problems == []


@pytest.mark.parametrize(
    "more",
    [
        "trainer: {learning_rate_scheduler: {decay: null, decay_rate: 0.96, decay_steps: 10000, t_0: null}}\n",
        "trainer: {learning_rate_scheduler: {decay: linear, max_lr: null, staircase: false, pct_start: 0.3}}\n",
    ],
)
def test_the_defaults_of_schedules_that_are_not_chosen_ask_for_nothing(more: str) -> None:
    text = yaml.safe_dump(PLAIN) + more
    assert check(text).problems == []
    assert SCHEMA.is_valid(yaml.safe_load(text))
    other = text.replace("0.96", "0.5").replace("0.3}", "0.2}")
    assert [each.severity for each in check(other).problems] == [Severity.ERROR]
    assert not SCHEMA.is_valid(yaml.safe_load(other))


@pytest.mark.parametrize(
    ("encoder", "name", "value", "reason"),
    [
        ("xlnet", "mem_len", 12, "nothing is remembered from one text to the next"),
        ("xlnet", "summary_type", "first", "the combiner and the decoder answer here"),
        ("roberta", "pad_token_id", 3, "the tokenizer knows its own special tokens"),
        ("bert", "saved_weights_in_checkpoint", True, "a saved model always holds all of its weights"),
        ("t5", "num_decoder_layers", 2, "an encoder has no decoder"),
    ],
)
def test_what_has_nothing_to_do_here_is_told_with_the_reason(encoder: str, name: str, value: Any, reason: str) -> None:
    config = copy.deepcopy(PLAIN)
    config["input_features"].append({"name": "t", "type": "text", "encoder": {"type": encoder, name: value}})
    answer = check(yaml.safe_dump(config, sort_keys=False))
    (problem,) = answer.problems
    assert (problem.code, problem.severity) == ("ignored-parameter", Severity.WARNING)
    assert reason in problem.message
    assert answer.plan is not None


@pytest.mark.parametrize(
    ("section", "value", "instead"),
    [
        ("hyperopt", "{parameters: {trainer.learning_rate: {space: uniform}}}", "--set trainer.learning_rate=0.003"),
        ("preset", "medium_quality", "`declml plan` tells"),
        ("tracking", "{mlflow: {}}", "`declml runs` lists"),
        ("preprocessing", "{global_max_sequence_length: 40}", "`defaults: {text: {preprocessing:"),
    ],
)
def test_a_section_of_ludwig_that_is_not_built_tells_what_to_do_instead(section: str, value: str, instead: str) -> None:
    (problem,) = check(yaml.safe_dump(PLAIN) + f"{section}: {value}\n").problems
    assert (problem.code, problem.path.partition(".")[0]) == ("not-built-yet", section)
    assert instead in problem.hint
