"""Names that Ludwig's configs use and declml does not build yet: known, told so, and guarded against misspelling.

The names stand in ``planned_names.json``, each with the values that ask for nothing: Ludwig's default, as its rendered
configs write it down. The file is read only when a config uses a word that the vocabulary lacks.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from declml_schema.document import entries, resolve, to_data
from declml_schema.inspection import Inspection
from declml_schema.problems import Severity
from declml_schema.tree import Entry, MappingNode, Node

PLANNED_FILE = Path(__file__).parent / "planned_names.json"

Names: TypeAlias = Mapping[str, Sequence[Any]]
"""Names, each with the values that ask for nothing; none where Ludwig's default is not known."""

_TRACKERS = ("aim", "comet", "mlflow", "tensorboard", "wandb")
_NOTE = "proc_column"
"""What Ludwig writes into the configs that it renders: a hash for its own cache."""
_IDLE: Mapping[str, str] = {
    "reduce_dependencies": "the answers that it would reduce are one for each row",
    "learning_rate_scaling": "it goes by the number of workers, and there is one",
    "block_wise": "bitsandbytes works in blocks, whatever is said",
    "percentile_clipping": "bitsandbytes clips no more; gradient_clipping does",
    "padding": "a batch's padding is marked as such, and no encoder sees it on either side",
    "compute_idf": "the encoder tf_idf counts the texts of each token unasked",
    "cache_encoder_embeddings": "what a frozen encoder says of a text or a sequence is computed once and kept unasked",
    "max_sequence_length": "a tagger answers every token that the preprocessing of its input leaves",
    "flatten_inputs": "the combiner concat takes one vector of each feature: reduce_output of its encoder makes it",
    "saved_weights_in_checkpoint": "a saved model always holds all of its weights",
    "vocab": "the training rows or the tokenizer bring the vocabulary",
    "vocab_size": "the training rows or the tokenizer bring the vocabulary",
    "add_pooling_layer": "there is one where reduce_output is cls_pooled",
    "num_decoder_layers": "an encoder has no decoder",
    "n_ctx": "n_positions says it",
    "untie_r": "each layer has weights of its own for places",
    "bi_data": "texts are read in one direction",
    "same_length": "each token sees all others",
    **dict.fromkeys(
        ("pad_token_id", "bos_token_id", "eos_token_id", "sep_token_id"), "the tokenizer knows its own special tokens"
    ),
    **dict.fromkeys(
        ("classifier_dropout", "classifier_dropout_prob", "seq_classif_dropout", "qa_dropout", "pooler_hidden_size",
         "pooler_hidden_act", "pooler_dropout", "start_n_top", "end_n_top", "summary_type", "summary_use_proj",
         "summary_activation", "summary_last_dropout"),
        "it belongs to a head of the library, and the combiner and the decoder answer here",
    ),
    **dict.fromkeys(
        ("mem_len", "reuse_len", "use_mems_eval", "use_mems_train"), "nothing is remembered from one text to the next"
    ),
}  # fmt: skip
"""What has nothing to do here, with the reason."""
_INSTEAD: Mapping[str, str] = {
    "hyperopt": "A config trains one model. Take the section out and try values in runs of their own: `declml train"
    " CONFIG --set trainer.learning_rate=0.003`; `declml runs list` and `declml runs diff` compare them.",
    "global_max_sequence_length": "Say it for each type of feature: `defaults: {text: {preprocessing:"
    " {max_sequence_length: 128}}}`.",
    "prompt": "Write what the encoder is to read into a column of the table, and name that column.",
    "preset": "Take it out: what the config does not say is chosen by declml from the table, and `declml plan` tells"
    " it.",
    "tracking": "Take it out: every run keeps its events, its metrics and files for TensorBoard in its own folder, and"
    " `declml runs` lists and compares them.",
}
"""What to do in the place of what is not built."""


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Any]:
    return json.loads(PLANNED_FILE.read_text(encoding="utf-8"))


def planned_components(kind: str, feature: str | None = None) -> Mapping[str, Names]:
    """Return Ludwig's components of a kind (for a feature type), each with its parameters; of a type, its keys."""
    names = _names()
    if kind in ("encoder", "decoder", "loss"):
        side = "input" if kind == "encoder" else "output"
        return names[side].get(feature, {}).get(kind, {})
    if kind in ("input", "output"):
        return {name: entry["keys"] for name, entry in names[kind].items()}
    if kind == "metric":
        return {name: {} for name in names["metric"].get(feature, ())}
    return names.get(kind, {})


