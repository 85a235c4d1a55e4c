"""The fixed parts of a config: the top level, the keys of a feature, and every section but the trainer.

Only generation imports this; the checker reads the same facts from the generated vocabulary. A mapping that names a
component (``choice=``) takes that component's parameters beside its ``type``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from declml_schema.declare import Component, Parameters, Rule, parameter

Fraction = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
SplitName = Literal["training", "validation", "test"]


class Config(Parameters):
    """The top level."""

    name: str | None = parameter(
        None,
        "The name of the experiment: runs are kept together under it. Without it, the config file's name.",
        min_length=1,
    )
    ludwig_version: str | None = parameter(
        None, "The version of Ludwig that the config was written for; nothing depends on it."
    )
    model_type: Literal["ecd", "gbm"] = parameter(
        "ecd",
        "How the model is made: `ecd`, a network that encodes each input feature, combines the results and decodes "
        "each output; `gbm`, boosted trees for a table with one output.",
        planned=["llm"],
    )
    data: dict[str, Any] | None = parameter(None, "Where the rows come from and which of them to use.", common=True)
    input_features: list[dict[str, Any]] = parameter(
        ..., "The columns that the model reads.", min_length=1, common=True
    )
    output_features: list[dict[str, Any]] = parameter(
        ..., "The columns that the model predicts.", min_length=1, common=True
    )
    combiner: dict[str, Any] | None = parameter(
        None, "How the encoded features become one vector.", choice="combiner", common=True
    )
    preprocessing: dict[str, Any] | None = parameter(
        None, "How the table is sampled and split before features are made."
    )
    defaults: dict[str, Any] | None = parameter(
        None, "Values for every feature of a type, unless the feature has its own."
    )
    trainer: dict[str, Any] | None = parameter(
        None, "How the model is trained: epochs, batch size, optimizer.", common=True
    )
    evaluation: dict[str, Any] | None = parameter(None, "What is measured when training is done.")
    code: str | list[str] | None = parameter(
        None,
        "Python files beside the config that add encoders, combiners, losses, metrics or splits. Their content is part "
        "of the run's identity.",
        reference="file",
    )
    backend: Literal["local"] | dict[str, Any] | None = parameter(
        None, "What runs the work: `local`, or a mapping with that `type`.", planned=["ray", "dask"]
    )
    kernel: dict[str, Any] | None = parameter(None, "Which kernel runs the config.")


class InputFeature(Parameters):
    """The keys of an item of ``input_features``."""

    name: str = parameter(
        ...,
        "The feature's name in the config, and its column in the data unless `column` says otherwise.",
        min_length=1,
    )
    type: str = parameter(..., "What the column holds; it decides which preprocessing and encoders there are.")
    column: str | None = parameter(
        None, "The column of the data, where it has another name than the feature.", reference="column", min_length=1
    )
    tied: str | None = parameter(
        None,
        "Another input feature of the same type whose preprocessing and encoder, weights included, this one shares.",
        reference="input_feature",
    )
    preprocessing: dict[str, Any] | None = parameter(None, "How the column becomes numbers.")
    encoder: dict[str, Any] | None = parameter(
        None, "The part of the model that turns the feature into a vector.", choice="encoder", common=True
    )


class OutputFeature(Parameters):
    """The keys of an item of ``output_features``."""

    name: str = parameter(
        ..., "The output's name in the config, and its column in the data unless `column` says otherwise.", min_length=1
    )
    type: str = parameter(..., "What is predicted; it decides which decoders, losses and metrics there are.")
    column: str | None = parameter(
        None, "The column of the data, where it has another name than the output.", reference="column", min_length=1
    )
    preprocessing: dict[str, Any] | None = parameter(None, "How the column becomes targets.")
    decoder: dict[str, Any] | None = parameter(
        None, "The part of the model that turns the combined vector into an answer.", choice="decoder"
    )
    dependencies: list[str] = parameter(
        [],
        "Other outputs whose answers this output's decoder sees beside the combined vector; they are made first.",
        reference="output_feature",
    )
    reduce_input: Literal["sum", "mean", "avg", "max", "last"] = parameter(
        "sum",
        "How the vectors of the tokens become one for this output, where the combiner keeps one for each token: their"
        " sum, mean (or avg), largest numbers, or the last one.",
        planned=["attention", "concat"],
    )
    loss: dict[str, Any] | None = parameter(
        None,
        "What training makes small, and how much this output weighs against the others.",
        choice="loss",
        common=True,
    )


class Preprocessing(Parameters):
    """The section ``preprocessing``."""

    split: dict[str, Any] | None = parameter(
        None, "How rows are dealt to training, validation and test.", choice="split", common=True
    )
    sample_ratio: float = parameter(
        1.0, "The share of the rows to use; the others are left out before the split.", gt=0, le=1
    )
    sample_size: int | None = parameter(None, "How many rows to use at most.", ge=1, unit="rows")
    oversample_minority: float | None = parameter(
        None,
        "Training rows of rare classes are repeated until each class has this share of the largest one's rows; a larger"
        " value finds rare classes more often and raises more false alarms.",
        gt=0,
        le=1,
    )
    undersample_majority: float | None = parameter(
        None,
        "Training rows of frequent classes are left out until the smallest class has this share of each other's rows; a"
        " larger value trains faster and forgets more.",
        gt=0,
        le=1,
    )


class Source(Parameters):
    """What ``data.source`` may be beside files: the files of each side, or a query to a database."""

    training: str | list[str] | None = parameter(
        None, "The rows that train, where they have files of their own.", min_length=1, reference="file", common=True
    )
    validation: str | list[str] | None = parameter(
        None, "The rows that validate, where they have files of their own.", min_length=1, reference="file", common=True
    )
    test: str | list[str] | None = parameter(
        None, "The rows that test, where they have files of their own.", min_length=1, reference="file", common=True
    )
    database: str | None = parameter(
        None,
        "The database to query: a SQLite or DuckDB file, or `postgresql://user@host/name`. Its password comes from "
        "DECLML_DATABASE_PASSWORD, the keyring or PostgreSQL's own files, never from here.",
        min_length=1,
        reference="file",
        examples=["shop.sqlite", "postgresql://ann@db.example.org/shop"],
    )
    query: str | None = parameter(
        None,
        "The query in SQL whose rows are the data; with `ORDER BY` the same rows are the same data.",
        min_length=1,
        examples=["SELECT * FROM orders ORDER BY id"],
    )


class Data(Parameters):
    """The section ``data``."""

    source: str | list[str] | Source | None = parameter(
        None,
        "The rows: a file, folder, pattern or URL (`https://`, `s3://`, `gs://`) or a list of them; a file for each of "
        "training, validation and test; or a query to a database. Paths are relative to the config.",
        min_length=1,
        common=True,
        reference="file",
        examples=["people.csv", "part-*.parquet", "s3://bucket/people.parquet"],
    )
    memory_limit: int | None = parameter(
        None,
        "How much memory the rows may take. A larger table is read in parts, stays on the disk and trains in windows of"
        " shuffled blocks; without a limit all of it is in memory, which mixes the rows best.",
        ge=1,
        unit="MB",
        examples=[4000],
    )
    fetch: Literal["changed", "always", "never"] = parameter(
        "changed",
        "When URLs and queries are fetched again: if they `changed` (a server's database is asked each time), `always`,"
        " or `never` while there is a copy in the cache. Without a connection the copy is used, with a notice.",
    )
    format: Literal["auto", "csv", "tsv", "jsonl", "parquet", "arrow"] = parameter(
        "auto", "How the file is written; `auto` goes by the ending of its name."
    )
    columns: list[str] | None = parameter(
        None, "The columns to read; without it, those that the config needs.", min_length=1, reference="column"
    )
    where: str | None = parameter(
        None,
        "A condition in SQL; only rows for which it is true are used.",
        min_length=1,
        examples=["age >= 18 AND country = 'CH'"],
    )
    limit: int | None = parameter(None, "Use this many rows at most, from the start.", ge=1, unit="rows")
    sample: Count | Fraction | None = parameter(
        None, "Use a random part of the rows: a share of them below 1, or a number of rows.", examples=[0.1, 10000]
    )
    seed: int = parameter(42, "The seed of `sample`; the same seed picks the same rows.", ge=0)
    sha256: str | dict[str, str] | None = parameter(
        None,
        "The content that the file must have, as its SHA-256 in hex; a mapping from file to hash for several files.",
    )
    separator: str | None = parameter(
        None,
        "What stands between two values in a CSV; without it, a comma, or a tab in a TSV.",
        min_length=1,
        max_length=1,
    )
    null_values: list[str] | None = parameter(None, "Texts that mean a missing value, besides the empty one.")
    bad_rows: Literal["error", "skip"] = parameter(
        "error",
        "What happens to rows of text files with too many or too few fields, broken JSON, or bytes that are no text: "
        "`error` says which is the first; `skip` leaves them out, and says which.",
    )
    encoding: Literal[
        "utf8",
        "auto",
        "utf8-lossy",
        "latin-1",
        "cp1252",
        "utf-16",
        "utf-32",
        "cp1251",
        "koi8-r",
        "shift_jis",
        "gb18030",
        "big5",
        "euc-kr",
    ] = parameter(
        "utf8",
        "How the text is encoded; western spreadsheets often write cp1252. `auto` finds UTF-16 by its mark and takes "
        "what is not UTF-8 for cp1252, with a notice; `utf8-lossy` replaces what is not UTF-8.",
    )


class Slice(Parameters):
    """One item of ``evaluation.slices``: ``column`` gives one slice per value, ``where`` one slice of one's own."""

    name: str | None = parameter(None, "What the slice is called in reports.", min_length=1)
    where: str | None = parameter(None, "A condition in SQL that says which rows belong to the slice.", min_length=1)
    column: str | None = parameter(None, "A column whose values make one slice each.", reference="column", min_length=1)


