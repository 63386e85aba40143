"""The digest goes by mail: to whom it should, once, and to nobody a word too much."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from kms import accounts, comments, digests, following, notes
from kms.cli import commands
from kms.db import now
from kms.errors import BadSettings
from kms.mailing import Letter, NoServer, NotTaken, sending
from kms.models import Account, Follow
from kms.permissions import Viewer
from kms.saving import Store
from kms.settings import MailServer, Settings, read_settings
from tests.cast import Cast, csrf_token, post
from tests.mail_server import PASSWORD, MailBox, mail_server
from tests.stories import NAKHON, a_review

SITE = "https://platu.example.org"
SENDER = "ปลาทู <platu@example.org>"
SECRET = "ฆฐซุฬกิฏ"
Run = Callable[..., Result]


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def run(settings: Settings, store: Store, box: MailBox) -> Run:
    """A terminal in which ``kms`` works on this test's instance and its mail server."""

    def kms(*arguments: str, **more: str) -> Result:
        environment = {
            "KMS_INSTANCE": str(settings.instance),
            "KMS_DATABASE_URL": settings.database_url,
            "KMS_SECRET_KEY": settings.secret_key,
            "KMS_SMTP_URL": f"smtp://office:{quote(PASSWORD, safe='')}@127.0.0.1:{box.port}",
            "KMS_MAIL_FROM": SENDER,
            "KMS_PUBLIC_URL": SITE,
            **more,
        }
        return CliRunner().invoke(commands, arguments, env=environment)

    return kms


def subscribe(store: Store, who: Viewer, often: str = "daily", place: str = NAKHON) -> None:
    with store.saving() as session:
        digests.choose(session, accounts.get(session, who.account_id or 0), often)
        following.follow(session, "place", place, by=who)


def write(store: Store, by: Viewer, **changed: object) -> int:
    with store.saving() as session:
        return notes.create(session, a_review(**changed), by=by).number


def sent_at(store: Store, who: Viewer) -> object:
    with store.reading() as session:
        return session.get_one(Account, who.account_id).digest_sent_at


def test_each_gets_what_is_new_for_them_and_only_once(
    store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    subscribe(store, cast.commenter)
    subscribe(store, cast.stranger, "weekly")
    subscribe(store, cast.curator, place="93")
    number = write(store, cast.facilitator)
    write(store, cast.facilitator, visibility="draft", title=SECRET, body=SECRET)
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.curator)
        comments.add(session, note, by=cast.curator, body="ดี")
    answer = run("digest")
    assert (answer.exit_code, answer.output) == (0, "ส่งแล้ว 2 ฉบับ · ไม่มีเรื่องใหม่ 1 คน\n")
    assert sorted(one.recipients[0] for one in box.letters) == [
        Cast.email("commenter"),
        Cast.email("stranger"),
    ]
    letter = box.to(Cast.email("commenter"))[0]
    assert letter["Subject"] == "ปลาทู: 1 เรื่องใหม่สำหรับคุณ"
    assert letter["From"] == SENDER
    for part in ("plain", "html"):
        body = letter.get_body((part,))
        assert body is not None
        said = body.get_content()
        assert "AAR เวทีตำบลหูล่อง" in said and "เพราะติดตาม จ.นครศรีธรรมราช" in said
        assert f"{SITE}/notes/{number}" in said
        assert SECRET not in said and "ดี\n" not in said
    assert run("digest").output == "ส่งแล้ว 0 ฉบับ · ไม่มีเรื่องใหม่ 1 คน\n"
    assert len(box.letters) == 2


def test_a_letter_is_well_made(store: Store, cast: Cast, run: Run, box: MailBox) -> None:
    subscribe(store, cast.commenter)
    hostile = "<script>alert(7)</script>\r\nBcc: x@example.org & “เรื่อง”"
    write(store, cast.facilitator, title=hostile)
    assert run("digest").exit_code == 0
    raw = box.letters[0].raw
    assert re.search(rb"^Subject: =\?utf-8\?[qb]\?", raw, re.MULTILINE)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    letter = box.letters[0].message
    assert "Bcc" not in letter and len(letter.get_all("To")) == 1
    assert letter["Message-ID"].endswith("@example.org>") and letter["Date"]
    html = letter.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content() and "&lt;script&gt;" in html.get_content()
    assert box.letters[0].sender == "platu@example.org"
    assert box.signed_in == ["office"]


