"""Someone who signs in and sends forms the way the outbox of a phone does."""

import http.client
import json
import re
import time
import uuid
from html import unescape
from typing import Any
from urllib.parse import urlencode

JSON = {"Accept": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def fields_of(page: str) -> dict[str, str]:
    """What the hidden fields, lines, areas and chosen radio buttons of a page's form hold."""
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    lines = re.findall(r'<input id="[^"]+" name="([^"]+)" type="text" value="([^"]*)"', page)
    areas = re.findall(r'<textarea[^>]*? name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.S)
    radio = r'<input type="radio" name="([^"]+)" value="([^"]*)" checked'
    chosen = re.findall(radio, page)
    return {name: unescape(value) for name, value in [*hidden, *lines, *areas, *chosen]}


class Sender:
    """One device: a connection kept open, a cookie, a token. Not for two threads at once.

    Without an e-mail it belongs to a stranger, who only reads.
    """

    def __init__(self, port: int, email: str = "", password: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        if email:
            self._sign_in(email, password)

    def _sign_in(self, email: str, password: str) -> None:
        page = self._get("/signin")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, page[:300]
        form = {"csrf_token": token[1], "email": email, "password": password}
        status, _body = self._ask("POST", "/signin", urlencode(form), FORM)
        assert status in (302, 303), status
        self._token = json.loads(self._get("/session"))["csrf_token"]

    def send(self, address: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Send a form; status and what the answer's JSON says."""
        headers = {**FORM, **JSON, "X-CSRFToken": self._token}
        status, body = self._ask("POST", address, urlencode(form), headers)
        return status, json.loads(body)

    def open(self, address: str) -> dict[str, str]:
        """The fields of the form that this page shows, with a form id of its own."""
        return {**fields_of(self._get(address)), "client_id": str(uuid.uuid4())}

    def fetch(self, path: str) -> tuple[int, str, float]:
        """Status and text of a page, and how long it took to come (ms)."""
        begin = time.perf_counter()
        status, body = self._ask("GET", path, None, {})
        return status, body, (time.perf_counter() - begin) * 1000

    def _get(self, path: str) -> str:
        status, body = self._ask("GET", path, None, {})
        assert status == 200, (path, status)
        return body

    def _ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._connection.request(method, path, body, {**headers, "Cookie": cookie})
        answer = self._connection.getresponse()
        for one in answer.headers.get_all("Set-Cookie", []):
            name, _equals, value = one.split(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read().decode()