class Evaluation(Parameters):
    """The section ``evaluation``."""

    metrics: list[str] | dict[str, list[str]] | None = parameter(
        None,
        "The metrics to compute: a list for all outputs that have them, or a list per output. Without it, all "
        "that need no further package, are well known and can differ: hits_at_k is always 1 among `top_k` classes.",
        common=True,
    )
    slices: list[Slice] | None = parameter(None, "Parts of the data to measure on their own.")
    splits: list[SplitName] = parameter(
        ["training", "validation", "test"], "The parts of the data to evaluate.", min_length=1
    )


class Kernel(Parameters):
    """The section ``kernel``."""

    name: str | None = parameter(
        None,
        "The kernel to train on: `warm` (kept ready on this machine), `local` (a process without a kernel), the name "
        "of a kernelspec, the URL of a Jupyter server, or `ssh://user@host`. Without it DECLML_KERNEL decides, else it "
        "is `warm`. It never changes the result.",
        min_length=1,
        examples=["warm", "local", "python3", "https://gpu.example.org:8888", "ssh://me@gpu.example.org"],
        common=True,
    )
    artifacts: Literal["fetch", "stay"] = parameter(
        "fetch",
        "What happens to the model, predictions and plots of a remote run: `fetch` copies them into the local run "
        "folder, `stay` leaves them there.",
    )
    queue: bool = parameter(
        False, "Whether a run waits until the kernel trains nothing else. Without it runs go side by side."
    )


