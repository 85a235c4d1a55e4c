"""What makes two runs the same run: their plan, the bytes of their data, the code, and the pretrained files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from declml import __version__
from declml.data.cache import content_hash_of_files
from declml.errors import UserProblem
from declml.pretrained import locate_file, locate_pretrained, relative_to
from declml.run.record import code_identity
from declml.run.tables import Source
from declml_schema.content import content_hash
from declml_schema.plan import Plan

_PRETRAINED = "pretrained_model_name_or_path"
_EMBEDDINGS = "pretrained_embeddings"
_VOCABULARY = "vocab_file"
MODEL_FILES = (".json", ".txt", ".model", ".spm", ".codes", ".tokenizer", ".safetensors", ".bin")
"""How the names of the files of a pretrained model end."""


def identity_of(
    plan: Plan, source: Source, plugins: Mapping[str, str], *, folder: Path, memo: Path | None = None
) -> dict[str, str]:
    """Return the identities that make a run, and under ``run`` the hash of them all.

    ``plugins`` are the hashes of the plug-ins by name. Relative paths of pretrained models start from ``folder``;
    ``memo`` remembers the hashes of files that did not change.
    """
    data = {key: value for key, value in plan.data.items() if key not in {"source", "sha256", "fetch"}}
    sides = {} if source.sides is None else {"sides": list(source.sides)}
    parts = {
        "plan": plan.identity,
        "data": content_hash({"bytes": source.sha256, "subset": data, **sides}),
        "code": code_identity(plugins, __version__),
        "evaluation": content_hash(dict(plan.evaluation)),
    }
    pretrained = {**_pretrained_hashes(plan, folder, memo), **_file_hashes(plan, folder, memo)}
    if pretrained:
        parts["pretrained"] = content_hash(pretrained)
    return {**parts, "run": content_hash(parts)}


def plugin_source(digests: Sequence[str]) -> str:
    """Return the one hash of all plug-ins for cache keys, ``digests`` being theirs; empty where there are none."""
    return content_hash(sorted(digests)) if digests else ""


def pretrained_names(plan: Plan) -> list[str]:
    """Return the pretrained models that a plan reads, as the config names them, each once."""
    return sorted(
        {
            str(values[_PRETRAINED])
            for values in [
                *(feature.encoder.parameters for feature in plan.inputs),
                *(feature.preprocessing for feature in (*plan.inputs, *plan.outputs)),
            ]
            if values.get(_PRETRAINED)
        }
    )


def word_file_names(plan: Plan) -> list[str]:
    """Return the files of word vectors and of vocabularies that a plan reads, as the config names them, each once."""
    owners = [feature.encoder.parameters for feature in plan.inputs]
    inside = plan.combiner.parameters.get("encoder")
    owners += [inside] if isinstance(inside, Mapping) else []
    vectors = {str(values[_EMBEDDINGS]) for values in owners if values.get(_EMBEDDINGS)}
    readers = [feature.preprocessing for feature in (*plan.inputs, *plan.outputs)]
    return sorted(vectors | {str(values[_VOCABULARY]) for values in readers if values.get(_VOCABULARY)})


def _file_hashes(plan: Plan, folder: Path, memo: Path | None) -> dict[str, str]:
    """Return, by the name in the config, the hash of each file of word vectors or tokens that the plan reads."""
    hashes: dict[str, str] = {}
    with relative_to(folder):
        for name in word_file_names(plan):
            found = locate_file(name)
            # Where there is none, the fit or the building of the network says so.
            hashes[name] = "absent" if found is None else content_hash_of_files([found], memo)
    return hashes


def _pretrained_hashes(plan: Plan, folder: Path, memo: Path | None) -> dict[str, str]:
    """Return, by the name in the config, the hash of the files of each pretrained model that the plan reads."""
    names = pretrained_names(plan)
    hashes: dict[str, str] = {}
    with relative_to(folder):
        for name in names:
            try:
                found = locate_pretrained(name)
            except UserProblem:
                hashes[name] = "absent"  # the fit says so, at the feature that needs it
                continue
            files = sorted(each for each in found.iterdir() if each.suffix in MODEL_FILES and each.is_file())
            hashes[name] = content_hash([[each.name, content_hash_of_files([each], memo)] for each in files])
    return hashes
