"""`declml lsp`: start the language server; editors do this."""

from __future__ import annotations

import os
import sys

import click

_HERE = "127.0.0.1"


@click.command(
    epilog="""\b
Examples:
  declml lsp                      speak over standard input and output, as editors expect
  declml lsp --tcp 2087           listen on this machine's port 2087

Editors start this by themselves; `declml check` finds the same problems from a terminal.
"""
)
@click.option("--stdio", is_flag=True, help="Speak over standard input and output; this is the default.")
@click.option("--tcp", type=click.IntRange(1, 65535), metavar="PORT", help="Listen on a port of this machine only.")
@click.option("--websocket", type=click.IntRange(1, 65535), metavar="PORT", help="The same, for web clients.")
def lsp(stdio: bool, tcp: int | None, websocket: int | None) -> None:  # noqa: FBT001 - click passes each option
    """Start the language server, which understands configs while they are typed."""
    if stdio + (tcp is not None) + (websocket is not None) > 1:
        raise click.UsageError("Only one of --stdio, --tcp and --websocket must be given.")
    # Imported here: `declml --help` lists this command and must not load the protocol.
    from declml_lsp.server import build_server
    from declml_lsp.streams import serve_stdio, serve_tcp, serve_websocket

    server = build_server()
    if tcp is not None:
        click.echo(f"Listening on {_HERE}:{tcp}", err=True)
        code = serve_tcp(server.protocol, tcp)
    elif websocket is not None:
        click.echo(f"Listening on ws://{_HERE}:{websocket}", err=True)
        code = serve_websocket(server.protocol, websocket)
    else:
        code = serve_stdio(server.protocol)
    server.close()
    sys.stderr.flush()
    # Not sys.exit, which would wait for a thread that still computes an answer, or writes to a client that is gone.
    os._exit(code)
