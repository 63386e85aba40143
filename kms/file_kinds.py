"""What may be attached: told from the first bytes, never from a name or what a browser says."""

import re
import unicodedata
from typing import Literal

from kms.errors import Invalid
from kms.language import gettext as _

Job = Literal["picture", "pdf", "zip"]

FIRST_BYTES = 4096
LONGEST_NAME = 200
# Text of any length that a client sends as a name is cut to this before it is looked at.
LONGEST_READ = 2_000
# The ending that each type is given out with, and what a browser may offer to choose.
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
ACCEPT = "image/jpeg,image/png,image/webp,image/gif,.pdf,.docx,.xlsx"
PICTURES = ("image/jpeg", "image/png")

_HEIC = re.compile(rb"....ftyp(heic|heix|hevc|heim|heis|mif1|msf1|avif|avis)", re.DOTALL)
_MEDIA = re.compile(
    rb"....ftyp|RIFF....(WAVE|AVI )|ID3|\xff[\xfb\xf3\xf2\xf1\xf9]|OggS|fLaC|\x1aE\xdf\xa3|#!AMR",
    re.DOTALL,
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!", b"dex\n")
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x05\x06", b"PK\x07\x08")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKUP = re.compile(rb"<(!doctype|html|svg|\?xml|script|head|body|!--|iframe)", re.IGNORECASE)


def job_for(head: bytes) -> Job:
    """Who can look at a file that begins like this; raises Invalid with a sentence for others."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return "picture"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "picture"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    raise Invalid(_not_taken(head))


def _not_taken(head: bytes) -> str:
    plain = head.replace(b"\0", b"")[:1024]
    told = (
        (not head, _("ไฟล์นี้ว่างเปล่า เลือกไฟล์ใหม่")),
        (
            _HEIC.match(head),
            _("รูปแบบ HEIC ยังรับไม่ได้ ตั้งกล้องเป็น “เข้ากันได้มากที่สุด” หรือบันทึกรูปเป็น JPEG แล้วแนบใหม่"),
        ),
        (_MEDIA.match(head), _("ไฟล์เสียงและวิดีโอยังรับไม่ได้ วางลิงก์ของเสียงหรือวิดีโอไว้ในเนื้อความแทน")),
        (
            head.startswith(_OLD_OFFICE),
            _("ไฟล์ Office นี้เป็นรุ่นเก่าหรือใส่รหัสผ่าน บันทึกใหม่เป็น .docx หรือ .xlsx ที่ไม่มีรหัสผ่าน"),
        ),
        (head.startswith(_PROGRAMS), _("โปรแกรมหรือสคริปต์แนบไม่ได้")),
        (head.startswith(_ARCHIVES), _("ไฟล์บีบอัดแนบไม่ได้ แตกไฟล์แล้วแนบทีละไฟล์")),
        (_MARKUP.search(plain), _("ไฟล์ SVG หรือหน้าเว็บแนบไม่ได้ บันทึกเป็นรูป PNG หรือ PDF แล้วแนบใหม่")),
    )
    otherwise = _("ไฟล์ชนิดนี้ยังรับไม่ได้ รับรูป JPEG PNG WebP GIF และเอกสาร PDF DOCX XLSX")
    return next((said for is_so, said in told if is_so), otherwise)


def refusal(reason: str) -> Invalid:
    """What to say of a file that was looked into (see ``kms.boxed``) and not taken."""
    sentences = {
        "pixels": _("รูปนี้มีจำนวนจุดมากเกินไป ย่อรูปให้ไม่เกิน 50 ล้านจุดแล้วแนบใหม่"),
        "broken": _("ไฟล์นี้เสียหรือมาไม่ครบ ลองเปิดดูในเครื่อง แล้วบันทึกใหม่ก่อนแนบ"),
        "locked": _("ไฟล์นี้ใส่รหัสผ่านหรือล็อกไว้ บันทึกสำเนาที่ไม่ล็อกแล้วแนบใหม่"),
        "macros": _("ไฟล์นี้มีมาโคร จึงรับไม่ได้ บันทึกเป็น .docx หรือ .xlsx ธรรมดาแล้วแนบใหม่"),
        "bomb": _("ข้างในไฟล์นี้ใหญ่ผิดปกติ จึงรับไม่ได้ บันทึกเป็นเอกสารใหม่แล้วแนบอีกครั้ง"),
        "entities": _("ข้างในไฟล์นี้มีคำสั่งที่เอกสารทั่วไปไม่มี จึงรับไม่ได้ เปิดแล้วบันทึกใหม่ก่อนแนบ"),
        "slides": _("ไฟล์ PowerPoint ยังรับไม่ได้ บันทึกเป็น PDF แล้วแนบใหม่"),
        "archive": _("ไฟล์บีบอัดแนบไม่ได้ แตกไฟล์แล้วแนบทีละไฟล์"),
        "slow": _("อ่านไฟล์นี้นานเกินไป จึงรับไม่ได้ บันทึกใหม่ให้เล็กลงแล้วแนบอีกครั้ง"),
    }
    return Invalid(sentences[reason])


def label(name: str, media_type: str) -> str:
    """What a person called the file, as words only: no folders, nothing unseen, its own ending.

    Never part of a path. The ending says what the file is, whatever it was called.
    """
    ending = ENDINGS[media_type]
    last = re.split(r"[/\\]", name[-LONGEST_READ:])[-1]
    seen = "".join(char for char in unicodedata.normalize("NFC", last) if not _is_unseen(char))
    words = " ".join(seen.split()).strip(" .")
    stem, dot, suffix = words.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,5}", suffix):
        stem = words
    kept = stem.strip(" .")[: LONGEST_NAME - len(ending) - 1].strip(" .")
    return f"{kept or _('ไฟล์แนบ')}.{ending}"


def _is_unseen(char: str) -> bool:
    """Controls, turns of the direction of writing, half characters, what no disk takes."""
    return unicodedata.category(char) in _UNSEEN or char in '<>:"|?*'
