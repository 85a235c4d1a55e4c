"""`declml trust`: say whose plug-in code may run."""

from __future__ import annotations

from pathlib import Path

import click

from declml.cli.terminal import say


@click.command(
    epilog="""\b
Examples:
  declml trust .
  declml trust --list
  declml trust --remove old-project
"""
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--list", "listing", is_flag=True, help="Show the trusted folders.")
@click.option("--remove", is_flag=True, help="Take the yes for FOLDER back.")
def trust(folder: Path | None, listing: bool, remove: bool) -> None:
    """Let configs in FOLDER and below run the Python files that they name under `code:`.

    Without it such a config is read and checked, and its code is not run.
    """
    from declml.trust import distrust, trusted_folders
    from declml.trust import trust as trust_folder

    if folder is not None and remove:
        distrust(folder)
        say(f"{folder} is no longer trusted.")
    elif folder is not None:
        say(f"Plug-ins in {trust_folder(folder)} and below may run now.")
    elif not listing:
        raise click.UsageError("Name a folder, such as `declml trust .`, or --list.")
    if listing:
        folders = trusted_folders()
        say("\n".join(map(str, folders)) if folders else "No folder is trusted.")
