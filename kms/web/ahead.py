"""Names the files that a page cannot do without in its header, ahead of the page itself.

A browser asks for them before it has read the page, and scripts among them do not wait their
turn behind pictures: on a slow connection that is a round trip less before someone can type.
"""

from flask import Flask, Response, g

from kms.web.filters import asset


def ahead(path: str, kind: str) -> str:
    """Name a file of ``static/``; ``kind`` is ``style`` or ``script``. Says nothing on the page."""
    g.setdefault("ahead", []).append(f"<{asset(path)}>; rel=preload; as={kind}")
    return ""


def register(app: Flask) -> None:
    """Let templates name files, and send the names with the page."""
    app.jinja_env.globals["ahead"] = ahead
    app.after_request(_name)


def _name(response: Response) -> Response:
    named = g.get("ahead", ())
    if named and response.mimetype == "text/html":
        response.headers["Link"] = ", ".join(dict.fromkeys(named))
    return response
