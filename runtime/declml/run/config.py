"""A config as the user gave it: a path, a text or a dict becomes text with a name and a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from declml.errors import UserProblem
from declml.runs.places import cache_root, experiment_of_file, start_for
from declml_schema.check import CheckResult
from declml_schema.check import check as check_text
from declml_schema.document import Document, parse, to_data
from declml_schema.problems import Problem, Severity

if TYPE_CHECKING:
    from declml.contracts import Emit

ConfigLike: TypeAlias = "str | Path | Mapping[str, Any] | Config"
Override: TypeAlias = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Config:
    """The text of a config; ``file`` is its name in messages, ``path`` is None when it came as text or dict.

    ``document`` is the parsed text where reading it has parsed it already.
    """

    text: str
    file: str
    path: Path | None
    document: Document | None = field(default=None, repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the config start from."""
        return self.path.absolute().parent if self.path else Path.cwd()

    @property
    def start(self) -> Path:
        """Where the search for the project's root begins."""
        return start_for(self.path)

    @property
    def stem(self) -> str:
        """The file's name without its endings, as the default name of the experiment."""
        if self.path is None:
            return "notebook" if self.file == "<cell>" else "experiment"
        return experiment_of_file(self.path)


def load_config(config: ConfigLike) -> Config:
    """Return the config's text. A string is a path unless it spans lines or holds ``key: value``."""
    if isinstance(config, Config):
        return config
    if isinstance(config, Mapping):
        # Imported here: only a config given as a dict is written out.
        import yaml

        # sort_keys off: the order of features is part of what the user wrote.
        return Config(yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True), "<dict>", None)
    if isinstance(config, str) and ("\n" in config or ": " in config or not config.strip()):
        return Config(config, "<text>", None)
    path = Path(config).expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserProblem(
            "unreadable-config",
            f"The config must be a file that can be read; got '{path}': {(error.strerror or str(error)).lower()}.",
            hint=_nearby(path),
        ) from error
    document = parse(data)
    return Config(document.text, str(path), path, document)


def _nearby(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path()
    found = sorted(each.name for pattern in ("*.declml.yaml", "declml.yaml", "*.yaml") for each in folder.glob(pattern))
    return (
        f"Configs here: {', '.join(dict.fromkeys(found))}."
        if found
        else "`declml init` writes an example to start from."
    )


def parse_override(text: str) -> Override:
    """Return the path and value of ``trainer.epochs=3``; the value is read as YAML."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise UserProblem(
            "override-form", f"--set must be PATH=VALUE; got '{text}'.", hint="For example: --set trainer.epochs=3"
        )
    return path.strip(), to_data(parse(value).root)


def parse_overrides(overrides: Sequence[str | Override] | Mapping[str, object]) -> tuple[Override, ...]:
    """Return overrides given as ``"path=value"``, as pairs or as a mapping, as pairs."""
    if isinstance(overrides, Mapping):
        return tuple(overrides.items())
    return tuple(parse_override(each) if isinstance(each, str) else each for each in overrides)


def checked(config: Config, overrides: Sequence[Override] = ()) -> CheckResult:
    """Return what the one checker says of a config, with the words of its plug-ins known to it."""
    document = config.document or parse(config.text)
    first = check_text(document, file=config.file, overrides=overrides)
    files = first.top_level("code")
    if not files:
        return first
    from declml.run.plugins import plugin_words

    words, problems = plugin_words(
        [config.folder / str(each) for each in (files if isinstance(files, list) else [files])],
        cache=cache_root(start=config.start),
    )
    result = check_text(document, file=config.file, overrides=overrides, vocabulary=words)
    # Said first: what a broken plug-in would have declared is unknown to the checker.
    result.problems[:0] = [place_problem(config.text, problem, file=config.file) for problem in problems]
    return result


def place_problem(text: str, problem: Problem | UserProblem, *, file: str) -> Problem:
    """Return a problem with the place in the config's text that its path names, or the nearest part of it that is
    there.
    """
    from declml_schema.places import span_of

    if isinstance(problem, UserProblem):
        problem = Problem(problem.code, problem.message, path=problem.path, hint=problem.hint, severity=Severity.ERROR)
    span = span_of(parse(text).root, problem.path)
    return Problem(
        problem.code, problem.message, span, problem.severity, problem.path, problem.hint, problem.fix, problem.related,
        problem.tags, file,
    )  # fmt: skip


def told_problem(value: Mapping[str, Any], config: Config) -> Problem:
    """Return a problem as an event tells it (`Problem.as_json`), with its place in the config's text."""
    problem = Problem(
        str(value["code"]),
        str(value["message"]),
        severity=Severity(str(value["severity"])),
        path=str(value.get("path", "")),
        hint=str(value.get("hint", "")),
    )
    return place_problem(config.text, problem, file=config.file)


def heeding(text: str, emit: Emit) -> Emit:
    """Return ``emit`` without the warnings of the data that a comment of the config ``text`` hides."""
    if "declml:" not in text:
        return emit
    # Imported here: few configs have such comments.
    from declml_schema.ignore_comments import heed_ignores

    document = parse(text)

    def heard(kind: str, **fields: Any) -> None:
        if kind == "problem":
            told = told_problem(fields["problem"], Config(text, "", None))
            if not heed_ignores(document, [told], codes=()):
                return
        emit(kind, **fields)

    return heard
