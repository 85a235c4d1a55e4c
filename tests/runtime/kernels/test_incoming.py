"""What a kernel does with what clients send: each request has one process, whoever starts how many."""

from __future__ import annotations

import threading
from pathlib import Path

from declml.kernels.incoming import claim


def test_of_processes_that_claim_one_request_the_first_does_it(tmp_path: Path) -> None:
    assert [claim(tmp_path, pid) for pid in (11, 12, 11)] == [11, 11, 11]
    assert [each.name for each in tmp_path.iterdir()] == ["claim"]


def test_processes_that_claim_a_request_at_once_agree_who_does_it(tmp_path: Path) -> None:
    for number in range(50):
        folder = tmp_path / str(number)
        folder.mkdir()
        start, said = threading.Barrier(4), []

        def ask(pid: int, folder: Path = folder, start: threading.Barrier = start, said: list[int] = said) -> None:
            start.wait()
            said.append(claim(folder, pid))

        threads = [threading.Thread(target=ask, args=(pid,)) for pid in range(1, 5)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(said) == 4
        assert len(set(said)) == 1
