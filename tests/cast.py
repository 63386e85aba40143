"""The people of the tests, set up once for each test that asks for them."""

import re
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kms.models import Account, Person
from kms.permissions import ANONYMOUS, Viewer
from kms.saving import Store
from kms.thai.words import fold

PASSWORD = "รหัสผ่านยาวสำหรับทดสอบ"

PEOPLE = {
    "facilitator": ("member", "ผู้จัดเวทีตำบลหูล่อง"),
    "researcher": ("reader", "นักวิจัยสวัสดิการชุมชน"),
    "commenter": ("member", "สมาชิกเครือข่ายพัทลุง"),
    "curator": ("curator", "บรรณาธิการคลังบทเรียน"),
    "administrator": ("administrator", "ผู้ดูแลระบบ"),
    "stranger": ("reader", "ผู้มาเยือน"),
}


@dataclass(frozen=True)
class Cast:
    """Each one as a Viewer; ``email`` and ``browser`` let them sign in."""

    facilitator: Viewer
    researcher: Viewer
    commenter: Viewer
    curator: Viewer
    administrator: Viewer
    stranger: Viewer
    anonymous: Viewer = ANONYMOUS

    @classmethod
    def set_up(cls, store: Store) -> "Cast":
        """Make an account for each of them."""
        accounts = {
            who: Account(
                email=cls.email(who),
                password_hash=_hashed(),
                permission=permission,
                session_stamp=who,
                person=Person(name=name, name_key=fold(name)),
            )
            for who, (permission, name) in PEOPLE.items()
        }
        with store.sessions() as session:
            session.add_all(accounts.values())
            session.commit()
        return cls(
            **{
                who: Viewer(one.id, one.person_id, one.person.name, one.permission)
                for who, one in accounts.items()
            }
        )

    @staticmethod
    def email(who: str) -> str:
        return f"{who}@example.org"

    def browser(self, app: Flask, who: str) -> FlaskClient:
        """A browser in which this person is signed in."""
        client = app.test_client()
        answer = post(client, "/signin", {"email": self.email(who), "password": PASSWORD})
        assert answer.status_code in (302, 303), answer.text
        return client


def csrf_token(client: FlaskClient, page: str) -> str:
    """The token in the first form of a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert found, f"no form with a token at {page}"
    return found[1]


def post(
    client: FlaskClient,
    address: str,
    form: dict[str, object],
    *,
    page: str | None = None,
    follow: bool = False,
) -> TestResponse:
    """Send a form as a person would: with the token of the page that shows it."""
    token = csrf_token(client, page or address)
    return client.post(address, data={"csrf_token": token, **form}, follow_redirects=follow)


@cache
def _hashed() -> str:
    # Cheap parameters: these tests are about people, not about the cost of argon2.
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
