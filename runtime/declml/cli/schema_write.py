"""`declml schema write`: make the committed schemas anew from the declarations of all components."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

import click

from declml.cli.terminal import bad, good, say


@click.command(
    epilog="""\b
Examples:
  declml schema write
  declml schema write --check
"""
)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; show what is stale and leave with exit code 1."
)
def write(only_check: bool) -> None:
    """Write the vocabulary, the JSON Schema of a config and that of a run's events from the code of the components."""
    # Imported here: declarations need pydantic and the components need torch.
    from declml_schema.generate import GENERATED, check_fresh
    from declml_schema.generate import write as write_files

    modules = component_modules()
    if only_check:
        stale = check_fresh(modules)
        if not stale:
            say(f"{good('Fresh')}: the schemas in {GENERATED} are what the components declare.")
            return
        for each in stale:
            say(each)
        say(f"{bad('Stale')}: run `declml schema write`.", err=True)
        raise click.exceptions.Exit(1)
    changed = write_files(modules)
    for path in changed:
        say(f"Wrote {path}")
    if not changed:
        say(f"{good('Nothing changed')} in {GENERATED}.")


def component_modules() -> list[ModuleType]:
    """Import every module under `declml.components`, by name in order: each file may declare components."""
    package = import_module("declml.components")
    names = sorted(each.name for each in pkgutil.walk_packages(package.__path__, "declml.components."))
    return [import_module(name) for name in names]
