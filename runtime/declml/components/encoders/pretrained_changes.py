"""What a config may change of a pretrained model as it is loaded: ``pretrained_kwargs``, looked at name by name."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from declml.errors import UserProblem
from declml_schema.suggest import nearest

_ATTENTION = "attn_implementation"
_ATTENTIONS = ("eager", "sdpa")
_DECIDED: Mapping[str, str] = {
    **dict.fromkeys(
        ("cache_dir", "force_download", "local_files_only", "proxies", "revision", "token", "use_auth_token"),
        "nothing is downloaded",
    ),
    "trust_remote_code": "code that lies beside a model is never run",
    **dict.fromkeys(("dtype", "torch_dtype"), "trainer.use_mixed_precision says how numbers are kept"),
    **dict.fromkeys(("device_map", "max_memory", "offload_folder"), "trainer.device says where the model is"),
    **dict.fromkeys(("vocab_size", "pad_token_id"), "the tokenizer says it"),
    **dict.fromkeys(("model_type", "architectures", "is_decoder", "is_encoder_decoder"), "the model itself says it"),
    **dict.fromkeys(
        ("return_dict", "output_attentions", "output_hidden_states", "use_cache"), "the encoder takes what it needs"
    ),
}
"""What Ludwig would pass on and something else decides here, with the reason."""


def change_config(config: Any, changes: Mapping[str, Any], name: str) -> None:
    """Change settings of the model called ``name`` in its configuration.

    A name that its configuration does not have, or a value that it does not take, is a `UserProblem`.
    """
    known = [*(each for each in config.to_dict() if each not in _DECIDED and not each.startswith("_")), _ATTENTION]
    known += list(config.attribute_map)
    for setting, value in changes.items():
        if setting in _DECIDED:
            raise _refused(f"must not say {setting}, as {_DECIDED[setting]}; got {value!r}", "Leave it out.")
        if setting not in known:
            closest = nearest(setting, known)
            raise _refused(
                f"must name settings of {name!r}, a model of type {config.model_type}; got {setting!r}",
                f"Did you mean {closest!r}?" if closest else "They stand in the model's config.json.",
            )
        if setting == _ATTENTION and value not in _ATTENTIONS:
            raise _refused(
                f"must say {' or '.join(_ATTENTIONS)} for {setting}; got {value!r}", "Others need half precision."
            )
        try:
            setattr(config, "_attn_implementation" if setting == _ATTENTION else setting, value)
        except Exception as reason:
            raise _refused(
                f"must have a value for {setting} that the model takes; got {value!r}", _last(reason)
            ) from reason


@contextmanager
def told_changes(changes: Mapping[str, Any] | None) -> Generator[None]:
    """While inside, what goes wrong with a changed configuration is a `UserProblem` about the changes."""
    try:
        yield
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        ImportError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as reason:
        if not changes:
            raise
        shown = ", ".join(f"{name}: {value}" for name, value in changes.items())
        raise _refused(f"must leave a model that the weights fit; got {shown}", _last(reason)) from reason


def _refused(sentence: str, hint: str) -> UserProblem:
    return UserProblem("pretrained-kwargs", f"pretrained_kwargs {sentence}.", hint=hint)


def _last(reason: Exception) -> str:
    """Return what the library says, cut to one line."""
    lines = [line.strip() for line in str(reason).splitlines() if line.strip()]
    return f"The library says: {(lines[-1] if lines else type(reason).__name__)[:200]}"
