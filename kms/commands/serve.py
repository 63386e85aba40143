"""``kms init`` prepares an instance; ``kms serve`` prepares and serves it."""

import gc
import logging
import socket
from pathlib import Path
from threading import Thread
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from kms import accounts, create_app, starter
from kms.commands.opening import opened
from kms.errors import BadSettings, Unavailable
from kms.language import gettext as _
from kms.saving import Store, open_store
from kms.settings import Settings, read_settings

THREADS = 4
# The last two have what spelling and suggestions need read and ready.
FIRST_PAGES = (
    "/",
    "/search?q=สวัสดิการ",
    "/search?q=สวัสดกิาร",
    "/suggest?what=search&q=กองทุน",
)
LONGEST_ADDRESS = 8190
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108  only heartbeats, made by gunicorn itself

_log = logging.getLogger(__name__)


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
        """The application of one worker; a large index that must be rebuilt does not delay it."""
        store = open_store(self.settings)
        try:
            store.index.catch_up(store.sessions)
        except Unavailable:
            _log.info("another worker rebuilds the index")
        except Exception:
            _log.exception("the index could not catch up; its changes wait")
        app = create_app(self.settings, store)
        Thread(target=_warm_up, args=(app,), name="warm-up", daemon=True).start()
        return app


def _warm_up(app: Flask) -> None:
    """Read dictionary, gazetteer and templates before the first person waits for them."""
    client = app.test_client()
    for page in FIRST_PAGES:
        try:
            client.get(page)
        except Exception:
            _log.exception("could not warm up with %s", page)
    # Dictionary and gazetteer stay as they are: the collector need not walk them at every save.
    gc.collect()
    gc.freeze()


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
        # Whom to believe is KMS_TRUSTED_PROXIES' to say; gunicorn would believe this machine.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        "worker_tmp_dir": str(MEMORY_FOLDER) if MEMORY_FOLDER.is_dir() else None,
    }


def prepare(store: Store) -> str | None:
    """Put in what a new instance starts with; safe to call again.

    Returns the one-time password of the first administrator when it was made just now.
    """
    with store.sessions.begin() as session:
        password = accounts.first_administrator(session)
        starter.load_content(session)
    return password


@click.command(help=_("เตรียมฐานข้อมูล เนื้อหาตั้งต้น ดัชนี และผู้ดูแลคนแรก"))
def init() -> None:
    """Prepare the instance."""
    settings = read_settings()
    with opened(settings) as store:
        _tell(prepare(store))
        store.index.catch_up(store.sessions)
    click.echo(_("พร้อมแล้วที่ %(folder)s", folder=settings.instance))


@click.command(help=_("เปิดเว็บ (เตรียมทุกอย่างให้เองถ้ายังไม่พร้อม)"))
def serve() -> None:
    """Prepare the instance and serve it until stopped."""
    settings = read_settings()
    _require_free_port(settings)
    with opened(settings) as store:
        _tell(prepare(store))
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
