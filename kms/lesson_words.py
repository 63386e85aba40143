"""What people call the stages of a lesson, the steps in its life and why it wants a look."""

from collections.abc import Mapping

from kms.language import gettext as _


def stage_name(stage: str) -> str:
    """How far a lesson has come, or that another took its place."""
    return {
        "draft": _("รอเห็นด้วย"),
        "lesson": _("บทเรียน"),
        "confirmed": _("ยืนยันจากที่อื่น"),
        "applied": _("ที่อื่นนำไปใช้"),
        "routine": _("ทำเป็นปกติ"),
        "superseded": _("มีบทเรียนอื่นมาแทน"),
    }[stage]


def step_name(step: str) -> str:
    """What someone presses to say so."""
    return {
        "agreed": _("เห็นด้วยว่าเป็นบทเรียน"),
        "confirmed": _("ที่พื้นที่ฉันก็เป็นอย่างนี้"),
        "applied": _("ลองใช้แล้ว"),
        "contradicted": _("ที่ฉันไม่เป็นอย่างนี้"),
        "routine": _("ทำเป็นปกติแล้ว"),
        "review": _("ขอให้ทบทวน"),
        "reviewed": _("ทบทวนแล้ว ยังใช้ได้"),
        "superseded": _("มีบทเรียนอื่นมาแทน"),
    }[step]


def told(step: str) -> str:
    """The same as something that happened."""
    return {
        "agreed": _("เห็นด้วยแล้วว่าเป็นบทเรียน"),
        "confirmed": _("ยืนยันจากที่อื่น"),
        "applied": _("นำไปใช้"),
        "contradicted": _("บอกว่าที่อื่นไม่เป็นอย่างนี้"),
        "routine": _("ทำเป็นปกติแล้ว"),
        "review": _("ขอให้ทบทวนแล้ว"),
        "reviewed": _("ทบทวนแล้ว ยังใช้ได้"),
        "superseded": _("มีบทเรียนอื่นมาแทน"),
    }[step]


def outcome_name(outcome: str) -> str:
    """How a use went."""
    return outcomes()[outcome] if outcome else ""


def outcomes() -> Mapping[str, str]:
    """How a use can have gone, in the order of a form."""
    return {"worked": _("ได้ผล"), "partly": _("ได้ผลบ้าง"), "did_not": _("ไม่ได้ผล")}


def review_reason(review: str) -> str:
    """Why somebody should look at a lesson again."""
    return {
        "contradicted": _("มีคนบอกว่าที่อื่นไม่เป็นอย่างนี้ หรือใช้แล้วไม่ได้ผล"),
        "asked": _("มีคนขอให้ทบทวน"),
        "age": _("ไม่มีใครแตะมาสามปีแล้ว"),
    }[review]
