"""One way to build the encoder of a named family of models: from its pretrained weights, or from scratch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, reduce_parameter
from declml.components.encoders.pretrained_changes import told_changes
from declml.components.encoders.pretrained_parts import (
    FACTS,
    ReduceTokens,
    TextTransformer,
    TransformerParameters,
    check_type,
    check_vocabulary,
    located_config,
    new_model,
    pretrained_model,
    require_transformers,
    saved_config,
)
from declml.components.encoders.sequence_parts import vocabulary_size
from declml.components.token_states import WeightlessReduction
from declml.contracts import Member
from declml_schema.declare import Component, Rule

_OF_ALL = ("pretrained_model_name_or_path", "reduce_output")
_SPECIAL = ("pad_token_id", "bos_token_id", "eos_token_id")
_RECOMPUTING = "gradient_checkpointing"  # done to the model, not said in its configuration


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of models as the library transformers knows it, and what its parameters are called there.

    - ``encoder`` is its name in a config, ``model_type`` the library's;
    - ``layers`` is how many a model from scratch has where ``num_hidden_layers`` is null, or the
      parameter that says it;
    - ``training`` are the parameters that act in training; its other own ones only shape a model from scratch;
    - ``theirs`` gives the library's names of a parameter where they are not its own;
    - ``fixed`` is what the configuration of a model from scratch says besides: no special tokens, whose ids differ
      from one tokenizer to the next, and of which the mask alone says what is padding;
    - ``adjust`` is called with what the configuration of a model from scratch is to say and its number of layers: it
      refuses what the library would not take, and replaces what would leave weights that nothing uses.
    """

    encoder: str
    model_type: str
    layers: int | str
    training: tuple[str, ...]
    theirs: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    fixed: Mapping[str, Any] = field(default_factory=lambda: dict.fromkeys(_SPECIAL))
    adjust: Callable[[dict[str, Any], int], None] | None = None


class PooledParameters(TransformerParameters):
    """What a config may say of a family whose models have a summary of their own; each has a usual name."""

    pretrained_model_name_or_path: str
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")


class UnpooledParameters(TransformerParameters):
    """What a config may say of a family whose models have no summary of their own; each has a usual name."""

    pretrained_model_name_or_path: str
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


def family_encoder(
    family: Family,
    parameters: type[TransformerParameters],
    *,
    doc: str,
    rules: Sequence[Rule] = (),
    facts: Mapping[str, Any] = FACTS,
) -> Component:
    """Return the encoder of a family; ``rules`` are those that do not follow from what its parameters are for."""
    return Component(
        kind="encoder",
        name=family.encoder,
        doc=doc,
        parameters=parameters,
        features=("text",),
        build=FamilyBuild(family, parameters),
        rules=(*family_rules(family, parameters), *rules),
        facts=facts,
    )


def family_rules(family: Family, parameters: type[TransformerParameters]) -> tuple[Rule, ...]:
    """Return the rules that follow from what the family's parameters are for."""
    own_layers = [family.layers] if isinstance(family.layers, str) else []
    return (
        *(
            Rule("ignored-unless", name, "use_pretrained", (False,), f"A pretrained model brings its own {name}.")
            for name in [*_scratch(family, parameters), *own_layers]
        ),
        *(
            Rule("ignored-unless", name, "trainable", (True,), f"{name} acts only in training the model itself.")
            for name in family.training
        ),
        *(Rule("exclusive", name, "num_hidden_layers", (), "Both say how many layers.") for name in own_layers),
        Rule("ignored-unless", "pretrained_kwargs", "use_pretrained", (True,), "It changes how a model is loaded."),
        ADAPTER_RULE,
    )


class FamilyBuild:
    """Builds the encoder of one text feature; called with the members and the parameters that the family declares.

    From a saved configuration, else from the folder's weights, else from scratch, with the tokenizer's vocabulary.
    """

    def __init__(self, family: Family, parameters: type[TransformerParameters]) -> None:
        self._family = family
        self._scratch = _scratch(family, parameters)
        named = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in parameters.model_fields]
        # The declaration is the one place where a family's parameters are listed.
        self.__signature__ = inspect.Signature(
            [inspect.Parameter("members", inspect.Parameter.POSITIONAL_OR_KEYWORD), *named]
        )

    def __call__(self, members: Sequence[Member], **given: Any) -> TextTransformer:
        """Return the encoder."""
        self.__signature__.bind(members, **given)
        model = self._model(members, given)
        if given.get(_RECOMPUTING) and given["trainable"]:
            # The older name of the same method warns in newer versions.
            getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)()
        return TextTransformer(
            model,
            reduce_output=given["reduce_output"],
            max_sequence_length=given["max_sequence_length"],
            trainable=given["trainable"],
            adapter=given["adapter"],
        )

    def _model(self, members: Sequence[Member], given: Mapping[str, Any]) -> Any:
        config = saved_config(members)
        if config is not None:
            return new_model(config)
        facts = members[0].facts
        if not given["use_pretrained"]:
            return new_model(self._from_scratch(vocabulary_size(facts), given))
        family, name = self._family, given["pretrained_model_name_or_path"]
        folder, config = located_config(
            name,
            num_hidden_layers=given["num_hidden_layers"],
            use_pretrained=True,
            settings=self._in_library(family.training, given),
            changes=given["pretrained_kwargs"],
        )
        check_type(config, name, encoder=family.encoder, model_type=family.model_type)
        check_vocabulary(facts, config, name)
        with told_changes(given["pretrained_kwargs"]):
            return pretrained_model(name, folder, config, needs_pooler=given["reduce_output"] == "cls_pooled")

    def _from_scratch(self, words: int, given: Mapping[str, Any]) -> Any:
        """Return the configuration of a model from scratch that knows ``words`` tokens."""
        require_transformers()
        from transformers import AutoConfig  # costs seconds: only where this encoder is used

        family = self._family
        usual: int = given[family.layers] if isinstance(family.layers, str) else family.layers
        layers: int = given["num_hidden_layers"] or usual
        settings = self._in_library([*self._scratch, *family.training], given)
        if family.adjust is not None:
            family.adjust(settings, layers)
        return AutoConfig.for_model(
            family.model_type, vocab_size=words, num_hidden_layers=layers, **settings, **family.fixed
        )

    def _in_library(self, names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of these parameters under the library's names."""
        theirs = self._family.theirs
        return {each: given[name] for name in names if name != _RECOMPUTING for each in theirs.get(name, (name,))}


def _scratch(family: Family, parameters: type[TransformerParameters]) -> list[str]:
    """Return the parameters that only shape a model from scratch."""
    others = {*TransformerParameters.model_fields, *_OF_ALL, *family.training, family.layers}
    return [name for name in parameters.model_fields if name not in others]
