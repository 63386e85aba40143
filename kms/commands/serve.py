"""``kms init`` prepares an instance; ``kms serve`` prepares and serves it."""

import socket
from pathlib import Path
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from kms import accounts, create_app, starter
from kms.commands.opening import opened
from kms.errors import BadSettings
from kms.language import gettext as _
from kms.settings import Settings, read_settings

THREADS = 4
LONGEST_ADDRESS = 8190
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108  only heartbeats, made by gunicorn itself


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with our settings; each worker makes its own application."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its options, without those that this release does not know."""
        for name, value in options(self.settings).items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one worker."""
        return create_app(self.settings)


def options(settings: Settings) -> dict[str, Any]:
    """gunicorn's options."""
    return {
        "bind": f"{_bracketed(settings.host)}:{settings.port}",
        "workers": settings.workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "preload_app": False,
        "timeout": 60,
        "keepalive": 15,
        "loglevel": "warning",
        "proc_name": "kms",
        # Thai in an address takes nine letters for each one.
        "limit_request_line": LONGEST_ADDRESS,
        "control_socket_disable": True,
        "worker_tmp_dir": str(MEMORY_FOLDER) if MEMORY_FOLDER.is_dir() else None,
    }


def prepare(settings: Settings) -> str | None:
    """Bring database, content and index to where serving can start; safe to call again.

    Returns the one-time password of the first administrator when it was made just now.
    """
    with opened(settings) as store:
        with store.saving() as session:
            password = accounts.first_administrator(session)
        with store.saving() as session:
            starter.load_content(session)
        store.index.catch_up(store.sessions)
    return password


@click.command(help=_("เตรียมฐานข้อมูล เนื้อหาตั้งต้น ดัชนี และผู้ดูแลคนแรก"))
def init() -> None:
    """Prepare the instance."""
    settings = read_settings()
    _tell(prepare(settings))
    click.echo(_("พร้อมแล้วที่ %(folder)s", folder=settings.instance))


@click.command(help=_("เปิดเว็บ (เตรียมทุกอย่างให้เองถ้ายังไม่พร้อม)"))
def serve() -> None:
    """Prepare the instance and serve it until stopped."""
    settings = read_settings()
    _require_free_port(settings)
    _tell(prepare(settings))
    click.echo(_("เปิดแล้วที่ %(url)s", url=address(settings)))
    Server(settings).run()


def address(settings: Settings) -> str:
    """Where a browser on this machine finds us."""
    everywhere = settings.host in ("0.0.0.0", "::", "")  # noqa: S104  compared, not bound
    return f"http://{'127.0.0.1' if everywhere else _bracketed(settings.host)}:{settings.port}"


def _tell(password: str | None) -> None:
    if password is None:
        return
    click.echo(_("ผู้ดูแลระบบคนแรก: %(email)s", email=accounts.FIRST_EMAIL))
    click.echo(_("รหัสผ่านครั้งเดียว (แสดงครั้งนี้ครั้งเดียว): %(password)s", password=password))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _require_free_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as problem:
            said = _(
                "เปิดที่ %(url)s ไม่ได้ (%(why)s) ลองตั้ง KMS_PORT เป็นเลขอื่น",
                url=address(settings),
                why=problem.strerror,
            )
            raise BadSettings(said) from problem
