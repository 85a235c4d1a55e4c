"""`declml kernels`: where a training may run, and what runs there."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from declml.cli.options import json_option
from declml.cli.terminal import bad, duration, faint, good, say, table

if TYPE_CHECKING:
    from declml.kernels.listing import KernelRow


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  declml kernels
  declml kernels add gpu https://gpu.example.org:8888
  declml train census.declml.yaml --kernel gpu
  declml kernels stop warm

Tokens are never written down: a server's comes from its URL, DECLML_KERNEL_TOKEN or the keyring.
""",
)
@json_option()
@click.pass_context
def kernels(ctx: click.Context, as_json: bool) -> None:
    """List kernels: this machine's with their torch and devices, remote ones by name, and what each trains now."""
    if ctx.invoked_subcommand is not None:
        return
    from declml.kernels.listing import kernel_rows

    rows = kernel_rows()
    if as_json:
        click.echo(json.dumps({"kernels": [each.as_json() for each in rows]}, indent=2))
        return
    cells = [
        [each.name, each.python or "", each.torch or "", ", ".join(each.devices), _state(each), faint(each.detail)]
        for each in rows
    ]
    say(table(cells, header=["kernel", "python", "torch", "devices", "now", "where"]))
    for each in rows:
        for folder in each.running:
            path = Path(folder)
            say(f"{good('training')} {path.name} ({path.parent.name}) on {each.name}")


def _state(row: KernelRow) -> str:
    if not row.usable:
        return bad("no declml")
    if row.running:
        return good(f"{len(row.running)} run{'s' if len(row.running) > 1 else ''}")
    return f"ready, up {duration(time.time() - row.started)}" if row.started else ""


@kernels.command(epilog="Example:\n  declml kernels add gpu https://gpu.example.org:8888")
@click.argument("name")
@click.argument("address")
def add(name: str, address: str) -> None:
    """Remember the remote kernel at ADDRESS, a Jupyter server's URL or ssh://USER@HOST, as NAME."""
    from declml.kernels.known import remember_kernel

    known = remember_kernel(name, address)
    say(f"{known.name} is {known.address}. Train there with: declml train CONFIG --kernel {known.name}")


@kernels.command(epilog="Example:\n  declml kernels install https://gpu.example.org:8888")
@click.argument("kernel")
def install(kernel: str) -> None:
    """Install the declml that runs here on the remote KERNEL, an address or a name, and say what is there."""
    from declml.kernels.choice import parse_choice
    from declml.kernels.known import known_kernel
    from declml.kernels.presence import install_at

    known = known_kernel(kernel)
    address = known.address if known is not None else kernel
    if not parse_choice(address).remote:
        raise click.UsageError(f"'{kernel}' is a kernel of this machine: install declml there with pip.")
    found = install_at(address, on_notice=lambda text: say(faint(text)))
    say(f"{found.label} has declml {found.declml}, Python {found.python}, torch {found.torch or 'absent'}.")


@kernels.command(epilog="Example:\n  declml kernels remove gpu")
@click.argument("name")
def remove(name: str) -> None:
    """Forget the remote kernel NAME."""
    from declml.kernels.known import forget_kernel

    forget_kernel(name)
    say(f"{name} is forgotten.")


@kernels.command(
    epilog="""\b
Examples:
  declml kernels stop
  declml kernels stop python3 --now
  declml kernels stop https://gpu.example.org:8888

A kernel that declml started, here or on a server, ends by itself when it was not needed for half an hour
(DECLML_KERNEL_IDLE_SECONDS where it runs says otherwise).
"""
)
@click.argument("name", default="warm")
@click.option("--now", is_flag=True, help="Also when it trains: the runs go on, only the kernel ends.")
def stop(name: str, now: bool) -> None:
    """End the kernel NAME (warm), or declml's kernels at a remote address, and free the memory. The next training
    starts it again.
    """
    from declml.kernels.choice import parse_choice
    from declml.kernels.known import known_kernel

    known = known_kernel(name)
    choice = parse_choice(known.address if known is not None else name)
    shown = name.partition("?")[0]  # a token stands behind it
    if choice.kind == "server":
        from declml.kernels.server_kernel import end_server_kernels

        ended = end_server_kernels(choice.text, now=now)
    elif choice.kind == "ssh":
        from declml.kernels.ssh_channel import ssh_kernel

        with closing(ssh_kernel(choice.text)) as channel:
            ended = [bool(channel.call("shut_down", {"when_idle": not now}))]
    else:
        ended = _end_here(name, now=now)
    if not ended:
        say(f"No kernel '{shown}' is running.")
    for each in ended:
        say(f"Ended {shown}." if each else f"{shown} is training; --now ends it and lets its runs go on.")


def _end_here(name: str, *, now: bool) -> list[bool]:
    from declml.kernels.channel import ChannelLost
    from declml.kernels.stream_channel import connect
    from declml.kernels.warm_kernel import local_kernels

    ended: list[bool] = []
    for each in local_kernels():
        if each.label != name:
            continue
        try:
            with closing(connect(each.address, label=each.label)) as channel:
                ended.append(bool(channel.call("shut_down", {"when_idle": not now})))
        except ChannelLost:
            ended.append(True)
    return ended
