"""`declml schema`: the generated schemas and the reference of every word that a config can say."""

from __future__ import annotations

import click

from declml.cli.lazy import LazyGroup


@click.group(
    cls=LazyGroup,
    commands={
        "write": ("declml.cli.schema_write:write", "Write the schemas from the code of the components."),
        "show": ("declml.cli.schema_show:show", "Show a word of the language with its parameters."),
        "docs": ("declml.cli.schema_docs:docs", "Write the reference as Markdown pages."),
    },
    epilog="""\b
Examples:
  declml schema show encoder.text.lstm
  declml schema docs reference/
  declml schema write --check
""",
)
def schema() -> None:
    """Look up, write and publish the language of configs."""
