"""The facilitator roles of the Tuna model and their helpers, the levels, and who plays them."""

from collections.abc import Iterable
from dataclasses import dataclass

from kms import language, naming
from kms.errors import Invalid
from kms.language import gettext as _
from kms.note_kinds import ROLES as CODES


@dataclass(frozen=True)
class Role:
    """What people call a role, and what the one who plays it does."""

    code: str
    name_th: str
    name_en: str
    does_th: str
    does_en: str

    @property
    def name(self) -> str:
        """In the current language."""
        return self.name_en if language.current() == "en" else self.name_th

    @property
    def does(self) -> str:
        """In the current language."""
        return self.does_en if language.current() == "en" else self.does_th


ROLES = {
    role.code: role
    for role in (
        Role(
            "khun_ua",
            "คุณเอื้อ",
            "Khun Ua (sponsor)",
            "ผู้ใหญ่ที่เปิดทาง ชี้ทิศ และให้ทรัพยากร เช่น ผู้ว่าราชการจังหวัด นายอำเภอ นายก อบต.",
            "Senior sponsor who opens doors, sets the direction and gives resources: a governor, "
            "a district chief, a tambon mayor.",
        ),
        Role(
            "khun_amnuay",
            "คุณอำนวย",
            "Khun Amnuay (facilitator)",
            "ผู้ออกแบบและพาวงเรียนรู้ให้เดิน เชื่อมคนกับภาคีเข้าด้วยกัน",
            "Facilitator who designs and runs the learning circle and links people and partners.",
        ),
        Role(
            "khun_kit",
            "คุณกิจ",
            "Khun Kit (practitioner)",
            "ผู้ลงมือทำและเป็นเจ้าของความรู้ เช่น แกนนำหมู่บ้าน สมาชิกกลุ่ม",
            "Practitioner who does the work and owns the know-how: village leaders, members of "
            "groups.",
        ),
        Role(
            "khun_likhit",
            "คุณลิขิต",
            "Khun Likhit (note-taker)",
            "ผู้จดและเรียบเรียงสิ่งที่วงพูดกัน",
            "Note-taker who writes down what the circle says.",
        ),
        Role(
            "khun_prasan",
            "คุณประสาน",
            "Khun Prasan (co-ordinator)",
            "ผู้ประสานเครือข่ายและนัดหมายให้งานเดินต่อ",
            "Co-ordinator who keeps the network in touch and the work moving.",
        ),
        Role(
            "khun_wisat",
            "คุณวิศาสตร์",
            "Khun Wisat (technology helper)",
            "ผู้ช่วยเรื่องเทคโนโลยีและระบบสารสนเทศ",
            "Helper with information technology.",
        ),
    )
}


def name(code: str) -> str:
    """The role's name in the current language; an unknown code is its own name."""
    return ROLES[code].name if code in ROLES else code


def level_name(code: str) -> str:
    """The level's name in the current language; an unknown code is its own name."""
    return _levels().get(code, code)


def read(text: str) -> str:
    """The code of a role written as a code, in Thai (with or without คุณ) or in English.

    Raises Invalid.
    """
    code = _codes().get(_plain(text))
    if code is None:
        raise Invalid(_unknown(text, (role.name for role in ROLES.values())))
    return code


def read_level(text: str) -> str:
    """The code of a level written as a code or in Thai; Invalid when there is none such."""
    wanted = _plain(text).removeprefix("ระดับ").strip()
    for code, said in (*_levels().items(), ("zone", _("กลุ่มอำเภอ"))):
        if wanted in (code, naming.key(said)):
            return code
    raise Invalid(_unknown(text, _levels().values()))


def _levels() -> dict[str, str]:
    return {
        "province": _("จังหวัด"),
        "amphoe": _("อำเภอ"),
        "tambon": _("ตำบล"),
        "village": _("หมู่บ้าน"),
        "zone": _("โซน"),
    }


def _codes() -> dict[str, str]:
    """Every way to write a role, folded, to its code."""
    ways: dict[str, str] = {}
    for code in CODES:
        role = ROLES[code]
        spoken = _plain(code)
        for way in (spoken, spoken.removeprefix("khun "), _plain(role.name_th)):
            ways[way] = code
        ways[_plain(role.name_th).removeprefix("คุณ")] = code
        ways[_plain(role.name_en)] = code
    return ways


def _plain(text: str) -> str:
    return naming.key(text.replace("_", " ").replace("-", " "))


def _unknown(text: str, known: Iterable[str]) -> str:
    return _("ไม่รู้จัก “%(text)s” ใช้ได้: %(known)s", text=text.strip()[:60], known=", ".join(known))
