"""Thai digits and sums of money. Money is kept in satang, as whole numbers."""

import re
from decimal import Decimal

from kms.language import gettext as _

THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"
MOST_SATANG = 10**17

_TO_ARABIC = {ord(thai): str(digit) for digit, thai in enumerate(THAI_DIGITS)}
_TO_THAI = {ord(str(digit)): thai for digit, thai in enumerate(THAI_DIGITS)}
_SCALES = {
    "": 1,
    "ร้อย": 100,
    "พัน": 1_000,
    "หมื่น": 10_000,
    "แสน": 100_000,
    "ล้าน": 1_000_000,
    "พันล้าน": 1_000_000_000,
    "หมื่นล้าน": 10_000_000_000,
    "แสนล้าน": 100_000_000_000,
    "million": 1_000_000,
}
_AMOUNT = re.compile(
    r"(?:฿|thb|บาท)?\s*"
    r"(?P<number>\d{1,3}(?:,\d{3})+|\d{1,18})(?P<fraction>\.\d{1,9})?\s*"
    r"(?P<scale>(?:พัน|หมื่น|แสน)?ล้าน|ร้อย|พัน|หมื่น|แสน|million)?\s*"
    r"(?:\.-|,-|(?:บาท|บ\.|฿|thb|baht)?\s*(?:(?P<satang>\d{1,2})\s*สตางค์|ถ้วน|\.-)?)"
)


def to_arabic(text: str) -> str:
    """๒๕๕๐ as 2550; everything else as it was."""
    return text.translate(_TO_ARABIC)


def to_thai_digits(text: str) -> str:
    """2550 as ๒๕๕๐; everything else as it was."""
    return text.translate(_TO_THAI)


def baht(satang: int) -> str:
    """A sum of money for people: ``35,978,000 บาท``, with satang only where there are any."""
    whole, rest = divmod(abs(satang), 100)
    amount = f"{'-' if satang < 0 else ''}{whole:,}{f'.{rest:02d}' if rest else ''}"
    return _("%(amount)s บาท", amount=amount)


def read_baht(text: str) -> int:
    """Satang in a sum as people write it (``1.6 ล้านบาท``, ``๒,๕๐๐.๕๐``).

    Raises ``ValueError`` with a sentence for the person who typed it.
    """
    if len(text) > 60:
        raise ValueError(_("จำนวนเงินยาวเกินไป เขียนเป็นตัวเลข เช่น 9,301,000"))
    found = _AMOUNT.fullmatch(to_arabic(text).replace("\xa0", " ").strip().lower())
    if not found:
        raise ValueError(_("อ่านจำนวนเงินไม่ออก เขียนเป็นตัวเลข เช่น 9,301,000 หรือ 1.6 ล้านบาท"))
    number = Decimal(found["number"].replace(",", "") + (found["fraction"] or ""))
    satang = number * _SCALES[found["scale"] or ""] * 100 + int(found["satang"] or 0)
    if satang != satang.to_integral_value():
        raise ValueError(_("จำนวนเงินมีเศษย่อยกว่าหนึ่งสตางค์"))
    if satang > MOST_SATANG:
        raise ValueError(_("จำนวนเงินมากเกินกว่าที่ระบบเก็บได้"))
    return int(satang)
