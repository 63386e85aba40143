"""Letters, and the SMTP server that takes them."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from ipaddress import ip_address

from kms.errors import KmsError
from kms.language import gettext as _
from kms.settings import MailServer

TIMEOUT_S = 30.0

# The server said no to one letter and listens to the next.
_REFUSALS = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
)


class NotTaken(KmsError):
    """The server did not take this letter; others may still go."""

    code = "not_taken"


class NoServer(KmsError):
    """The server cannot be reached, or does not let us in: no letter goes."""

    code = "no_server"


@dataclass(frozen=True)
class Letter:
    """The same words twice: as plain text and as HTML."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as it goes over the line; raises ValueError for an address that is none."""
    name, address = parseaddr(sender)
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(name, addr_spec=address)
    made["To"] = Address(addr_spec=letter.to)
    made["Subject"] = letter.subject
    made["Date"] = formatdate()
    made["Message-ID"] = make_msgid(domain=_domain(sender))
    for header, value in letter.headers.items():
        made[header] = value
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    return made


@contextmanager
def sending(server: MailServer, sender: str, timeout_s: float = TIMEOUT_S) -> Iterator["Line"]:
    """A line to the server, for as many letters as there are."""
    line = Line(server, sender, timeout_s)
    try:
        yield line
    finally:
        line.close()


class Line:
    """One connection, made when the first letter goes, and made anew when it was lost."""

    def __init__(self, server: MailServer, sender: str, timeout_s: float) -> None:
        self._server = server
        self._sender = sender
        self._timeout_s = timeout_s
        self._open: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> None:
        """Return once the server has taken the letter; raises NotTaken or NoServer."""
        try:
            made = compose(letter, self._sender)
        except (ValueError, IndexError) as problem:
            raise NotTaken(_("ที่อยู่อีเมลนี้ใช้ส่งไม่ได้")) from problem
        connection = self._ready()
        try:
            connection.send_message(made)
        except (OSError, UnicodeError) as problem:
            if not isinstance(problem, _REFUSALS):
                # In whatever state the line is, the next letter begins on a fresh one.
                self.close()
            raise NotTaken(_why(problem)) from problem

    def close(self) -> None:
        """Say goodbye, if anybody still listens."""
        if self._open is not None:
            # (smtplib's own errors are OSErrors.)
            with suppress(OSError):
                self._open.quit()
            self._open.close()
            self._open = None

    def _ready(self) -> smtplib.SMTP:
        """The connection that is there when the server still answers on it, else a new one."""
        if self._open is not None:
            try:
                if self._open.noop()[0] == 250:
                    return self._open
            except OSError:
                pass
            self.close()
        try:
            self._open = self._connected()
        except OSError as problem:
            raise NoServer(_("ต่อกับเครื่องส่งอีเมลไม่ได้: %(why)s", why=_why(problem))) from problem
        return self._open

    def _connected(self) -> smtplib.SMTP:
        server, own = self._server, _domain(self._sender)
        secure = ssl.create_default_context()
        if server.is_tls:
            line: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, own, timeout=self._timeout_s, context=secure
            )
        else:
            line = smtplib.SMTP(server.host, server.port, own, timeout=self._timeout_s)
        try:
            self._enter(line, secure)
        except BaseException:
            line.close()
            raise
        return line

    def _enter(self, line: smtplib.SMTP, secure: ssl.SSLContext) -> None:
        line.ehlo()
        is_safe = self._server.is_tls
        if not is_safe and line.has_extn("starttls"):
            line.starttls(context=secure)
            line.ehlo()
            is_safe = True
        if not self._server.user:
            return
        if not is_safe and not _is_own_machine(self._server.host):
            raise smtplib.SMTPNotSupportedError(_("เครื่องส่งอีเมลไม่เข้ารหัส จึงไม่ส่งรหัสผ่านไป"))
        line.login(self._server.user, self._server.password)


def _why(problem: Exception) -> str:
    """What the server said or what failed, in few words, and never what we told it."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(problem.recipients.values()))
        return f"{code} {_readable(said)}"
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return str(problem.smtp_code)
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"{problem.smtp_code} {_readable(problem.smtp_error)}"
    return f"{type(problem).__name__}: {problem}"[:200]


def _readable(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


def _is_own_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
