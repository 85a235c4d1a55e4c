"""What all encoders around a Hugging Face model share: it is loaded, rebuilt, frozen or trained."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.components.encoders.adapters import Adapter, adapter_parameter, add_adapter
from declml.components.encoders.pretrained_changes import change_config
from declml.components.encoders.sequence_parts import own_tokens, vocabulary_size
from declml.components.token_states import WeightlessReduction, keeps_tokens, reduced
from declml.contracts import Facts, Member, TokenStates
from declml.errors import UserProblem
from declml_schema.declare import Parameters, parameter

ReduceTokens: TypeAlias = Literal["cls_pooled"] | WeightlessReduction

PLANNED_TRANSFORMER_REDUCTIONS = ["concat", "attention", "attention_pooling"]

FACTS: Mapping[str, Any] = {
    # The preprocessing that such an encoder brings: the tokenizer that its model was trained with.
    "implies": {"tokenizer": "hf_tokenizer", "pretrained_model_name_or_path": "$pretrained_model_name_or_path"},
    "suggests": {"use_pretrained": False},
    # How a pretrained model is trained further, in small steps and a few times over; and how one from scratch is.
    "pace": {"learning_rate": 0.00002, "epochs": 5, "batch_rows": 16},
    "pace_from_scratch": {"learning_rate": 0.0003, "epochs": 20, "batch_rows": 16},
}
"""What else is to be known of every encoder around a Hugging Face model."""

_PLAIN_ATTENTION = "eager"  # what the library calls it; its own choice needs no word
_NOT_THE_MODEL = ("_name_or_path", "transformers_version")  # where it came from, which a saved model must not need


class TransformerParameters(Parameters):
    """What a config may say of every encoder around a Hugging Face model."""

    use_pretrained: bool = parameter(
        True, "Whether to start from the pretrained weights; otherwise from random ones, which need far more data."
    )
    trainable: bool = parameter(
        False,
        "Whether the model itself is trained; otherwise its weights stay as they are, which is many times faster.",
        common=True,
    )
    max_sequence_length: int | None = parameter(
        None,
        "How many tokens are read at most, the rest being left out; null reads as many as the model can.",
        ge=1,
        unit="tokens",
    )
    num_hidden_layers: int | None = parameter(
        None,
        "How many layers the model has; of a pretrained model the first ones are kept, and null keeps all of them. "
        "Fewer layers are faster and often lose little.",
        ge=1,
        common=True,
    )
    pretrained_kwargs: dict[str, Any] | None = parameter(
        None,
        "Settings of the pretrained model that are changed as it is loaded, by their names in its config.json, or"
        " attn_implementation.",
        examples=[{"attention_dropout": 0.2}],
    )
    adapter: Adapter | None = adapter_parameter()


class TextTransformer(nn.Module):
    """A Hugging Face model over token ids, reduced to one vector a text.

    A ``frozen`` one has no gradients and no dropout: the same text gives the same vector, so that it can be kept.
    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        reduce_output: ReduceTokens,
        max_sequence_length: int | None,
        trainable: bool,
        adapter: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self._config: Any = model.config
        if reduce_output == "cls_pooled":
            if getattr(model, "pooler", None) is None:
                raise UserProblem(
                    "pretrained-pooler",
                    "reduce_output must not be cls_pooled for a model without a pooling layer; "
                    f"got a model of type {self._config.model_type}.",
                    hint="Use reduce_output: mean.",
                )
        elif getattr(model, "pooler", None) is not None:
            # Its weights would be saved although nothing uses them, and never get a gradient.
            setattr(model, "pooler", None)  # noqa: B010 - torch's annotation of a plain assignment leaves None out
        _drop_unused(model)
        self.model = model
        self.reduce_output: ReduceTokens = reduce_output
        self.per_token = keeps_tokens(reduce_output)
        self.frozen = not trainable
        self.widths = [int(self._config.hidden_size)]
        limits = [each for each in (max_sequence_length, _position_limit(model)) if each is not None]
        self.max_tokens = min(limits) if limits else None
        model.requires_grad_(trainable)
        if trainable and adapter is not None:
            self.adapter_guide = add_adapter(model, adapter)
        self.train(self.training)

    def train(self, mode: bool = True) -> TextTransformer:  # noqa: FBT001, FBT002 - the signature of nn.Module
        """Switch training behaviour; a frozen model always stays in evaluation."""
        super().train(mode)
        if self.frozen:
            self.model.eval()
        return self

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``; a text without tokens gives zeros."""
        values, mask = own_tokens(values[:, : self.max_tokens], lengths)
        empty = ~mask.any(1)
        # Attention over nothing is not a number: an empty row attends to its first place and is set to zero below.
        attended = mask | (empty.unsqueeze(1) & (torch.arange(mask.shape[1], device=mask.device) == 0))
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            answers = self.model(input_ids=values, attention_mask=attended.to(torch.int64), **self._looks(values))
            if self.reduce_output == "cls_pooled":
                return answers.pooler_output.masked_fill(empty.unsqueeze(1), 0.0)
            return reduced(answers.last_hidden_state, mask, self.reduce_output, nn.Identity())

    def _looks(self, values: Tensor) -> dict[str, Tensor]:
        """Return what else a model must be told.

        Which tokens of a Longformer look at all others: the first of each text. Where the tokens of a RoBERTa from
        scratch stand, since it would count them from behind the id of its padding, and has none.
        """
        told: dict[str, Tensor] = {}
        places = torch.arange(values.shape[1], device=values.device).expand_as(values)
        if getattr(getattr(self.model, "embeddings", None), "padding_idx", 0) is None:
            told["position_ids"] = places
        if self._config.model_type == "longformer":
            told["global_attention_mask"] = (places == 0).long()
        return told

    def extra_facts(self) -> dict[str, Any]:
        """Return what must be saved in the member's facts to build the same module without the original folder."""
        config = json.loads(self._config.to_json_string(use_diff=False))
        facts: dict[str, Any] = {
            "hf_config": {key: value for key, value in config.items() if key not in _NOT_THE_MODEL}
        }
        if self._config._attn_implementation == _PLAIN_ATTENTION:
            facts["hf_attention"] = _PLAIN_ATTENTION
        return facts


