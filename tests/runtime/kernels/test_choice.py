"""What `--kernel` takes, and the remote kernels that a user wrote down."""

from __future__ import annotations

from pathlib import Path

import pytest

from declml.errors import UserProblem
from declml.kernels.choice import Choice, choose, parse_choice
from declml.kernels.known import forget_kernel, known_kernel, known_kernels, remember_kernel


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("warm", "warm"),
        (" local ", "local"),
        ("python3", "spec"),
        ("my-env_3.11", "spec"),
        ("http://localhost:8888", "server"),
        ("https://host/user/me/?token=abc", "server"),
        ("ssh://me@host:2222/opt/env/bin/python", "ssh"),
    ],
)
def test_each_way_to_name_a_kernel_is_understood(text: str, kind: str) -> None:
    assert parse_choice(text).kind == kind


@pytest.mark.parametrize("text", ["", "ftp://host", "two words", "http://", "ssh://", "../python"])
def test_anything_else_is_refused_with_the_ways_to_say_it(text: str) -> None:
    with pytest.raises(UserProblem, match="warm, local, the name of a kernelspec"):
        parse_choice(text)


def test_a_refusal_shows_no_token() -> None:
    with pytest.raises(UserProblem) as refused:
        parse_choice("htp://host/?token=secret")
    assert "secret" not in f"{refused.value}{refused.value.hint}"


def test_the_command_goes_before_the_config_and_the_config_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DECLML_KERNEL", "local")
    assert choose("python3", "warm") == Choice("spec", "python3")
    assert choose(None, "warm") == Choice("warm", "warm")
    assert choose(None, None) == Choice("local", "local")
    monkeypatch.delenv("DECLML_KERNEL")
    assert choose(None, None) == Choice("warm", "warm", asked=False)


def test_a_remote_kernel_is_remembered_without_its_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    remember_kernel("gpu", "https://gpu.example.org:8888/?token=secret")
    remember_kernel("lab", "ssh://me@lab.example.org")
    assert [(each.name, each.kind, each.address) for each in known_kernels()] == [
        ("gpu", "server", "https://gpu.example.org:8888/"),
        ("lab", "ssh", "ssh://me@lab.example.org"),
    ]
    assert "secret" not in "".join(each.read_text() for each in tmp_path.rglob("*.json"))
    forget_kernel("gpu")
    assert known_kernel("gpu") is None
    with pytest.raises(UserProblem, match="got 'gpu'"):
        forget_kernel("gpu")


@pytest.mark.parametrize(("name", "address"), [("warm", "ssh://host"), ("a b", "ssh://host"), ("gpu", "python3")])
def test_a_name_that_means_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(UserProblem):
        remember_kernel(name, address)
    assert known_kernels() == []
