"""`declml schema docs`: reference pages from the same source as the checker and the editor."""

from __future__ import annotations

from pathlib import Path

import click

from declml.cli.terminal import say


@click.command(
    epilog="""\b
Example:
  declml schema docs reference/
"""
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def docs(directory: Path) -> None:
    """Write the reference of the language into DIR: a Markdown page per kind and a table of contents."""
    from declml.cli.reference import pages
    from declml_schema.vocabulary import vocabulary

    written = pages(vocabulary())
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (directory / name).write_text(text, encoding="utf-8")
    say(f"Wrote {len(written)} pages to {directory}; begin with {directory / 'README.md'}.")
