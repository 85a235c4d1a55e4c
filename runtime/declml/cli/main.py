"""The command `declml`. Loads nothing but click until a command is known."""

from __future__ import annotations

import os
from typing import Any

import click

from declml.cli.lazy import LazyGroup

_COMMANDS = {
    "init": ("declml.cli.init:init", "Write a working project from a template or from your data."),
    "check": ("declml.cli.check:check", "Find every mistake in a config."),
    "plan": ("declml.cli.plan:plan", "Say what training would do, and run nothing."),
    "train": ("declml.cli.train:train", "Train the model that a config describes."),
    "watch": ("declml.cli.watch:watch", "Train again whenever the config, its data or its code is saved."),
    "attach": ("declml.cli.attach:attach", "Show a run from its beginning, then live."),
    "stop": ("declml.cli.stop:stop", "Stop a run after a checkpoint."),
    "logs": ("declml.cli.logs:logs", "Print what a run said and what its process printed."),
    "kernels": ("declml.cli.kernels:kernels", "List where a training may run, and what runs there."),
    "evaluate": ("declml.cli.evaluate:evaluate", "Measure a trained run on other data."),
    "predict": ("declml.cli.predict:predict", "Write a trained run's answers for new rows."),
    "plot": ("declml.cli.plot:plot", "Draw how a trained run learned and what it gets wrong."),
    "runs": ("declml.cli.runs:runs", "List, show, compare and reproduce runs."),
    "trust": ("declml.cli.trust:trust", "Say whose plug-in code may run."),
    "profile": ("declml.cli.profile:profile", "Show what is in a table."),
    "schema": ("declml.cli.schema:schema", "Look up and publish the language of configs."),
}


class _Declml(LazyGroup):
    """The top group: everything below it happens inside the boundary, so that no mistake ends in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        # Imported here: `declml --help` needs none of it.
        from declml.cli.boundary import boundary

        with boundary(debug=bool(ctx.params.get("debug")) or bool(os.environ.get("DECLML_DEBUG"))):
            return super().invoke(ctx)


def _version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        from declml import __version__

        click.echo(f"declml {__version__}")
        ctx.exit()


@click.group(
    cls=_Declml,
    commands=_COMMANDS,
    entry_points="declml.commands",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with `declml init`. Every command explains itself: `declml train --help`.",
)
@click.option("--debug", is_flag=True, help="Show the trace of an unexpected error.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and leave."
)
def cli(debug: bool) -> None:
    """Declare what you want to predict in a YAML config; declml checks it, trains it and keeps every run."""


def main() -> None:
    """Run the command line of this process."""
    cli(prog_name="declml")


if __name__ == "__main__":
    main()
