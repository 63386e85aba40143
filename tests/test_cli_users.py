"""``kms init``, ``kms serve`` and ``kms user``, as an administrator types them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

PROJECT = Path(__file__).parents[1]
ONE_TIME = re.compile(r"\b(?:[a-z2-9]{4}-){3}[a-z2-9]{4}\b")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KMS_")}
    return {**kept, "KMS_INSTANCE": str(tmp_path / "instance"), "PYTHONUNBUFFERED": "1"}


def kms(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kms", *words],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_first_start_tells_the_password_once_and_the_second_keeps_all(
    environment: dict[str, str],
) -> None:
    first, second = kms(environment, "init"), kms(environment, "init")
    assert first.returncode == second.returncode == 0, first.stderr
    assert ONE_TIME.search(first.stdout) and "admin@platu.local" in first.stdout
    assert not ONE_TIME.search(second.stdout)
    assert kms(environment, "user", "list").stdout.startswith("admin@platu.local\tadministrator")


def test_accounts_are_kept_from_the_command_line(environment: dict[str, str]) -> None:
    added = kms(environment, "user", "add", "new@example.org", "--role", "curator", "--name", "แดง")
    assert added.returncode == 0 and ONE_TIME.search(added.stdout)
    again = kms(environment, "user", "password", "NEW@example.org")
    assert ONE_TIME.search(again.stdout)
    assert ONE_TIME.findall(again.stdout) != ONE_TIME.findall(added.stdout)
    assert kms(environment, "user", "role", "new@example.org", "reader").returncode == 0
    assert kms(environment, "user", "deactivate", "new@example.org").returncode == 0
    assert kms(environment, "user", "list").stdout == "new@example.org\treader\tclosed\tแดง\n"


def test_what_cannot_be_done_is_said_with_its_status(environment: dict[str, str]) -> None:
    kms(environment, "user", "add", "new@example.org")
    for status, words in [
        (1, ("user", "add", "new@example.org")),
        (1, ("user", "add", "no-email")),
        (1, ("user", "password", "nobody@example.org")),
        (1, ("user", "invite", "--days", "0")),
        (2, ("user", "add", "b@example.org", "--role", "king")),
        (2, ("user", "add")),
        (2, ("no-such-command",)),
    ]:
        answer = kms(environment, *words)
        assert answer.returncode == status, words
        assert answer.stderr and "Traceback" not in answer.stderr
        assert not ONE_TIME.search(answer.stdout)


def test_a_bad_setting_stops_the_start_with_a_sentence(environment: dict[str, str]) -> None:
    answer = kms({**environment, "KMS_PORT": "many"}, "serve")
    assert answer.returncode == 2
    assert "KMS_PORT" in answer.stderr and "Traceback" not in answer.stderr


def test_a_taken_port_is_said(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = kms({**environment, "KMS_PORT": port}, "serve")
    assert answer.returncode == 2
    assert "KMS_PORT" in answer.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_well(port: int, process: subprocess.Popen[str]) -> bool:
    for _ in range(300):
        assert process.poll() is None, "the server stopped"
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except URLError:
            time.sleep(0.1)
    return False


@pytest.mark.parametrize("command", [["-m", "kms", "serve"], ["app.py"]])
def test_the_server_serves_until_it_is_told_to_stop(
    environment: dict[str, str], command: list[str]
) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=PROJECT,
        env={**environment, "KMS_PORT": str(port), "KMS_WORKERS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert is_well(port, process)
        # A body over the limit is answered in words even while it is still being sent.
        assert refused_status(port, b"a" * 10_000_000) == 413
    finally:
        process.send_signal(signal.SIGTERM)
        said, complaints = process.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}" in said
    assert len(ONE_TIME.findall(said)) == 1
    assert "Traceback" not in complaints
    assert process.returncode == 0


def refused_status(port: int, body: bytes) -> int:
    """The status of posting this body as a form, read as a browser would."""
    head = (
        f"POST /signin HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode())
        connection.sendall(body)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return int(answer.split(b" ", 2)[1])
