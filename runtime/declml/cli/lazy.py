"""A click group that loads a command's file when that command is called, and knows the nearest name for a wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose commands are named by ``module:attribute`` with one line about each: help loads none of them.

    ``entry_points`` names a group of entry points by which other packages bring commands.
    """

    def __init__(
        self, *, commands: Mapping[str, tuple[str, str]], entry_points: str | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self._places = dict(commands)
        self._group = entry_points

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names in the order in which they were declared, those of other packages last."""
        return [*self._places, *sorted(name for name in self._foreign() if name not in self._places)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; other packages are asked only for a name that is not among our own."""
        place = self._places[cmd_name][0] if cmd_name in self._places else self._foreign().get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; a wrong name is answered with the nearest."""
        name = args[0] if args else ""
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            # Imported here: only a wrong name needs it.
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1, cutoff=0.5)
            hint = f" Did you mean '{near[0]}'?" if near else f" `{ctx.command_path} --help` lists them."
            raise click.UsageError(f"There is no command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; only those of other packages are loaded for it."""
        rows = [(name, doc) for name, (_, doc) in self._places.items()]
        for name in self.list_commands(ctx)[len(rows) :]:
            command = self.get_command(ctx, name)
            if command is not None:
                rows.append((name, command.get_short_help_str(60)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _foreign(self) -> dict[str, str]:
        if self._group is None:
            return {}
        from declml.cli.foreign import entry_points

        return entry_points(self._group)
