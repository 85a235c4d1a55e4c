"""Configs that Ludwig rendered in full, with every default, are taken."""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml
from tests.schemas.planned_configs import PLAIN, SCHEMA, WORDS, said

from declml_schema.check import check
from declml_schema.planned import (
    PLANNED_FILE,
)
from declml_schema.problems import Severity


def _rendered_defaults() -> dict[str, Any]:
    """Return ``defaults`` as Ludwig renders it: every type that is not built, with every default that is known."""
    names = json.loads(PLANNED_FILE.read_text())
    answer: dict[str, Any] = {}
    for kind in sorted({*names["input"], *names["output"]} - {*WORDS.names("input"), *WORDS.names("output")}):
        entry: dict[str, Any] = {}
        for side in ("output", "input"):
            for part, of in names[side].get(kind, {}).items():
                if part == "preprocessing":
                    entry[part] = {name: values[0] for name, values in of.items() if values}
                elif part in ("encoder", "decoder", "loss"):
                    first = next(iter(of))
                    entry[part] = {"type": first, **{name: values[0] for name, values in of[first].items() if values}}
        answer[kind] = entry
    return answer


def test_defaults_of_types_that_are_not_built_are_taken_as_long_as_they_are_ludwigs() -> None:
    defaults = _rendered_defaults()
    assert {"audio", "image", "timeseries"} <= set(defaults)
    config = {**PLAIN, "defaults": defaults}
    assert said(config) == []
    for part in ("preprocessing", "encoder"):
        changed = copy.deepcopy(config)
        changed["defaults"]["audio"][part][list(defaults["audio"][part])[-1]] = "other"
        assert said(changed) == [("not-built-yet", "defaults.audio")]
    changed = copy.deepcopy(config)
    changed["defaults"]["audio"]["preprocesing"] = {}
    assert said(changed) == [("not-built-yet", "defaults.audio")]