class Backend(Parameters):
    """The section ``backend``."""

    type: Literal["local"] = parameter("local", "What runs the work.", planned=["ray", "dask"])


SECTIONS = (
    Component(
        "section",
        "config",
        "The top level of a config.",
        Config,
        facts={
            "default_types": {"combiner": "tabm"},
            # Model type -> the section of the vocabulary that its `trainer` is.
            "trainers": {"ecd": "trainer", "gbm": "boosting"},
        },
    ),
    Component("section", "input_feature", "One column that the model reads.", InputFeature),
    Component("section", "output_feature", "One column that the model predicts.", OutputFeature),
    Component(
        "section",
        "preprocessing",
        "What happens to the whole table before features are made of it.",
        Preprocessing,
        rules=(
            Rule("exclusive", "sample_size", "sample_ratio", doc="Both say how many rows to use."),
            Rule("exclusive", "oversample_minority", "undersample_majority", doc="Both balance the classes."),
        ),
        facts={"default_types": {"split": "random"}},
    ),
    Component(
        "section",
        "data",
        "Where the rows come from and which of them to use.",
        Data,
        rules=(
            Rule(
                "ignored-unless", "separator", "format", ("auto", "csv", "tsv"), "Only delimited text has separators."
            ),
            Rule(
                "ignored-unless",
                "bad_rows",
                "format",
                ("auto", "csv", "tsv", "jsonl"),
                "Only text has bad rows.",
            ),
        ),
    ),
    Component("section", "evaluation", "What is measured when training is done.", Evaluation),
    Component("section", "kernel", "Which kernel runs the config.", Kernel),
    Component("section", "backend", "What runs the work.", Backend),
)
"""Every section but the trainer; that one is in `trainer_section`."""