def saved_config(members: Sequence[Member]) -> Any | None:
    """Return the model's configuration from the facts of a saved model, or None for a new one."""
    saved: Mapping[str, Any] | None = members[0].facts.get("hf_config")
    if saved is None:
        return None
    require_transformers()
    from transformers import AutoConfig  # costs seconds: only where such an encoder is used

    config: Any = AutoConfig.for_model(**saved)
    if "hf_attention" in members[0].facts:
        config._attn_implementation = members[0].facts["hf_attention"]
    return config


def located_config(
    name: str,
    *,
    num_hidden_layers: int | None,
    use_pretrained: bool,
    settings: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Path, Any]:
    """Return the folder and the configuration of the model called ``name``, cut to the first ``num_hidden_layers``.

    ``settings`` and then ``changes``, which a config says itself, replace what the folder's configuration has.
    """
    require_transformers()
    from transformers import AutoConfig  # costs seconds: only where such an encoder is used

    from declml.pretrained import locate_pretrained

    folder = locate_pretrained(name)
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    config.update(dict(settings or {}))
    there_are = int(config.num_hidden_layers)
    if changes:
        change_config(config, changes, name)
    wanted = int(config.num_hidden_layers) if num_hidden_layers is None else num_hidden_layers
    if wanted != there_are or wanted != config.num_hidden_layers:
        if use_pretrained and wanted > there_are:
            raise UserProblem(
                "pretrained-layers",
                f"num_hidden_layers must be at most {there_are}, the layers of {name!r}; got {wanted}.",
                hint=f"Give {there_are} or fewer, leave it out, or train from scratch with use_pretrained: false.",
            )
        config.num_hidden_layers = wanted
        windows: Any = getattr(config, "attention_window", None)
        if isinstance(windows, list):  # Longformer has one for each layer
            config.attention_window = [windows[min(place, len(windows) - 1)] for place in range(wanted)]
    return folder, config


