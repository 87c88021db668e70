"""Ports and brokers for the transports' tests."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port

#: Debian puts daemons where a user's PATH does not look.
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


@pytest.fixture
def port() -> int:
    """A free TCP port."""
    return free_port()


class Broker:
    """A mosquitto that can be killed and started again. login: a user and password that it asks for."""

    def __init__(self, folder: Path, login: tuple[str, str] | None = None) -> None:
        self.port, self.log = free_port(), folder / "mosquitto.log"
        self._config = folder / "mosquitto.conf"
        # It would give up root, and then not read what lies in this folder.
        lines = [
            f"user {getpass.getuser()}",
            f"listener {self.port} 127.0.0.1",
            f"log_dest file {self.log}",
            "persistence false",
        ]
        if login is None:
            lines.append("allow_anonymous true")
        else:
            passwords = folder / "passwords"
            passwords.write_text(f"{login[0]}:{login[1]}\n")
            subprocess.run([str(Path(str(MOSQUITTO)).parents[1] / "bin/mosquitto_passwd"), "-U", passwords], check=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        self._config.write_text("\n".join(lines) + "\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Ready when this returns."""
        self.process = subprocess.Popen(
            [str(MOSQUITTO), "-c", self._config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None, "mosquitto does not start"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("mosquitto does not answer")

    def kill(self) -> None:
        """At once, as by a power cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Not started yet."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    pytest.importorskip("paho.mqtt.client", reason="needs the extra feed")
    made = Broker(tmp_path)
    yield made
    made.kill()
