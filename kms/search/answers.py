"""What a search found as plain values, the same for the API and the command line."""

from kms.search.found import Found, Hit


def as_json(found: Found) -> dict[str, object]:
    """The answer of ``GET /api/v1/search`` (docs/api.md lists the fields)."""
    return {
        "total": found.total,
        "took_ms": round(found.took_ms, 1),
        "did_you_mean": found.did_you_mean,
        "loosened": found.loosened,
        "unread": list(found.unread),
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
