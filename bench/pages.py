"""How many pages a second: a closed loop over loopback against ``kms serve``.

    python -m bench.pages [--notes 5000] [--seconds 10]

Four connections kept open, two worker processes, an instance of its own in a temporary folder.
Prints requests per second and latency for an anonymous and a signed-in reader of a 6 KB Thai
note, and how long a save takes to be acknowledged.
"""

import argparse
import http.client
import json
import os
import re
import socket
import tempfile
import threading
import time
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlencode

from bench.serving import free_port, serving
from kms import accounts
from kms.exchange.bringing import bring_in
from kms.exchange.records import record
from kms.saving import migrate, open_store
from kms.settings import read_settings

CONNECTIONS = 4
EMAIL, PASSWORD = "bench@example.org", "วัดความเร็วของหน้า"
SENTENCE = (
    "ที่ประชุมเห็นร่วมกันว่ากองทุนสวัสดิการชุมชนต้องเริ่มจากชาวบ้าน มีข้อตกลงที่ทุกคนเข้าใจ "
    "และให้แต่ละกลุ่มนำกำไรส่วนหนึ่งมารวมกันเป็นส่วนกลางของตำบล "
)
SIX_KB = 6_000


@dataclass(frozen=True)
class Rate:
    """Requests per second and latency in milliseconds over one run."""

    per_second: float
    p50_ms: float
    p95_ms: float


def main() -> None:
    """Set up, measure, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {
            **os.environ,
            "KMS_INSTANCE": folder,
            "KMS_PORT": str(port),
            "KMS_WORKERS": "2",
            "KMS_SIGNIN_LIMIT": "1000 per minute",
        }
        number = _fill(environment, asked.notes)
        with serving(environment):
            _measure(port, number, asked.seconds, asked.notes)


def _measure(port: int, number: int, seconds: float, notes: int) -> None:
    page = f"/notes/{number}"
    print(f"{notes} notes, {CONNECTIONS} connections, 2 workers, {seconds:g} s each")
    _say("note, anonymous", _read(port, page, {}, seconds))
    cookie = _sign_in(port)
    _say("note, signed in", _read(port, page, {"Cookie": cookie}, seconds))
    search = "/search?" + urlencode({"q": "กองทุน สวัสดิการ"})
    _say("search page, anonymous", _read(port, search, {}, seconds))
    _say("save a plain note", _save(port, cookie, 100))


def _say(what: str, rate: Rate) -> None:
    print(
        f"{what:26} {rate.per_second:8.0f} requests/s   "
        f"p50 {rate.p50_ms:6.2f} ms   p95 {rate.p95_ms:6.2f} ms",
        flush=True,
    )


def _fill(environment: dict[str, str], count: int) -> int:
    """Notes of about 6 KB of Thai each; answers the number of one in the middle."""
    settings = read_settings(environment)
    migrate(settings.database_url)
    store = open_store(settings)
    body = "\n\n".join([SENTENCE] * (SIX_KB // len(SENTENCE.encode()) + 1))
    records = (
        record(
            {
                "title": f"เวทีแลกเปลี่ยนครั้งที่ {n} เรื่องกองทุนสวัสดิการชุมชน",
                "body": f"ครั้งที่ {n}\n\n{body}",
                "date": "18 ธ.ค. 2550",
                "places": ["ต.ลำสินธุ์ อ.ศรีนครินทร์ จ.พัทลุง"],
                "tags": ["สวัสดิการ"],
                "roles": [{"role": "khun_amnuay", "person": "ผู้ประสานงานจังหวัดพัทลุง"}],
            },
            where=f"bench:{n}",
            source="bench",
            source_id=str(n),
        )
        for n in range(count)
    )
    outcome = bring_in(store, records)
    assert not outcome.refused, outcome.refused[:1]
    with store.saving() as session:
        accounts.add(session, EMAIL, PASSWORD, "ผู้วัดความเร็ว", permission="member")
    store.close()
    return count // 2


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30)


def _get(
    connection: http.client.HTTPConnection, path: str, headers: dict[str, str]
) -> tuple[int, str, http.client.HTTPMessage]:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def _read(port: int, path: str, headers: dict[str, str], seconds: float) -> Rate:
    """A closed loop: each connection asks again as soon as it is answered."""
    request = _request(port, path, headers)
    for _warm in range(20):
        _loop(port, request, time.monotonic() + 0.02, [])
    times: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    begin = time.monotonic()
    threads = [
        threading.Thread(target=_loop, args=(port, request, begin + seconds, mine))
        for mine in times
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _rate([one for mine in times for one in mine], time.monotonic() - begin)


def _request(port: int, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _loop(port: int, request: bytes, end: float, times: list[float]) -> None:
    """A plain socket, so that the client costs little; opened again when the server closes it."""
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stays_open = True
            while stays_open and time.monotonic() < end:
                begin = time.perf_counter()
                link.sendall(request)
                stays_open = _answered(link)
                times.append((time.perf_counter() - begin) * 1000)


def _answered(link: socket.socket) -> bool:
    """Read one whole answer; whether the connection stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = link.recv(65536)
        assert more, "the server closed the connection without an answer"
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head[:200]
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length, head
    missing = int(length[1]) - len(body)
    while missing > 0:
        more = link.recv(min(missing, 1 << 20))
        if not more:
            return False
        missing -= len(more)
    return b"connection: close" not in head.lower()


def _sign_in(port: int) -> str:
    connection = _connect(port)
    _status, page, headers = _get(connection, "/signin", {})
    cookie = _cookie(headers)
    form = {"csrf_token": _token(page), "email": EMAIL, "password": PASSWORD}
    connection.request("POST", "/signin", urlencode(form), _form_headers(cookie))
    answer = connection.getresponse()
    answer.read()
    assert answer.status in (302, 303), answer.status
    return _cookie(answer.headers)


def _save(port: int, cookie: str, count: int) -> Rate:
    """Saves one after another; the time from sending the form to the redirect."""
    connection = _connect(port)
    times = []
    begin = time.monotonic()
    for n in range(count):
        _status, page, headers = _get(connection, "/write/note", {"Cookie": cookie})
        cookie = _cookie(headers) or cookie
        form = dict(re.findall(r'type="hidden" name="([^"]+)"[^>]*value="([^"]*)"', page))
        form |= {"csrf_token": _token(page), "title": f"บันทึกที่ {n}", "body": SENTENCE * 3}
        form |= {"visibility": "public"}
        start = time.perf_counter()
        connection.request("POST", "/write/note", urlencode(form), _form_headers(cookie))
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - start) * 1000)
        assert answer.status == 303, (answer.status, json.dumps(form, ensure_ascii=False)[:300])
    return _rate(times, time.monotonic() - begin)


def _form_headers(cookie: str) -> dict[str, str]:
    return {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}


def _cookie(headers: http.client.HTTPMessage) -> str:
    return "; ".join(one.split(";")[0] for one in headers.get_all("Set-Cookie", []))


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page[:300]
    return found[1]


def _rate(times: list[float], seconds: float) -> Rate:
    cuts = quantiles(times, n=100)
    return Rate(len(times) / seconds, cuts[49], cuts[94])


if __name__ == "__main__":
    main()
