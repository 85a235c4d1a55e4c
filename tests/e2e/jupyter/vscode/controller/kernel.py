"""Starts an ipykernel and speaks for it in lines of JSON: requests on standard input, messages on standard output."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from jupyter_client.manager import KernelManager

_PASSED_ON = frozenset(
    {
        "stream", "error", "display_data", "execute_result", "update_display_data", "comm_open", "comm_msg",
        "comm_close",
    }
)  # fmt: skip


class Speaker:
    """One kernel. Requests have numbers; a message tells of which one it is."""

    def __init__(self) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel()
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=120)
        # By this name a kernel knows that VS Code looks at it.
        self._client.execute("__vsc_ipynb_file__ = 'tutorial.ipynb'", silent=True, store_history=False)
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()
        for listen in (self._listen_to_outputs, self._listen_to_replies):
            threading.Thread(target=listen, daemon=True).start()

    def take(self, words: dict[str, Any]) -> None:
        """Do what one line asks for."""
        if "execute" in words:
            with self._lock:
                request = self._client.execute(words["execute"], stop_on_error=False)
                self._numbers[request] = words["number"]
        elif "interrupt" in words:
            self._manager.interrupt_kernel()
        elif "comm" in words:
            data = {"method": "custom", "content": words["content"]}
            message = self._client.session.msg("comm_msg", {"comm_id": words["comm"], "data": data})
            self._client.shell_channel.send(message)

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def _listen_to_outputs(self) -> None:
        while True:
            message = self._client.iopub_channel.get_msg()
            if message["msg_type"] in _PASSED_ON or message["content"].get("execution_state") == "idle":
                self._tell(message)

    def _listen_to_replies(self) -> None:
        while True:
            message = self._client.shell_channel.get_msg()
            if message["msg_type"] == "execute_reply":
                self._tell(message)

    def _tell(self, message: dict[str, Any]) -> None:
        with self._lock:
            number = self._numbers.get(message["parent_header"].get("msg_id", ""))
            told = {"kind": message["msg_type"], "content": message["content"], "number": number}
            sys.stdout.write(json.dumps(told, default=str) + "\n")
            sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    speaker = Speaker()
    try:
        for line in sys.stdin:
            speaker.take(json.loads(line))
    finally:
        speaker.close()


if __name__ == "__main__":
    main()