def test_what_was_seen_or_sent_is_not_sent_again(
    store: Store, cast: Cast, run: Run, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(digests.PERIODS, "daily", timedelta(0))
    subscribe(store, cast.commenter)
    write(store, cast.facilitator)
    with store.saving() as session:
        session.get_one(Account, cast.commenter.account_id).news_seen_at = now()
    assert run("digest").exit_code == 0 and box.letters == []
    write(store, cast.facilitator, title="เรื่องที่สอง")
    assert run("digest").exit_code == 0
    write(store, cast.facilitator, title="เรื่องที่สาม")
    assert run("digest").exit_code == 0
    assert [one.message["Subject"] for one in box.letters] == ["ปลาทู: 1 เรื่องใหม่สำหรับคุณ"] * 2


def test_a_week_and_a_day_are_waited_for(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        account = accounts.get(session, cast.commenter.account_id or 0)
        for often, hours, is_due in (
            ("daily", 19, False),
            ("daily", 23, True),
            ("weekly", 6 * 24, False),
            ("weekly", 7 * 24 - 1, True),
            ("off", 1_000, False),
        ):
            account.digest, account.digest_sent_at = often, now() - timedelta(hours=hours)
            session.flush()
            assert bool(digests.due(session, now())) == is_due, (often, hours)
        account.digest, account.is_active = "daily", False
        account.digest_sent_at = None
        session.flush()
        assert digests.due(session, now()) == []


def test_one_refused_address_does_not_stop_the_others(
    store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    for who in (cast.commenter, cast.curator, cast.stranger):
        subscribe(store, who)
    write(store, cast.facilitator)
    box.refused.add(Cast.email("commenter"))
    answer = run("digest")
    assert answer.exit_code == 1
    assert "ส่งแล้ว 2 ฉบับ" in answer.output and "ส่งไม่ได้ 1 ฉบับ" in answer.output
    assert sent_at(store, cast.commenter) is None
    assert sent_at(store, cast.curator) and sent_at(store, cast.stranger)
    box.refused.clear()
    assert run("digest").exit_code == 0
    assert [one.recipients for one in box.letters][2:] == [[Cast.email("commenter")]]


def test_one_whose_news_cannot_be_told_does_not_stop_the_others(
    store: Store, cast: Cast, run: Run, box: MailBox, caplog: pytest.LogCaptureFixture
) -> None:
    for who in (cast.commenter, cast.curator):
        subscribe(store, who)
    with store.saving() as session:
        broken = {"kind": "search", "target": "organisation=x", "label": "เสีย"}
        session.add(Follow(account_id=cast.commenter.account_id, **broken))
    write(store, cast.facilitator)
    answer = run("digest")
    assert answer.exit_code == 1
    assert "ส่งแล้ว 1 ฉบับ" in answer.output and "ส่งไม่ได้ 1 ฉบับ" in answer.output
    assert sent_at(store, cast.commenter) is None and sent_at(store, cast.curator)
    assert [(one.levelname, bool(one.exc_info)) for one in caplog.records] == [("ERROR", True)]


def test_a_server_that_hangs_up_is_called_again(
    store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    for who in (cast.commenter, cast.curator):
        subscribe(store, who)
    write(store, cast.facilitator)
    box.hangs_up_after.add(Cast.email("commenter"))
    assert run("digest").exit_code == 0
    assert (len(box.letters), box.connections) == (2, 2)


def test_a_server_that_takes_nothing_is_tried_again_the_next_time(
    store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    for who in (cast.commenter, cast.curator):
        subscribe(store, who)
    write(store, cast.facilitator)
    box.refuses_data = True
    answer = run("digest")
    assert answer.exit_code == 1 and "ส่งไม่ได้ 2 ฉบับ" in answer.output
    assert (sent_at(store, cast.commenter), sent_at(store, cast.curator)) == (None, None)


def test_a_server_that_is_away_is_said_in_a_sentence_without_its_secret(
    store: Store, cast: Cast, run: Run
) -> None:
    subscribe(store, cast.commenter)
    write(store, cast.facilitator)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    away = run("digest", KMS_SMTP_URL=f"smtp://office:{quote(PASSWORD, safe='')}@127.0.0.1:{port}")
    assert away.exit_code == 1 and "ต่อกับเครื่องส่งอีเมลไม่ได้" in away.output
    assert sent_at(store, cast.commenter) is None
    assert "wrong-secret" not in away.output


def test_a_wrong_password_is_said_and_not_told(
    store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    subscribe(store, cast.commenter)
    write(store, cast.facilitator)
    answer = run("digest", KMS_SMTP_URL=f"smtp://office:wrong-secret@127.0.0.1:{box.port}")
    assert answer.exit_code == 1 and "535" in answer.output
    assert "wrong-secret" not in answer.output and box.letters == []


def test_a_dry_run_tells_and_sends_nothing(
    store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    subscribe(store, cast.commenter)
    write(store, cast.facilitator)
    for more in ({}, {"KMS_SMTP_URL": "", "KMS_MAIL_FROM": "", "KMS_PUBLIC_URL": ""}):
        answer = run("digest", "--dry-run", **more)
        assert answer.exit_code == 0
        assert answer.output.splitlines() == [
            f"{Cast.email('commenter')}\tปลาทู: 1 เรื่องใหม่สำหรับคุณ",
            "จะส่ง 1 ฉบับ · ไม่มีเรื่องใหม่ 0 คน",
        ]
    assert box.connections == 0 and sent_at(store, cast.commenter) is None
    assert run("digest", KMS_SMTP_URL="").exit_code == 1


def test_whoever_never_asked_gets_no_letter(
    store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    with store.saving() as session:
        following.follow(session, "place", NAKHON, by=cast.commenter)
    write(store, cast.facilitator)
    assert run("digest").exit_code == 0 and box.letters == []


def test_much_news_are_cut_with_a_way_to_the_rest(
    store: Store, cast: Cast, run: Run, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "MOST_TOLD", 2)
    subscribe(store, cast.commenter)
    for n in range(3):
        write(store, cast.facilitator, title=f"เรื่องที่ {n}")
    assert run("digest").exit_code == 0
    assert box.letters[0].message["Subject"] == "ปลาทู: 2+ เรื่องใหม่สำหรับคุณ"
    body = box.letters[0].message.get_body(("plain",))
    assert body is not None
    assert f"{SITE}/news" in body.get_content() and "เรื่องที่ 0" not in body.get_content()


# --- choosing and stopping -----------------------------------------------------------------------


def test_one_chooses_how_often_on_ones_own_page(
    app: Flask, settings: Settings, store: Store, cast: Cast
) -> None:
    client = cast.browser(app, "commenter")
    assert 'name="digest"' not in client.get("/account").text
    app.extensions["kms_settings"] = replace(
        settings, smtp_url="smtp://127.0.0.1:1", mail_from=SENDER, public_url=SITE
    )
    assert 'value="off" checked' in client.get("/account").text
    assert post(client, "/account/digest", {"digest": "weekly"}, page="/account").status_code == 303
    assert 'value="weekly" checked' in client.get("/account").text
    for wrong in ("hourly", "", "off'"):
        form = {"digest": wrong}
        assert post(client, "/account/digest", form, page="/account").status_code == 422
    assert 'value="weekly" checked' in client.get("/account").text


def test_the_link_in_the_letter_stops_it_without_signing_in(
    app: Flask, store: Store, cast: Cast, run: Run, box: MailBox
) -> None:
    subscribe(store, cast.commenter)
    write(store, cast.facilitator)
    assert run("digest").exit_code == 0
    letter = box.letters[0].message
    address = letter["List-Unsubscribe"].strip("<>")
    assert address.startswith(f"{SITE}/news/stop/")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = address.removeprefix(SITE)
    client = app.test_client()
    asked = client.get(path)
    assert asked.status_code == 200 and Cast.email("commenter") not in asked.text
    assert _often(store, cast.commenter) == "daily"
    # As mail programs do it (RFC 8058): no cookie, no token of a form.
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert _often(store, cast.commenter) == "off"
    assert client.get(path).status_code == 200


def test_a_link_that_somebody_made_up_stops_nothing(app: Flask, store: Store, cast: Cast) -> None:
    subscribe(store, cast.commenter)
    number = cast.commenter.account_id or 0
    client = app.test_client()
    own = digests.token_of(number, "only-for-tests")
    made_up = [
        str(number),
        f"{number}-",
        f"{number}-{'0' * 64}",
        digests.token_of(number, "another"),
        f"{number + 1}-{own.partition('-')[2]}",
        f"{own}x",
        "๑-" + own.partition("-")[2],
        "9" * 30 + "-x",
        "x" * 5_000,
    ]
    for token in made_up:
        assert client.get(f"/news/stop/{quote(token)}").status_code == 404, token
        assert client.post(f"/news/stop/{quote(token)}").status_code == 404, token
    assert _often(store, cast.commenter) == "daily"


def test_every_other_form_still_wants_its_token(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "commenter")
    for address in ("/news/seen", "/following", "/account/digest"):
        assert client.post(address, data={"digest": "daily"}).status_code == 400
    assert csrf_token(client, "/account")


def _often(store: Store, who: Viewer) -> str:
    with store.reading() as session:
        return session.get_one(Account, who.account_id).digest


# --- settings and the line -----------------------------------------------------------------------


def test_settings_of_mail_are_read_whole_or_refused(settings: Settings) -> None:
    given = {
        "KMS_INSTANCE": str(settings.instance),
        "KMS_PUBLIC_URL": SITE,
        "KMS_MAIL_FROM": SENDER,
    }
    read = read_settings({**given, "KMS_SMTP_URL": "smtp://a%40b:p%3Aw@mail.example.org"})
    assert read.mail_server == MailServer("mail.example.org", 587, user="a@b", password="p:w")
    read = read_settings({**given, "KMS_SMTP_URL": "smtps://mail.example.org"})
    assert read.mail_server == MailServer("mail.example.org", 465, is_tls=True)
    assert read_settings({"KMS_INSTANCE": str(settings.instance)}).mail_server is None
    assert "secret-word" not in repr(
        read_settings({**given, "KMS_SMTP_URL": "smtp://u:secret-word@h.example.org"})
    )
    for wrong in (
        {"KMS_SMTP_URL": "http://u:secret-word@h"},
        {"KMS_SMTP_URL": "smtp://u:secret-word@h:99999"},
        {"KMS_SMTP_URL": "smtp://u:secret-word@"},
        {"KMS_SMTP_URL": "smtp://u:secret-word-ลับ@h"},
        {"KMS_SMTP_URL": "smtp://h", "KMS_MAIL_FROM": "ไม่ใช่อีเมล"},
        {"KMS_SMTP_URL": "smtp://h", "KMS_MAIL_FROM": "a@b.c\nBcc: x@y.z"},
        {"KMS_SMTP_URL": "smtp://h", "KMS_PUBLIC_URL": ""},
    ):
        with pytest.raises(BadSettings) as refused:
            read_settings({**given, **wrong})
        assert "secret-word" not in refused.value.message


def test_an_address_that_is_none_goes_nowhere(box: MailBox) -> None:
    with sending(MailServer("127.0.0.1", box.port), SENDER) as line:
        for wrong in ("x", "a@b\r\nBcc: c@d", ""):
            with pytest.raises(NotTaken):
                line.send(Letter(wrong, "ก", "ข", "<p>ค</p>"))
        line.send(Letter("ok@example.org", "ก" * 500, "ข\n.\nค", "<p>ค</p>"))
    assert [one.recipients for one in box.letters] == [["ok@example.org"]]
    assert box.letters[0].message["Subject"] == "ก" * 500
    plain = box.letters[0].message.get_body(("plain",))
    assert plain is not None and plain.get_content().splitlines() == ["ข", ".", "ค"]


def test_no_password_goes_over_an_open_line_to_elsewhere(
    box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kms.mailing._is_own_machine", lambda host: False)
    server = MailServer("127.0.0.1", box.port, user="office", password=PASSWORD)
    with sending(server, SENDER) as line, pytest.raises(NoServer):
        line.send(Letter("ok@example.org", "ก", "ข", "ค"))
    box.offers = ("STARTTLS", "AUTH PLAIN")
    with sending(server, SENDER) as line, pytest.raises(NoServer):
        line.send(Letter("ok@example.org", "ก", "ข", "ค"))
    assert box.signed_in == [] and box.letters == []


def test_a_server_that_never_answers_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer("127.0.0.1", silent.getsockname()[1])
        with sending(server, SENDER, timeout_s=0.3) as line, pytest.raises(NoServer):
            line.send(Letter("ok@example.org", "ก", "ข", "ค"))