RENDERED = """\
model_type: ecd
ludwig_version: 0.17.10
input_features:
  - active: true
    name: title
    type: text
    column: title
    proc_column: title_mZFLky
    tied: null
    preprocessing:
      pretrained_model_name_or_path: null
      tokenizer: space_punct
      vocab_file: null
      sequence_length: null
      max_sequence_length: 256
      most_common: 20000
      padding_symbol: <PAD>
      unknown_symbol: <UNK>
      padding: right
      lowercase: false
      missing_value_strategy: fill_with_const
      fill_value: <UNK>
      computed_fill_value: <UNK>
      ngram_size: 2
      cache_encoder_embeddings: false
      compute_idf: false
      prompt: {template: null, task: null, retrieval: {type: null, index_name: null, model_name: null, k: 0}}
    encoder:
      skip: false
      adapter: null
      type: parallel_cnn
      dropout: 0.0
      activation: relu
      max_sequence_length: null
      representation: dense
      vocab: null
      use_bias: true
      bias_initializer: zeros
      weights_initializer: xavier_uniform
      should_embed: true
      embedding_size: 256
      embeddings_on_cpu: false
      embeddings_trainable: true
      pretrained_embeddings: null
      reduce_output: sum
      num_conv_layers: null
      conv_layers: null
      num_filters: 256
      filter_size: 3
      pool_function: max
      pool_size: null
      output_size: 256
      norm: null
      norm_params: null
      num_fc_layers: null
      fc_layers: null
output_features:
  - active: true
    name: class
    type: category
    column: class
    proc_column: class_aB3-x_
    reduce_input: sum
    default_validation_metric: accuracy
    dependencies: []
    reduce_dependencies: sum
    input_size: null
    num_classes: null
    calibration: false
    top_k: 3
    preprocessing:
      missing_value_strategy: drop_row
      fill_value: <UNK>
      computed_fill_value: <UNK>
      lowercase: false
      most_common: 10000
      cache_encoder_embeddings: false
    decoder:
      type: classifier
      fc_layers: null
      num_fc_layers: 0
      fc_output_size: 256
      fc_use_bias: true
      fc_weights_initializer: xavier_uniform
      fc_bias_initializer: zeros
      fc_norm: null
      fc_norm_params: null
      fc_activation: relu
      fc_dropout: 0.0
      input_size: null
      num_classes: null
      use_bias: true
      weights_initializer: xavier_uniform
      bias_initializer: zeros
      calibration: null
      mc_dropout_samples: 0
    loss:
      type: softmax_cross_entropy
      weight: 1.0
      class_weights: null
      robust_lambda: 0
      confidence_penalty: 0
      class_similarities: null
      class_similarities_temperature: 0
combiner:
  type: concat
  dropout: 0.0
  activation: relu
  flatten_inputs: false
  residual: false
  use_bias: true
  bias_initializer: zeros
  weights_initializer: xavier_uniform
  num_fc_layers: 0
  output_size: 256
  norm: null
  norm_params: null
  fc_layers: null
  batch_ensemble: false
  num_ensemble_members: 4
trainer:
  validation_field: class
  validation_metric: accuracy
  early_stop: 5
  skip_all_evaluation: false
  enable_profiling: false
  profiler: {wait: 1, warmup: 1, active: 3, repeat: 5, skip_first: 0}
  learning_rate: 0.001
  learning_rate_scheduler:
    decay: null
    decay_rate: 0.96
    decay_steps: 10000
    staircase: false
    reduce_on_plateau: 0
    reduce_on_plateau_patience: 10
    reduce_on_plateau_rate: 0.1
    warmup_evaluations: 0
    warmup_fraction: 0.0
    reduce_eval_metric: loss
    reduce_eval_split: training
    t_0: null
    t_mult: 1
    eta_min: 0
    max_lr: null
    pct_start: 0.3
    div_factor: 25.0
    final_div_factor: 10000.0
    inverse_sqrt_warmup_steps: 4000
    polynomial_power: 1.0
    polynomial_end_lr: 0.0
    wsd_warmup_fraction: 0.1
    wsd_stable_fraction: 0.8
    wsd_decay_fraction: 0.1
  epochs: 100
  checkpoints_per_epoch: 0
  train_steps: null
  eval_steps: null
  steps_per_checkpoint: 0
  effective_batch_size: auto
  batch_size: auto
  max_batch_size: 1099511627776
  gradient_accumulation_steps: auto
  eval_batch_size: null
  evaluate_training_set: false
  optimizer: {type: adam, betas: [0.9, 0.999], eps: 1.0e-08, weight_decay: 0.0, amsgrad: false}
  regularization_type: l2
  regularization_lambda: 0.0
  should_shuffle: true
  increase_batch_size_on_plateau: 0
  increase_batch_size_on_plateau_patience: 5
  increase_batch_size_on_plateau_rate: 2.0
  increase_batch_size_eval_metric: loss
  increase_batch_size_eval_split: training
  gradient_clipping: {clipglobalnorm: 0.5, clipnorm: null, clipvalue: null}
  learning_rate_scaling: linear
  bucketing_field: null
  use_mixed_precision: false
  compile: false
  enable_gradient_checkpointing: false
  layers_to_freeze_regex: null
  loss_balancing: none
  loss_balancing_alpha: 1.5
  loss_balancing_lr: 0.01
  loss_balancing_preference_vector: null
  loss_balancing_tchebycheff_weight: 0.5
  contrastive_pretrain_epochs: 0
  contrastive_pretrain_temperature: 0.07
  contrastive_pretrain_projection_dim: 128
  contrastive_pretrain_learnable_temperature: true
  modality_dropout: 0.0
  model_soup: null
  model_soup_top_k: 5
preprocessing:
  sample_ratio: 1.0
  sample_size: null
  oversample_minority: null
  undersample_majority: null
  split: {type: random, probabilities: [0.7, 0.1, 0.2]}
  global_max_sequence_length: null
hyperopt: null
backend: null
"""


def test_a_config_that_ludwig_rendered_in_full_is_taken() -> None:
    config = yaml.safe_load(RENDERED)
    config["defaults"] = _rendered_defaults()
    result = check(yaml.safe_dump(config, sort_keys=False))
    notes = [("ignored-parameter", f"{side}_features[0].proc_column") for side in ("input", "output")]
    assert [(each.code, each.path) for each in result.problems] == notes
    assert {each.severity for each in result.problems} == {Severity.INFORMATION}
    assert result.plan is not None
    for side in ("input", "output"):
        del config[f"{side}_features"][0]["proc_column"]
    del config["defaults"]  # the published schema leaves out what types that are not built would take
    assert SCHEMA.is_valid(config)
    short = check(
        "input_features: [{name: title, type: text, encoder: {type: parallel_cnn}}]\n"
        "output_features: [{name: class, type: category}]\n"
        "combiner: {type: concat}\n"
        "trainer:\n  epochs: 100\n  validation_metric: accuracy\n  learning_rate: 0.001\n  early_stop: 5\n"
        "  optimizer: {type: adam}\n"
        "  gradient_clipping: {clipglobalnorm: 0.5}\n"
        "  learning_rate_scheduler: {decay: null, warmup_fraction: 0.0}\n"
    ).plan
    assert short is not None
    assert (short.inputs, short.combiner, short.trainer) == (
        result.plan.inputs, result.plan.combiner, result.plan.trainer,
    )  # fmt: skip
