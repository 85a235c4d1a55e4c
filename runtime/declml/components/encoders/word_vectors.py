"""Vectors of words that somebody trained before: text files of GloVe, word2vec and fastText, also compressed.

A line is a word and its numbers, with spaces between; word2vec and fastText begin with a line of two counts.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from declml.errors import UserProblem
from declml.pretrained import locate_word_vectors


def word_vectors(name: str, vocabulary: Sequence[str], width: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the places in the ``vocabulary`` whose words the file has, and their vectors, ``(word, width)``.

    A word that the file has only in lower case takes that vector. A file that cannot be read, a line that is none and
    vectors of another width are a `UserProblem` with the file and the line.
    """
    path = locate_word_vectors(name)
    places = {word: index for index, word in enumerate(vocabulary)}
    lower = {word.lower(): index for index, word in reversed(list(enumerate(vocabulary))) if word.lower() not in places}
    found: dict[int, NDArray[np.float32]] = {}
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, start=1):
                if number == 1 and _is_header(line):
                    _check_width(name, number, int(line.split()[1]), width)
                    continue
                if line.strip():
                    _take(name, number, line, (places, lower), width, found)
    except (OSError, EOFError) as reason:
        raise UserProblem(
            "broken-embeddings", f"The word vectors {name} must be a file that can be read; got an error: {reason}."
        ) from reason
    kept = np.array(sorted(found), dtype=np.int64)
    vectors = [found[int(place)] for place in kept]
    return kept, np.stack(vectors) if vectors else np.zeros((0, width), dtype=np.float32)


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _is_header(line: bytes) -> bool:
    parts = line.split()
    return len(parts) == 2 and all(each.isdigit() for each in parts)


def _take(
    name: str,
    number: int,
    line: bytes,
    places: tuple[Mapping[str, int], Mapping[str, int]],
    width: int,
    found: dict[int, NDArray[np.float32]],
) -> None:
    """Keep the vector of one line where the vocabulary has its word; the first of a word counts."""
    # From the right: some files have words with spaces in them.
    parts = line.rstrip().rsplit(b" ", width)
    if len(parts) != width + 1:
        _check_width(name, number, len(parts) - 1, width)
    word = parts[0].decode("utf-8", errors="replace")
    place = places[0].get(word, places[1].get(word))
    if place is None:
        if b" " in parts[0] and _numbers(parts[0].split(b" ")[1:]) is not None:
            _check_width(name, number, len(line.split()) - 1, width)
        return
    if place in found:
        return
    vector = _numbers(parts[1:])
    if vector is None:
        said = line[:60].decode(errors="replace").strip()
        raise UserProblem(
            "broken-embeddings",
            f"Line {number:,} of {name} must be a word and {width} finite numbers; got '{said}'.",
        )
    found[place] = vector


def _numbers(parts: Sequence[bytes]) -> NDArray[np.float32] | None:
    try:
        vector = np.array([float(each) for each in parts], dtype=np.float32)
    except ValueError:
        return None
    return vector if np.isfinite(vector).all() else None


def _check_width(name: str, number: int, got: int, width: int) -> None:
    if got != width:
        raise UserProblem(
            "embedding-width",
            f"embedding_size must be the width of the vectors in {name}; got {width}, and line {number:,} has {got}.",
            hint=f"Write embedding_size: {got}." if number == 1 else "",
        )
