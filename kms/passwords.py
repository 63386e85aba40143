"""Passwords: which are good enough, how they are kept, and one-time ones."""

import secrets
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kms.language import gettext as _

LEAST_LETTERS = 10
MOST_LETTERS = 200
UNUSABLE = "!"

# OWASP's lean setting: 19 MiB a check, so that several at once fit a small server.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Checked when an account is unknown, so that the answer takes as long as for a known one.
_DUMMY = _hasher.hash("no such account")
# What guessers try first, folded; the ten-letter rule already refuses the shorter ones.
_COMMON = frozenset(
    """
    1234567890 0123456789 12345678910 123456789a 1234567891 1234512345 1122334455 0987654321
    9876543210 qwertyuiop 1q2w3e4r5t 1qaz2wsx3edc qwerty1234 qwerty12345 password12 password123
    password1234 passw0rd123 iloveyou12 iloveyou123 thailand123 bangkok1234 abcdefghij abcd123456
    abc1234567 administrator letmein1234 welcome123 admin12345 platu12345 รหัสผ่าน123
    สวัสดีครับ สวัสดีค่ะครับ
    """.split()  # noqa: SIM905  a list of words is easier to read and to add to
)
_EASY_TO_READ = "abcdefghjkmnpqrstuvwxyz23456789"


def fault(password: str, email: str) -> str:
    """Why this password will not do, as a sentence; empty when it will."""
    said = _normal(password)
    if len(said) < LEAST_LETTERS:
        return _("ใช้อย่างน้อย %(n)s ตัวอักษร วลียาว ๆ ที่จำง่ายก็ได้", n=LEAST_LETTERS)
    if len(said) > MOST_LETTERS:
        return _("ยาวเกินไป ใช้ไม่เกิน %(n)s ตัวอักษร", n=MOST_LETTERS)
    folded = said.casefold()
    if folded in (email.casefold(), email.casefold().partition("@")[0]):
        return _("อย่าใช้อีเมลเป็นรหัสผ่าน")
    if folded in _COMMON or len(set(folded)) < 4:
        return _("รหัสนี้เดาง่ายเกินไป ลองใช้คำหลายคำต่อกัน")
    return ""


def keep(password: str) -> str:
    """The hash to store."""
    return _hasher.hash(_normal(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; takes as long for None (no such account) as for any."""
    try:
        fitting = _hasher.verify(password_hash or _DUMMY, _normal(password)[: MOST_LETTERS + 1])
    except (VerificationError, InvalidHashError):
        return False
    return fitting and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other settings than ours of today."""
    return _hasher.check_needs_rehash(password_hash)


def one_time() -> str:
    """A password to be read out or written on paper: four groups of four easy letters."""
    groups = ("".join(secrets.choice(_EASY_TO_READ) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _normal(password: str) -> str:
    # One Thai word can be typed as different code points; NFC leaves sara am in two pieces.
    return normalize("NFC", password).replace("\u0e4d\u0e32", "\u0e33")
