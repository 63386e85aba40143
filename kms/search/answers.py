"""What the search answers, for programs and for people at a terminal."""

from kms.language import gettext as _
from kms.search.found import Found, Hit
from kms.search.index import Report


def as_json(found: Found) -> dict[str, object]:
    """The answer of ``GET /api/v1/search`` (docs/api.md lists the fields)."""
    return {
        "total": found.total,
        "took_ms": round(found.took_ms, 1),
        "did_you_mean": found.did_you_mean,
        "loosened": found.loosened,
        "unread": [*found.query.unread, *found.unread],
        "hits": [_hit(hit) for hit in found.hits],
        "facets": {
            name: [{"value": one.value, "label": one.label, "count": one.count} for one in values]
            for name, values in found.facets.items()
        },
    }


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "number": hit.number,
        "source": hit.source,
        "source_id": hit.source_id,
        "kind": hit.kind,
        "title": hit.title,
        "url": hit.url,
        "score": round(hit.score, 4),
        "snippet": str(hit.snippet),
        "date": hit.held_from.isoformat() if hit.held_from else None,
        "date_to": hit.held_to.isoformat() if hit.held_to else None,
        "places": list(hit.place_codes),
        "themes": list(hit.theme_slugs),
    }


def in_words(report: Report) -> str:
    """What a comparison of database and index told, in a sentence or two."""
    if not report.is_readable:
        said = _("เปิดดัชนีไม่ได้")
    elif report.needs_rebuild:
        said = _("พจนานุกรมหรือวิธีตัดคำเปลี่ยนไป ต้องสร้างดัชนีใหม่")
    elif report.is_sound:
        said = _("ดัชนีตรงกับบันทึกทั้ง %(notes)s ฉบับ", notes=report.notes)
    else:
        said = _(
            "ขาด %(missing)s · เกิน %(left_over)s · ไม่ตรง %(stale)s จาก %(notes)s บันทึก",
            missing=len(report.missing),
            left_over=len(report.left_over),
            stale=len(report.stale),
            notes=report.notes,
        )
    if report.repaired:
        return said + " " + _("– ซ่อมแล้ว")
    return said if report.is_sound else said + " " + _("– ซ่อมด้วย kms check --repair")
