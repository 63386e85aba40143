"""A little SMTP server on loopback, as strict as the tests need: it keeps what it takes."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

PASSWORD = "s3cret/of:the@server%"
TIMEOUT_S = 10


@dataclass
class Taken:
    """A letter as it came: from whom, to whom, and its bytes."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The letter read as any mail program would."""
        read = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read


@dataclass
class MailBox:
    """What the server took, and how it behaves: whom it refuses, after whom it hangs up."""

    port: int = 0
    letters: list[Taken] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    hangs_up_after: set[str] = field(default_factory=set)
    refuses_data: bool = False
    offers: tuple[str, ...] = ("SMTPUTF8", "8BITMIME", "AUTH PLAIN")
    signed_in: list[str] = field(default_factory=list)
    connections: int = 0

    def to(self, email: str) -> list[EmailMessage]:
        """The letters to this address."""
        return [one.message for one in self.letters if email in one.recipients]


class _Conversation(socketserver.StreamRequestHandler):
    timeout = TIMEOUT_S
    box: MailBox

    def handle(self) -> None:
        self.box.connections += 1
        self._say("220 ready")
        sender, recipients = "", list[str]()
        while line := self.rfile.readline().decode().strip():
            verb, _space, rest = line.partition(" ")
            address = rest.partition("<")[2].partition(">")[0]
            if verb.upper() == "EHLO":
                said = ["127.0.0.1", *self.box.offers]
                self._say("\r\n".join([*(f"250-{one}" for one in said[:-1]), f"250 {said[-1]}"]))
            elif verb.upper() == "AUTH":
                self._authenticate(rest)
            elif verb.upper() == "MAIL":
                sender, recipients = address, []
                self._say("250 ok")
            elif verb.upper() == "RCPT":
                is_refused = address in self.box.refused
                recipients += [] if is_refused else [address]
                self._say("550 no such box" if is_refused else "250 ok")
            elif verb.upper() == "DATA":
                self._take(sender, recipients)
                if self.box.hangs_up_after & set(recipients):
                    return
            elif verb.upper() == "QUIT":
                self._say("221 bye")
                return
            elif verb.upper() in ("RSET", "NOOP"):
                self._say("250 ok")
            else:
                self._say("502 unknown")

    def _authenticate(self, given: str) -> None:
        _plain, _space, said = given.partition(" ")
        _nobody, user, password = base64.b64decode(said).decode().split("\0")
        if password != PASSWORD:
            self._say("535 no")
            return
        self.box.signed_in.append(user)
        self._say("235 welcome")

    def _take(self, sender: str, recipients: list[str]) -> None:
        if self.box.refuses_data:
            self._say("452 full")
            return
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.box.letters.append(Taken(sender, recipients, b"".join(lines)))
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def mail_server() -> Iterator[MailBox]:
    """A server in a thread of its own, on a port of its own, for as long as the block lasts."""
    box = MailBox()
    handler = type("Conversation", (_Conversation,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join(TIMEOUT_S)
