"""`declml init`: a working project from a template with real data, or a first config for a file of one's own."""

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
_FOLDER = Path(__file__).parent.parent / "templates"


@click.command(
    epilog="""\b
Examples:
  declml init
  declml init text spam/
  declml init from-data people.csv
  declml init from-data people.csv census/ --target income
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
    Parquet file and writes a config with the features that it finds and comments that say why. Never overwrites without
    --force.
    """
    if template == FROM_DATA:
        if not 1 <= len(places) <= 2:
            raise click.UsageError("from-data needs the FILE to look at, and at most a DIR after it.", ctx)
        files, config = _from_data(Path(places[0]), Path(places[1] if len(places) == 2 else "."), target)
        folder = Path(places[1] if len(places) == 2 else ".")
    else:
        if template not in TEMPLATES:
            raise click.UsageError(_unknown(template), ctx)
        if len(places) > 1 or target is not None:
            raise click.UsageError(f"The template {template} takes a DIR and nothing else.", ctx)
        folder = Path(places[0] if places else ".")
        files, config = _from_template(template)
    _write(folder, files, force=force)
    _tell(folder, sorted(files), config)


def _from_template(name: str) -> tuple[dict[str, bytes], str]:
    files = {each.name: each.read_bytes() for each in sorted((_FOLDER / name).iterdir()) if each.is_file()}
    return files, next(each for each in files if each.endswith(".declml.yaml"))


def _from_data(data: Path, folder: Path, target: str | None) -> tuple[dict[str, bytes], str]:
    # Imported here: reading a table needs a library that no template needs.
    from declml import api
    from declml.cli.draft import draft
    from declml.data.profile import likely_target

    found = api.profile(data)
    # Relative where the data are near, so that the folder can be moved together with them.
    near = Path(os.path.relpath(data.absolute(), folder.absolute()))
    source = (near if near.parts.count("..") <= 2 else data.absolute()).as_posix()
    name = data.name.partition(".")[0] or "data"
    text = draft(found.as_json(), name=name, source=source, target=target, guess=likely_target(found))
    config = f"{name}.declml.yaml"
    readme = (
        f"# {name}\n\n`{config}` says what to learn from `{source}`: read its comments, then `declml train {config}`.\n"
    )
    files = {config: text.encode()}
    if not (folder / "README.md").exists():  # a folder of one's own may have one, or an earlier config
        files["README.md"] = readme.encode()
    return files, config


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


def _tell(folder: Path, files: list[str], config: str) -> None:
    here = folder.resolve() == Path.cwd().resolve()
    say(f"{good('Wrote')} {', '.join(files)}{'' if here else f' into {folder}'}")
    say("")
    say(heading("Next"))
    if not here:
        say(f"  cd {shlex.quote(str(folder))}")
    name = shlex.quote(config)
    for act, why in (
        ("check", "every mistake in the config, with its place"),
        ("plan", "what training would do"),
        ("train", "train, measure, keep the run"),
    ):
        command = f"declml {act} {name}"
        say(f"  {command:<{len(name) + 16}}{faint(why)}")


def _unknown(template: str) -> str:
    import difflib

    known = [*TEMPLATES, FROM_DATA]
    near = difflib.get_close_matches(template, known, n=1, cutoff=0.5)
    if near:
        return f"There is no template '{template}'. Did you mean '{near[0]}'?"
    return f"There is no template '{template}'; there are {', '.join(known)}. For a folder, name the template first."
