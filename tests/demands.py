"""What a run must have: a skip for want of it becomes a failure where it was promised."""

import os

import pytest

REQUIRED = set(filter(None, os.environ.get("KMS_TEST_REQUIRE", "").split(",")))


def missing(what: str, how: str) -> None:
    """Skip with a word, or fail where this run promised to have it."""
    if what in REQUIRED:
        pytest.fail(f"this run requires {what}: {how}")
    pytest.skip(how)
