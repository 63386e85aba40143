"""Settings from the environment, read once; a bad value stops the start with a sentence."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from kms.errors import BadSettings
from kms.language import gettext as _

PREFIX = "KMS_"
PROJECT = Path(__file__).parents[1]

_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")

Registration = Literal["open", "invite", "closed"]


@dataclass(frozen=True)
class MailServer:
    """An SMTP server; ``is_tls`` says that the line is encrypted from its first byte on."""

    host: str
    port: int
    is_tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything that differs between one office and another.

    Each field is the environment variable ``KMS_<FIELD>``; the README explains them one by one.
    """

    instance: Path
    database_url: str
    secret_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    registration: Registration = "invite"
    public_url: str = ""
    # Whole, with its password: nothing may print it.
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    trusted_proxies: int = 0
    max_body_mb: int = 8
    max_upload_mb: int = 25
    secure_cookies: bool = False
    signin_limit: str = "10 per minute;50 per hour"

    @property
    def index_folder(self) -> Path:
        """Where the search index lives; as private as the database."""
        return self.instance / "index"

    @property
    def attachments_folder(self) -> Path:
        """Where attached files lie, by what is in them."""
        return self.instance / "attachments"

    @property
    def uploads_folder(self) -> Path:
        """Where files lie that have arrived in part."""
        return self.instance / "uploads"

    @property
    def mail_server(self) -> MailServer | None:
        """The server that takes our mail, when there is one."""
        return _mail_server(self.smtp_url) if self.smtp_url else None

    @property
    def max_upload_bytes(self) -> int:
        """The largest file taken."""
        return self.max_upload_mb * 1024 * 1024


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from ``KMS_*`` variables; makes the instance folder and its secret when absent.

    Raises BadSettings naming the variable that cannot be used.
    """
    given = os.environ if environment is None else environment
    instance = Path(given.get(PREFIX + "INSTANCE", "instance")).absolute()
    try:
        instance.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _bad("INSTANCE", str(problem)) from problem
    smtp_url, mail_from, public_url = _mail(given)
    return Settings(
        instance=instance,
        database_url=given.get(PREFIX + "DATABASE_URL") or f"sqlite:///{instance / 'kms.db'}",
        secret_key=given.get(PREFIX + "SECRET_KEY") or _own_secret(instance / "secret_key"),
        host=given.get(PREFIX + "HOST", "127.0.0.1"),
        port=_whole(given, "PORT", 8000, 1, 65_535),
        workers=_whole(given, "WORKERS", 2, 1, 64),
        registration=_registration(given.get(PREFIX + "REGISTRATION", "invite")),
        public_url=public_url,
        smtp_url=smtp_url,
        mail_from=mail_from,
        trusted_proxies=_whole(given, "TRUSTED_PROXIES", 0, 0, 5),
        max_body_mb=_whole(given, "MAX_BODY_MB", 8, 1, 1_000),
        max_upload_mb=_whole(given, "MAX_UPLOAD_MB", 25, 1, 1_000),
        secure_cookies=_yes_or_no(given, "SECURE_COOKIES", default=False),
        signin_limit=given.get(PREFIX + "SIGNIN_LIMIT", Settings.signin_limit),
    )


def _mail(given: Mapping[str, str]) -> tuple[str, str, str]:
    """Where mail goes out, from whom, and the address of the site; mail needs all three."""
    smtp_url = given.get(PREFIX + "SMTP_URL", "").strip()
    mail_from = given.get(PREFIX + "MAIL_FROM", "").strip()
    public_url = given.get(PREFIX + "PUBLIC_URL", "").rstrip("/")
    if smtp_url:
        _mail_server(smtp_url)
        address = parseaddr(mail_from)[1]
        if not mail_from.isprintable() or not _ADDRESS.fullmatch(address):
            raise _bad("MAIL_FROM", _("ใส่อีเมลของผู้ส่ง เช่น ปลาทู <platu@example.org>"))
        if not public_url.startswith(("http://", "https://")):
            raise _bad("PUBLIC_URL", _("จดหมายต้องมีที่อยู่ของเว็บนี้ เช่น https://platu.example.org"))
    return smtp_url, mail_from, public_url


def _mail_server(url: str) -> MailServer:
    """What the address says; raises BadSettings, which never repeats it: it has a password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = parts = None
    # (Nothing but ASCII can be said when signing in there.)
    is_ascii = parts is not None and unquote(parts.netloc).isascii()
    if parts is None or not host or not is_ascii or parts.scheme not in ("smtp", "smtps"):
        raise _bad("SMTP_URL", _("ต้องเป็น smtp://ผู้ใช้:รหัสผ่าน@เครื่อง:พอร์ต หรือ smtps://…"))
    is_tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(host, port or (465 if is_tls else 587), is_tls, user, password)


def _registration(value: str) -> Registration:
    if value not in ("open", "invite", "closed"):
        raise _bad("REGISTRATION", _("ต้องเป็น open, invite หรือ closed"))
    return cast(Registration, value)


def _whole(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(PREFIX + name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        said = _("ต้องเป็นจำนวนเต็ม %(least)s ถึง %(most)s", least=least, most=most)
        raise _bad(name, said)
    return int(text)


def _yes_or_no(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = given.get(PREFIX + name, "yes" if default else "no").lower()
    if text not in ("yes", "no", "true", "false", "1", "0"):
        raise _bad(name, _("ต้องเป็น yes หรือ no"))
    return text in ("yes", "true", "1")


def _own_secret(path: Path) -> str:
    try:
        # Opened with O_EXCL so that two processes starting at once agree on one secret.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as problem:
        raise _bad("INSTANCE", str(problem)) from problem
    secret = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret)
    return secret


def _bad(name: str, why: str) -> BadSettings:
    said = _("ใช้ค่าของ %(name)s ไม่ได้: %(why)s", name=PREFIX + name, why=why)
    return BadSettings(said)
