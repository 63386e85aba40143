"""A site in processes of its own, served as ``kms serve`` does: stopped, killed, started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from kms.saving import Store, open_store
from kms.settings import PROJECT, Settings

START_WITHIN_S = 90
STOP_WITHIN_S = 20


class Server:
    """The server of one instance, always on the same port."""

    def __init__(self, instance: Path) -> None:
        self.instance = instance
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        rest = {name: value for name, value in os.environ.items() if not name.startswith("KMS_")}
        ours = {
            "KMS_INSTANCE": str(self.instance),
            "KMS_PORT": str(self.port),
            "KMS_REGISTRATION": "open",
            "KMS_SIGNIN_LIMIT": "1000 per minute",
        }
        command = [sys.executable, "-m", "kms", "serve"]
        with (self.instance / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**rest, **ours},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()

    def stop(self) -> None:
        """End it in good order; one that does not run is left alone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_WITHIN_S)
            self._process = None

    def kill(self) -> None:
        """SIGKILL for all its processes, as a power cut would."""
        assert self._process is not None, "the server does not run"
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_WITHIN_S)
        self._process = None

    def log(self) -> str:
        """What it said so far."""
        return (self.instance / "log").read_text(encoding="utf-8")

    def store(self) -> Store:
        """The same data, opened by the test itself."""
        return open_store(
            Settings(
                instance=self.instance,
                database_url=f"sqlite:///{self.instance / 'kms.db'}",
                secret_key="only-for-tests",
            )
        )

    def _wait(self) -> None:
        end = time.monotonic() + START_WITHIN_S
        while time.monotonic() < end and self._process and self._process.poll() is None:
            try:
                with urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        pytest.fail(f"the server did not start: {self.log()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
