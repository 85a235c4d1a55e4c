"""How a component declares what a config may say about it: once, beside its code.

A component file holds a `Parameters` class and a `Component`; validation, completion, hovers, defaults, reference
pages and the published JSON Schema all come from them through `declml schema write`. This module needs pydantic, so
the checker and the editor never import it: they read the generated vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Kind: TypeAlias = Literal[
    "input", "output", "encoder", "combiner", "decoder", "loss", "metric", "optimizer", "schedule", "split", "section"
]
"""The places of a config where a component can be named; ``section`` is a fixed part such as ``trainer``."""


class Parameters(BaseModel):
    """Base of every declaration: strict types, no unknown names, frozen values."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())


def parameter(  # noqa: PLR0913 - one argument for each thing that can be said of a parameter
    default: Any,
    doc: str,
    *,
    unit: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    common: bool = False,
    examples: list[Any] | None = None,
    reference: Literal["column", "input_feature", "output_feature", "metric", "file"] | None = None,
    planned: list[Any] | None = None,
    refused: Mapping[str, str] | None = None,
    choice: Kind | None = None,
    choice_of: str | None = None,
) -> Any:
    """Declare one parameter: its default (``...`` if it must be given), one sentence for a user, and its range.

    ``doc`` says what it does and what a larger value costs, for a reader who has never seen the code. ``common``
    ranks it first in completion. ``reference`` says that the value names something else of the config or data.
    ``planned`` lists values that Ludwig knows and declml does not build yet: they get a problem of their own.
    ``refused`` has values that are known elsewhere and cannot serve here, each with the reason, half a sentence.
    ``choice`` says that the value is a component of that kind: a mapping with ``type`` and the component's own
    parameters; with ``choice_of`` one of those that serve this feature type. Its default is the fact ``default_types``.
    """
    marks = {
        "x-unit": unit,
        "x-common": common or None,
        "x-reference": reference,
        "x-planned": planned,
        "x-refused": dict(refused) if refused else None,
        "x-choice": choice,
        "x-feature": choice_of,
    }
    extra: dict[str, Any] = {key: value for key, value in marks.items() if value is not None}
    return Field(
        default,
        description=doc,
        ge=ge,
        gt=gt,
        le=le,
        lt=lt,
        min_length=min_length,
        max_length=max_length,
        examples=examples,
        json_schema_extra=extra or None,
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """A cross-field rule from a closed vocabulary: data that travels in the schema as ``x-rules``.

    - ``ignored-unless``: ``parameter`` acts only while ``other`` has one of ``values`` (none: is given), or
      ``or_given`` is given (a warning, not an error);
    - ``requires``: while ``parameter`` has one of ``values``, ``other`` must be given;
    - ``exclusive``: at most one of ``parameter`` and ``other`` may be given;
    - ``divisible``: ``parameter`` must be a multiple of ``other``;
    - ``at-most``: ``parameter`` must not be greater than ``other``;
    - ``sum``: the items of ``parameter`` must add up to ``values[0]``.
    """

    kind: Literal["ignored-unless", "requires", "exclusive", "divisible", "at-most", "sum"]
    parameter: str
    other: str = ""
    values: tuple[Any, ...] = ()
    doc: str = ""
    or_given: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One name that a config can say, with its parameters and the code that it stands for.

    ``features`` are the feature types it serves (empty where that has no meaning: combiners, optimizers, ...).
    ``build`` is what the runtime calls; its shape depends on ``kind`` and stands in `declml.contracts`. ``fusion``
    maps an encoder's parameters and one feature's facts to a key: features of one type, encoder and key become one
    group; without it every feature is a group of its own. ``facts`` holds what else the checker must know about the
    name:

    - input: ``default_encoder``; ``untyped_encoder``, which parameters without a type are of, where that is another;
      ``pace``, what `auto` is at most where there is such an input: ``learning_rate``, ``epochs``, and
      ``batch_rows``, the smallest batch;
    - output: ``default_decoder``, ``default_loss``, ``default_metric``, ``of_tokens`` (whether each token is an answer
      of its own), ``parameters`` are its own keys;
    - metric: ``goal`` (``maximize`` or ``minimize``), ``range``, ``package`` (what must be installed for it) and
      ``on_request`` (both: only told where a config names it);
    - optimizer: ``pace``, what `auto` is with it: ``learning_rate``, and ``all_rows``, whether a step takes all rows;
      ``hidden`` (whether it is built with a mark for each matrix between hidden layers);
    - encoder: ``implies`` (preprocessing values that it brings, a value ``$name`` standing for its own parameter;
      while one of its parameters is as ``suggests`` tells, only where the config gives these parameters and no other
      preprocessing), ``pace_from_scratch`` (the pace while its parameter ``use_pretrained`` is false),
      ``pace`` (as an input's, in whose place it comes where the encoder trains), ``asks`` (what it needs of its
      features' fit and arrays that no config says, by the names that `declml.contracts.InputOperation` knows; values as
      in ``implies``).
    - decoder: ``tokens`` (whether it needs a vector for each token of an input), ``asks`` (what it needs of its target
      that no config says: ``ends``, a symbol at the end of each sequence);
    - combiner: ``sources`` (whether it is built with the names and types of the features), ``tokens`` (whether it takes
      a vector for each token of a feature, and needs one that has them), ``by_rows`` (what its parameters that are
      `auto` become for so many training rows: rising ``above``, ``parameters`` and, for a training in which all of
      these are `auto`, ``most_steps`` of 256 rows).

    ``preprocessing`` is only for input and output feature types.
    """

    kind: Kind
    name: str
    doc: str
    parameters: type[Parameters] = Parameters
    features: tuple[str, ...] = ()
    build: Callable[..., Any] | None = None
    fusion: Callable[[Mapping[str, Any], Mapping[str, Any]], Hashable] | None = None
    rules: tuple[Rule, ...] = ()
    preprocessing: type[Parameters] | None = None
    preprocessing_rules: tuple[Rule, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


def component_key(component: Component) -> list[tuple[str, ...]]:
    """Return where a component stands in the vocabulary: ``(kind, feature type, name)`` or ``(kind, name)`` each."""
    if component.features:
        return [(component.kind, feature, component.name) for feature in component.features]
    return [(component.kind, component.name)]
