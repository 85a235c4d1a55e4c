"""`declml init`: a project from a template with real data, a config for one's own file, or the tutorial notebook."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from declml.cli.terminal import faint, good, heading, say
from declml.errors import UserProblem

TEMPLATES = {
    "tabular": "Who earns more than 50,000 dollars a year? Numbers and categories of 8,000 people.",
    "text": "Is this message spam? 5,574 text messages.",
}
FROM_DATA = "from-data"
NOTEBOOK = "notebook"
_TUTORIAL = "tutorial.ipynb"
_FOLDER = Path(__file__).parent.parent / "templates"


@click.command(
    epilog="""\b
Examples:
  declml init
  declml init text spam/
  declml init from-data people.csv
  declml init from-data people.csv census/ --target income
  declml init notebook lessons/
"""
)
@click.argument("template", default="tabular", metavar="[TEMPLATE]")
@click.argument("places", nargs=-1, metavar="[FILE] [DIR]")
@click.option("--target", metavar="COLUMN", help="With from-data: the column to predict, instead of a guess.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@click.pass_context
def init(ctx: click.Context, template: str, places: tuple[str, ...], target: str | None, force: bool) -> None:
    """Write a working project into DIR (here, if it is left out).

    TEMPLATE is `tabular` or `text`, which come with real data, or `from-data FILE`, which looks at a CSV, JSON Lines or
    Parquet file and writes a config with the features that it finds and comments that say why. `notebook` writes the
    tutorial for Jupyter. Never overwrites without --force.
    """
    if template == FROM_DATA:
        if not 1 <= len(places) <= 2:
            raise click.UsageError("from-data needs the FILE to look at, and at most a DIR after it.", ctx)
        files, config = _from_data(places[0], Path(places[1] if len(places) == 2 else "."), target)
        folder = Path(places[1] if len(places) == 2 else ".")
    else:
        if template not in (*TEMPLATES, NOTEBOOK):
            raise click.UsageError(_unknown(template), ctx)
        if len(places) > 1 or target is not None:
            raise click.UsageError(f"The template {template} takes a DIR and nothing else.", ctx)
        folder = Path(places[0] if places else ".")
        files, config = (_notebook(), "") if template == NOTEBOOK else _from_template(template)
    _write(folder, files, force=force)
    _tell(folder, sorted(files), _after_notebook() if template == NOTEBOOK else _after_config(config))


def _from_template(name: str) -> tuple[dict[str, bytes], str]:
    files = {each.name: each.read_bytes() for each in sorted((_FOLDER / name).iterdir()) if each.is_file()}
    return files, next(each for each in files if each.endswith(".declml.yaml"))


def _notebook() -> dict[str, bytes]:
    """Return the tutorial. It lies in the part of declml for notebooks, of which nothing is imported here."""
    from importlib.resources import files

    return {_TUTORIAL: (files("declml_jupyter") / _TUTORIAL).read_bytes()}


def _from_data(data: str, folder: Path, target: str | None) -> tuple[dict[str, bytes], str]:
    # Imported here: reading a table needs a library that no template needs.
    from declml import api
    from declml.cli.draft import draft
    from declml.data.profile import likely_target

    found = api.profile(data)
    source = data if "://" in data else _near(Path(data), folder)
    name = Path(data.partition("?")[0]).name.partition(".")[0] or "data"
    text = draft(found.as_json(), name=name, source=source, target=target, guess=likely_target(found))
    config = f"{name}.declml.yaml"
    readme = (
        f"# {name}\n\n`{config}` says what to learn from `{source}`: read its comments, then `declml train {config}`.\n"
    )
    files = {config: text.encode()}
    if not (folder / "README.md").exists():  # a folder of one's own may have one, or an earlier config
        files["README.md"] = readme.encode()
    return files, config


def _near(data: Path, folder: Path) -> str:
    """Return the data's path, relative where they are near, so that the folder can be moved together with them."""
    near = Path(os.path.relpath(data.absolute(), folder.absolute()))
    return (near if near.parts.count("..") <= 2 else data.absolute()).as_posix()


def _write(folder: Path, files: dict[str, bytes], *, force: bool) -> None:
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise UserProblem(
            "would-overwrite",
            f"{folder} must not have files that would be overwritten; got {', '.join(there)}.",
            hint="Choose another folder, or overwrite with --force.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        # The mark of a project's root: its runs and its cache stay here, also inside a larger checkout.
        (folder / ".declml").mkdir(exist_ok=True)
        (folder / ".declml" / ".gitignore").write_text("*\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserProblem(
            "unwritable-path", f"{folder} must be a folder that can be written; got: {reason}."
        ) from error


def _tell(folder: Path, files: list[str], acts: list[tuple[str, str]]) -> None:
    here = folder.resolve() == Path.cwd().resolve()
    say(f"{good('Wrote')} {', '.join(files)}{'' if here else f' into {folder}'}")
    say("")
    say(heading("Next"))
    if not here:
        say(f"  cd {shlex.quote(str(folder))}")
    width = max(len(command) for command, _ in acts)
    for command, why in acts:
        say(f"  {command:<{width}}  {faint(why)}")


def _after_config(config: str) -> list[tuple[str, str]]:
    name = shlex.quote(config)
    return [
        (f"declml check {name}", "every mistake in the config, with its place"),
        (f"declml plan {name}", "what training would do"),
        (f"declml train {name}", "train, measure, keep the run"),
    ]


def _after_notebook() -> list[tuple[str, str]]:
    from importlib.util import find_spec

    acts: list[tuple[str, str]] = []
    if find_spec("anywidget") is None:
        acts.append(("pip install 'declml[jupyter]'", "the live view and the pictures"))
    if find_spec("jupyterlab") is None:
        acts.append(("pip install jupyterlab", "or open it in the editor that you have"))
    return [*acts, (f"jupyter lab {_TUTORIAL}", "run its cells from the first on")]


def _unknown(template: str) -> str:
    import difflib

    known = [*TEMPLATES, FROM_DATA, NOTEBOOK]
    near = difflib.get_close_matches(template, known, n=1, cutoff=0.5)
    if near:
        return f"There is no template '{template}'. Did you mean '{near[0]}'?"
    return f"There is no template '{template}'; there are {', '.join(known)}. For a folder, name the template first."
