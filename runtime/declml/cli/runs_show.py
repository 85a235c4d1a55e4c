"""`declml runs show`: one run in full."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from declml.cli.options import RUN_HELP, json_option, run_argument, runs_option
from declml.cli.terminal import age, bad, duration, faint, good, heading, say, table

if TYPE_CHECKING:
    from declml.runs.folder import Run


@click.command(
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml runs show latest
  declml runs show 12 --json
"""
)
@run_argument()
@runs_option()
@json_option()
def show(run: str, runs: str | None, as_json: bool) -> None:
    """Show what RUN did: metrics, stages, data, environment, and whether its files are as it left them."""
    from declml.cli.results import metrics_table
    from declml.runs.find import find
    from declml.runs.history import history
    from declml.runs.places import runs_root
    from declml.runs.tags import read_tags

    found = find(runs_root(runs), run)
    taint = found.taint()
    if as_json:
        told = {
            **found.record,
            "path": str(found.path),
            "status": found.status,
            "taint": taint,
            "tags": read_tags(found.path),
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    from declml.cli.runs_list import status_text

    say(f"{heading(found.id)}  {status_text(found.status)}  {found.experiment}")
    say(table([[faint(name), text] for name, text in _facts(found, read_tags(found.path)) if text]))
    if taint:
        say(f"\n{bad('tainted')}: these files are no longer what the run wrote: {', '.join(taint)}")
    problem = found.record.get("problem")
    if problem:
        say(f"\n{bad('problem')}: {problem.get('message', '')}")
        if problem.get("hint"):
            say(f"  {faint('hint:')} {problem['hint']}")
    if found.metrics:
        say("\n" + metrics_table(found.metrics, found.decides))
        if found.decides:
            say(faint("* picks the best epoch"))
    stages = history(found.events).stages.values()
    done = [
        [each.name, good("cached") if each.cached else "ran", duration(each.seconds), faint(each.reason)]
        for each in stages
        if each.seconds is not None
    ]
    if done:
        say("\n" + table(done, header=["stage", "", "took", ""], right=[2]))


def _facts(run: Run, tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    record = run.record
    made = run.created
    yield (
        "made",
        f"{made:%Y-%m-%d %H:%M:%S %Z}, {age(made.isoformat())}, by {record.get('trigger', '?')}" if made else "",
    )
    yield "tags", " ".join(f"#{each}" for each in tags)
    yield "took", duration(record.get("seconds")) if record.get("seconds") is not None else ""
    yield "best epoch", str(record.get("best_epoch") or "")
    data: Mapping[str, Any] = record.get("data") or {}
    yield "data", ", ".join(str(each) for each in data.get("paths") or []) + _hash(data.get("sha256"))
    rows: Mapping[str, Any] = record.get("rows") or {}
    yield "rows", ", ".join(f"{split} {int(count):,}" for split, count in rows.items())
    yield "parent", str(record.get("parent") or "")
    git: Mapping[str, Any] = record.get("git") or {}
    dirty = ", with uncommitted changes" if git.get("dirty") else ""
    yield "git", f"{str(git.get('commit', ''))[:12]} on {git.get('branch')}{dirty}" if git.get("commit") else ""
    yield "plug-ins", ", ".join(record.get("plugins") or {})
    environment: Mapping[str, Any] = record.get("environment") or {}
    packages: Mapping[str, Any] = environment.get("packages") or {}
    versions = [f"Python {environment.get('python', '?')}"] if environment else []
    versions += [f"{name} {packages[name]}" for name in ("torch", "transformers") if name in packages]
    yield "with", ", ".join([f"declml {record.get('declml', '?')}", *versions])
    threads = record.get("threads")
    yield "on", f"{record.get('device', '?')}, threads {threads}, seed {record.get('seed')}" if threads else ""
    yield "weights", str(record.get("weights") or "")[:16]
    yield "command", " ".join(str(each) for each in record.get("argv") or [])
    traces = len(list((run.path / "profile").glob("steps-*.json")))
    yield "profile", f"{traces} trace{'s' if traces > 1 else ''} for ui.perfetto.dev, in profile/" if traces else ""
    yield "folder", str(run.path)


def _hash(digest: Any) -> str:
    return f" (sha256 {digest[:12]})" if isinstance(digest, str) else ""
