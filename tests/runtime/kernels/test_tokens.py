"""A token is found where a user puts it, and never shown."""

from __future__ import annotations

import pytest

from declml.errors import UserProblem
from declml.kernels.reach_remote import without_token
from declml.kernels.tokens import is_loopback, redacted, server_of


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DECLML_KERNEL_TOKEN", "JUPYTER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.mark.parametrize(
    ("text", "url", "token", "kernelspec"),
    [
        ("http://localhost:8888/?token=abcdef", "http://localhost:8888", "abcdef", None),
        ("http://127.0.0.1:8888/lab?token=abcdef&kernel=gpu", "http://127.0.0.1:8888", "abcdef", "gpu"),
        ("https://host.example/user/me/tree?token=abcdef", "https://host.example/user/me", "abcdef", None),
        ("https://host.example:1234", "https://host.example:1234", "", None),
    ],
)
def test_a_url_as_a_server_prints_it_is_understood(text: str, url: str, token: str, kernelspec: str | None) -> None:
    server = server_of(text)
    assert (server.url, server.token, server.kernelspec) == (url, token, kernelspec)
    assert server.headers == ({"Authorization": f"token {token}"} if token else {})
    assert "abcdef" not in repr(server)


def test_the_environment_is_asked_where_the_url_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_TOKEN", "from-jupyter")
    assert server_of("http://localhost:1").token == "from-jupyter"
    monkeypatch.setenv("DECLML_KERNEL_TOKEN", "from-declml")
    assert server_of("http://localhost:1").token == "from-declml"
    assert server_of("http://localhost:1?token=from-url").token == "from-url"


@pytest.mark.parametrize("host", ["gpu.example.org", "10.0.0.3", "192.168.1.4:8888"])
def test_a_token_never_travels_in_the_clear(host: str) -> None:
    with pytest.raises(UserProblem, match="must travel encrypted") as caught:
        server_of(f"http://{host}/?token=abcdefgh")
    assert caught.value.code == "kernel-insecure"
    assert "abcdefgh" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_only_this_machine_is_this_machine(host: str, own: bool) -> None:
    assert is_loopback(host) == own


def test_a_user_name_in_the_url_is_refused_and_not_shown() -> None:
    with pytest.raises(UserProblem, match="must hold no user name") as caught:
        server_of("https://me:hunter22@host.example")
    assert "hunter22" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("train --kernel http://a:1/?token=abc&x=1", "train --kernel http://a:1/?token=***&x=1"),
        ("Authorization: token abc", "Authorization: token ***"),
        ("https://me:pw@host/x", "https://me:***@host/x"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_is_spelled_as_a_token_is_taken_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_token_that_was_seen_is_taken_out_wherever_it_stands() -> None:
    server_of("http://localhost:1/?token=seen-once-0123")
    assert redacted("the server said seen-once-0123 to me") == "the server said *** to me"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://host:1/x?token=abc", "https://host:1/x"),
        ("https://host:1/x?token=abc&kernel=gpu", "https://host:1/x?kernel=gpu"),
        ("ssh://me@host:22/usr/bin/python3", "ssh://me@host:22/usr/bin/python3"),
        ("ssh://me:secret@host", "ssh://me@host"),
    ],
)
def test_an_address_is_written_down_without_what_opens_it(address: str, kept: str) -> None:
    assert without_token(address) == kept
