"""A local kernel by the name of its kernelspec, such as ``python3``: found where it runs, started where it does not.

The kernel is an ordinary one, started independent of whoever asks, with encrypted or file-system sockets where it can;
declml's agent is loaded into it. Its environment must have declml.
"""

from __future__ import annotations

import ast
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declml.errors import UserProblem
from declml.kernels.channel import ChannelLost
from declml.kernels.places import ABOUT, AGENT, CONNECTION, LOG, SOCKETS, kernels_home
from declml.kernels.stream_channel import StreamChannel, connect
from declml.kernels.warm_kernel import LocalKernel, read_kernel
from declml.whole_files import write_whole
from declml_schema.suggest import nearest

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

_READY_SECONDS = 60.0

_SERVE = """
def _declml_serve(folder):
    import json, os, sys
    try:
        from declml.kernels.agent import agent
        from declml.kernels.agent_socket import serve
    except ImportError as error:
        return json.dumps({{"failed": str(error), "python": sys.executable}})
    import shutil
    def leave():
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
    agent().on_end(leave)
    serve(os.path.join(folder, {agent!r}))
    return json.dumps({{"pid": os.getpid(), "python": sys.executable}})
"""
"""What the kernel executes; it prints nothing and leaves one name behind."""


def named_kernel(name: str, lost: Callable[[], None] | None = None) -> StreamChannel:
    """Return a channel to the kernel of kernelspec ``name``; a `UserProblem` when there is none or it cannot serve.

    ``lost`` is called when it dies while the channel is open.
    """
    folder = kernels_home() / f"spec-{name}"
    # Imported here: it takes a tenth of a second.
    from filelock import FileLock

    with FileLock(folder.with_suffix(".lock")):
        kernel = read_kernel(folder)
        if kernel is not None and kernel.alive:
            try:
                return connect(kernel.address, label=kernel.label, lost=lost)
            except ChannelLost:
                pass  # it lives and does not answer: it is started anew
        kernel = _start(name, folder)
    return connect(kernel.address, label=kernel.label, lost=lost)


def _start(name: str, folder: Path) -> LocalKernel:
    # Imported here: it takes half a second, and only a kernel by name needs it.
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from jupyter_client.manager import KernelManager

    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        names = sorted(KernelSpecManager().find_kernel_specs())
        near = nearest(name, names)
        raise UserProblem(
            "kernel-unknown",
            f"A kernel must be one of this machine's; got '{name}'.",
            path="kernel.name",
            hint=(f"Did you mean '{near}'? " if near else "")
            + f"There are {', '.join(names) or 'none'}, and always warm and local.",
        ) from None
    if spec.language.lower() != "python":
        raise UserProblem(
            "kernel-language",
            f"A kernel must run Python to train; '{name}' runs {spec.language}.",
            path="kernel.name",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    manager = KernelManager(
        kernel_name=name, connection_file=str(folder / CONNECTION), transport="ipc", ip=str(folder / SOCKETS)
    )
    with (folder / LOG).open("ab") as log:
        manager.start_kernel(independent=True, stdout=log, stderr=log, cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    try:
        about = _serve(client, name, folder)
    except (UserProblem, RuntimeError) as error:
        manager.shutdown_kernel(now=True)
        if isinstance(error, UserProblem):
            raise
        said = (folder / LOG).read_text(errors="replace").strip()[-400:]
        raise UserProblem(
            "kernel-start", f"The kernel '{name}' must start; it ended before it answered. {said}"
        ) from error
    finally:
        client.stop_channels()
        manager.context.destroy(linger=0)
    process = getattr(manager.provisioner, "process", None)
    if process is not None:
        process.returncode = 0  # it outlives this process on purpose, and nobody waits for it
    facts = {"pid": about["pid"], "began": time.time(), "python": about["python"], "label": name}
    write_whole(folder / ABOUT, json.dumps(facts), mode=0o600)
    return LocalKernel(folder, facts)


def _serve(client: BlockingKernelClient, name: str, folder: Path) -> dict[str, Any]:
    """Have the kernel open the agent's socket and return its process and interpreter."""
    client.wait_for_ready(timeout=_READY_SECONDS)
    code = _SERVE.format(agent=AGENT)
    execute: Any = client.execute  # the blocking client adds two parameters, which no type checker sees
    reply = execute(
        code,
        silent=True,
        store_history=False,
        user_expressions={"told": f"_declml_serve({str(folder)!r})"},
        reply=True,
        timeout=_READY_SECONDS,
    )
    told = reply["content"].get("user_expressions", {}).get("told", {})
    if told.get("status") != "ok":
        raise UserProblem("kernel-start", f"The kernel '{name}' must open declml's socket; got: {told.get('evalue')}.")
    answer = json.loads(ast.literal_eval(told["data"]["text/plain"]))
    if "failed" in answer:
        raise UserProblem(
            "kernel-without-declml",
            f"The kernel '{name}' must have declml installed; got: {answer['failed']}.",
            hint=f"Install it there: {answer['python']} -m pip install declml",
        )
    return answer
