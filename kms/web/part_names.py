"""What pages call the parts of a note, the rows of its tables and their columns."""

from collections.abc import Mapping

from kms.language import gettext as _
from kms.note_kinds import Kind
from kms.note_parts import ANSWER, TABLES
from kms.question_sets import QuestionSet
from kms.web.form_page import labels_for


def names_for(questions: QuestionSet, kind: Kind) -> Mapping[str, str]:
    """Part → its name, with the questions of this set; never a question of the form itself."""
    return {
        **labels_for({}, questions, kind),
        "title": _("ชื่อเรื่อง"),
        "held": _("วันที่จัด"),
        "author": _("ผู้เขียน"),
        "kind": _("ชนิดของบันทึก"),
    }


def part_name(part: str, names: Mapping[str, str]) -> str:
    """A part, one of its rows or a cell: วาระ แถวที่ 2: ตกลงว่า."""
    if part.startswith(ANSWER):
        return names.get(part, _("คำตอบ"))
    table, _dash, rest = part.partition("-")
    if table not in TABLES or not rest:
        return names.get(part, part)
    index, _dash, column = rest.partition("-")
    row = _("%(what)s แถวที่ %(n)s", what=names.get(table, table), n=int(index) + 1)
    return f"{row}: {column_name(part)}" if column else row


def column_name(name: str) -> str:
    """What a column is called, by the name of one of its fields or by its own."""
    table, _dash, rest = name.partition("-")
    column = rest.partition("-")[2] if table in TABLES else name
    names = {
        "text": _("ตำบล อำเภอ หรือจังหวัด"),
        "code": _("ตำบล อำเภอ หรือจังหวัด"),
        "village": _("หมู่บ้าน"),
        "part": _("มีส่วนเป็น"),
        "role": _("บทบาท"),
        "person": _("คน"),
        "organisation": _("องค์กร"),
        "level": _("ระดับ"),
        "place": _("พื้นที่"),
        "place_code": _("พื้นที่"),
        "did": _("ทำอะไร"),
        "name": _("ชื่อ"),
        "absent": _("มาประชุม"),
        "present": _("มาประชุม"),
        "title": _("ชื่อเรื่อง"),
        "discussion": _("คุยกันว่า"),
        "decision": _("ตกลงว่า"),
        "what": _("ทำอะไร"),
        "owner": _("ใครทำ"),
        "due": _("ภายใน"),
        "done": _("สถานะ"),
        "result": _("ผลเป็นอย่างไร"),
        "lesson": _("บทเรียน"),
        "outcome": _("ใช้แล้วเป็นอย่างไร"),
        "changed": _("ปรับอะไรไป"),
        "amount": _("จำนวนเงิน"),
        "amount_satang": _("จำนวนเงิน"),
        "note": _("หมายเหตุ"),
        "passage": _("ข้อความ"),
        "caption": _("คำบรรยาย"),
        "credit": _("ลงชื่อแบบไหน"),
        "author": _("ชื่อผู้เขียน"),
    }
    return names.get(column, "")
