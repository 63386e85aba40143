"""Markdown files that begin with YAML fields between two lines of ``---``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kms.errors import Invalid
from kms.exchange.records import Record, Refused, record
from kms.language import gettext as _

FENCE = "---"


def read(path: Path) -> Iterator[Record | Refused]:
    """The one record of this file; its name is the id where the fields give none."""
    where = str(path)
    try:
        fields, body = split(path.read_text(encoding="utf-8"))
        fields.setdefault("title", _first_heading(body) or path.stem)
        yield record(
            {**fields, "body": body}, where=where, source=path.parent.name, source_id=path.stem
        )
    except UnicodeDecodeError:
        yield Refused(where, _("ไฟล์นี้ไม่ใช่ UTF-8"))
    except Invalid as problem:
        yield Refused(where, problem.message)


def split(text: str) -> tuple[dict[str, Any], str]:
    """The fields and the body; no fields when the text begins without a fence."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != FENCE:
        return {}, text
    try:
        end = next(n for n, line in enumerate(lines[1:], start=1) if line.strip() == FENCE)
        fields = yaml.safe_load("\n".join(lines[1:end])) or {}
    except StopIteration:
        raise Invalid(_("ส่วนหัวของไฟล์ไม่มีเส้น --- ปิดท้าย")) from None
    # ValueError: YAML makes dates by itself, and 31 February is none.
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        said = str(problem).splitlines()[0]
        raise Invalid(_("อ่านส่วนหัวของไฟล์ไม่ได้: %(why)s", why=said)) from problem
    if not isinstance(fields, dict):
        raise Invalid(_("ส่วนหัวของไฟล์ต้องมีชื่อช่องกำกับ"))
    return {str(name): value for name, value in fields.items()}, "\n".join(lines[end + 1 :]).strip()


def join(fields: dict[str, Any], body: str) -> str:
    """The text that ``split`` takes apart again."""
    head = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=100)
    return f"{FENCE}\n{head}{FENCE}\n\n{body}\n"


def _first_heading(body: str) -> str:
    for line in body.splitlines():
        if line.startswith("#"):
            return line.lstrip("# ").strip()
    return ""