def pretrained_model(name: str, folder: Path, config: Any, *, needs_pooler: bool) -> nn.Module:
    """Return the model with the weights of ``folder``; on the meta device without, since only shapes count there."""
    if _on_meta():
        return new_model(config)
    from transformers import AutoModel

    with _quiet():
        model, report = AutoModel.from_pretrained(
            folder, config=config, local_files_only=True, dtype=torch.float32, output_loading_info=True
        )
    unneeded = ("decoder.",) if needs_pooler else ("decoder.", "pooler.")
    missing = [key for key in report["missing_keys"] if not key.startswith(unneeded)]
    if missing:
        raise UserProblem(
            "pretrained-weights",
            f"The weights of {name!r} must be complete; {len(missing)} are missing, such as {min(missing)}.",
            hint="Use reduce_output: mean if only the pooling layer is missing."
            if all(key.startswith("pooler.") for key in missing)
            else "Use a folder with the whole model, or train from scratch with use_pretrained: false.",
        )
    return _encoder_of(model)


def new_model(config: Any) -> nn.Module:
    """Return a model of that configuration with random weights."""
    from transformers import AutoModel

    with _quiet():
        model = _encoder_of(AutoModel.from_config(config, dtype=torch.float32))
    return model.to("meta") if _on_meta() else model  # some of XLNet's weights are made where no device is heeded


def check_type(config: Any, name: str, *, encoder: str, model_type: str) -> None:
    """Refuse a model of another family than the encoder is named after."""
    if config.model_type != model_type:
        raise UserProblem(
            "pretrained-type",
            f"The encoder {encoder} must get a model of type {model_type}; {name!r} is of type {config.model_type}.",
            hint="Use the encoder auto_transformer.",
        )


def check_vocabulary(facts: Facts, config: Any, name: str) -> None:
    """Refuse a tokenizer that knows more tokens than the model."""
    tokens = vocabulary_size(facts)
    if tokens > config.vocab_size:
        raise UserProblem(
            "pretrained-vocabulary",
            f"The tokenizer must not know more tokens than the {config.vocab_size} of {name!r}; it knows {tokens}.",
            hint="Let the preprocessing use the model's own tokenizer: tokenizer: hf_tokenizer.",
        )


def require_transformers() -> None:
    """Refuse to go on without the optional package."""
    try:
        import transformers  # costs seconds: only where such an encoder is used
    except ImportError as reason:
        raise UserProblem(
            "missing-package",
            "This encoder needs the package transformers, which is not installed.",
            hint="Install it: pip install 'declml[text]'.",
        ) from reason
    del transformers


def _encoder_of(model: Any) -> nn.Module:
    """Return the part of the model that encodes, which is all of it unless there is a decoder."""
    return model.get_encoder() if isinstance(getattr(model, "decoder", None), nn.Module) else model


def _drop_unused(model: nn.Module) -> None:
    """Take away weights that act on other inputs than texts: they would be saved, and never get a gradient."""
    config: Any = model.config
    if config.model_type != "xlnet":
        return
    for part in model.modules():
        for name in ("mask_emb", "seg_embed", "r_s_bias"):
            if name in part._parameters:  # pyright: ignore[reportPrivateUsage] - torch has no other way to ask
                setattr(part, name, None)


def _position_limit(model: nn.Module) -> int | None:
    """Return how many tokens the model has positions for, None where there is no such limit."""
    config: Any = model.config
    limit: int | None = getattr(config, "max_position_embeddings", None)
    positions = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    if limit is not None and limit < 1:
        return None  # XLNet's way to say that there is none
    if limit is None or not isinstance(positions, nn.Embedding):
        return limit
    # RoBERTa and its relatives count positions from behind their padding id.
    return limit if positions.padding_idx is None else limit - positions.padding_idx - 1


def _on_meta() -> bool:
    return torch.empty(0).device.type == "meta"


@contextmanager
def _quiet() -> Generator[None]:
    """Keep the library's progress bar and report off the screen: what matters in it is checked here."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