def planned_parameters(kind: str, name: str, feature: str | None = None) -> Names:
    """Return the parameters that Ludwig gives a component."""
    return planned_components(kind, feature).get(name, {})


def planned_preprocessing(feature: str) -> Names:
    """Return what Ludwig knows in the preprocessing of a feature type, input or output."""
    names = _names()
    sides = [names[side].get(feature, {}).get("preprocessing", {}) for side in ("input", "output")]
    return {name: [value for side in sides for value in side.get(name, ())] for name in sorted({*sides[0], *sides[1]})}


def planned_keys(section: str) -> Names:
    """Return what Ludwig knows in a fixed section, such as ``trainer`` or ``hyperopt.executor``."""
    names = _names()
    if section == "config":
        return {**names["config"]["ecd"], **names["config"]["llm"]}
    if section in ("hyperopt", "hyperopt.executor", "hyperopt.search_alg"):
        return dict.fromkeys(names["hyperopt"][section.partition(".")[2] or "keys"], ())
    if section == "tracking":  # a section of our own
        return dict.fromkeys(_TRACKERS, ())
    if section == "schedule":
        return {name: values for schedule in names["schedule"].values() for name, values in schedule.items()}
    return names.get(section, {})


def tell_planned(inspection: Inspection, entry: Entry, path: str, what: str, planned: Names | Collection[str]) -> None:
    """Tell that a key is not built yet, unless its value asks for nothing; ``planned`` has its name."""
    name = entry.key.text
    if isinstance(planned, Mapping) and asks_for_nothing(planned[name], entry.value):
        return
    if name == _NOTE:
        message = f"'{name}' of {what} is a note of Ludwig's to itself, which does nothing here."
        inspection.add("ignored-parameter", message, entry.key.span, path, severity=Severity.INFORMATION)
        return
    if name in _IDLE:
        message = f"'{name}' of {what} does nothing here: {_IDLE[name]}."
        inspection.add("ignored-parameter", message, entry.key.span, path, severity=Severity.WARNING)
        return
    message = f"'{name}' of {what} is known but not built yet."
    inspection.add("not-built-yet", message, entry.key.span, path, hint=_INSTEAD.get(name, ""))


def asks_for_nothing(values: Sequence[Any], node: Node) -> bool:
    """Return whether what stands at ``node`` is one of ``values``; 0 and false are two things."""
    if not values:
        return False
    written = json.dumps(_plain(to_data(node)), sort_keys=True)
    return any(json.dumps(_plain(value), sort_keys=True) == written for value in values)


def _plain(value: Any) -> Any:
    """Return a value with whole numbers as integers, as 0.0 and 0 are one."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def defaults_ask_for_nothing(feature: str, node: Node) -> bool:
    """Return whether ``defaults`` for a type that is not built hold nothing but Ludwig's own."""
    target = resolve(node)
    if not isinstance(target, MappingNode):
        return False
    keys = {**planned_components("input").get(feature, {}), **planned_components("output").get(feature, {})}
    for entry in entries(target):
        name = entry.key.text
        if name == "preprocessing":
            fine = _all_ask_for_nothing(planned_preprocessing(feature), entry.value)
        elif name in ("encoder", "decoder", "loss"):
            fine = _component_asks_for_nothing(planned_components(name, feature), entry.value)
        else:
            fine = asks_for_nothing(keys.get(name, ()), entry.value)
        if not fine:
            return False
    return True


def _component_asks_for_nothing(known: Mapping[str, Names], node: Node) -> bool:
    target = resolve(node)
    if not isinstance(target, MappingNode):
        return False
    types = [to_data(entry.value) for entry in entries(target) if entry.key.text == "type"]
    return len(types) == 1 and types[0] in known and _all_ask_for_nothing(known[str(types[0])], target, but="type")


def _all_ask_for_nothing(names: Names, node: Node, *, but: str = "") -> bool:
    target = resolve(node)
    return isinstance(target, MappingNode) and all(
        entry.key.text == but or asks_for_nothing(names.get(entry.key.text, ()), entry.value)
        for entry in entries(target)
    )
