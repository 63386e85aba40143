"""Pages and text files go out gzipped: phones in the field pay by the byte.

Session cookies are SameSite, so another site cannot make a signed-in page be compressed beside
its own guesses.
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

from kms.web.slimming import slim

LEAST_BYTES = 1_000
PAGE_LEVEL = 6
FILE_LEVEL = 9
TYPES = frozenset(
    {
        "text/html",
        "text/css",
        "text/plain",
        "text/javascript",
        "application/javascript",
        "application/json",
        "image/svg+xml",
    }
)


def register(app: Flask) -> None:
    """Compress as the last thing done to a response: call this before other ``after_request``."""
    app.after_request(_compressed)


def _compressed(response: Response) -> Response:
    if response.mimetype not in TYPES or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    if "gzip" not in request.headers.get("Accept-Encoding", "") or response.content_encoding:
        return response
    if request.endpoint == "static":
        response.direct_passthrough = False
        packed = _packed_file(response.get_data(), response.mimetype)
        _weaken_etag(response)
    elif response.is_streamed or len(response.get_data()) < LEAST_BYTES:
        return response
    else:
        packed = gzip.compress(response.get_data(), PAGE_LEVEL, mtime=0)
    response.set_data(packed)
    response.content_encoding = "gzip"
    return response


@lru_cache(maxsize=64)
def _packed_file(content: bytes, mimetype: str) -> bytes:
    return gzip.compress(slim(content, mimetype), FILE_LEVEL, mtime=0)


def _weaken_etag(response: Response) -> None:
    """The same file in other bytes is only weakly the same."""
    etag, _is_weak = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)
