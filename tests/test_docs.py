"""What the documents say is what the code does."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from kms.cli import commands
from kms.settings import PREFIX, Settings

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]


def test_every_setting_is_explained_and_no_other() -> None:
    told = set(re.findall(r"^\| `(KMS_\w+)`", README, re.MULTILINE))
    assert told == {PREFIX + one.name.upper() for one in fields(Settings)}


def test_every_command_is_explained_and_no_other() -> None:
    told = set(re.findall(r"^\| `kms (\w+)", README, re.MULTILINE))
    assert told == set(commands.commands)


def test_every_dependency_has_its_reason_and_no_other() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[<>=;\[]", one)[0].lower() for one in wanted}
    table = (PROJECT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w, -]+) \|", table, re.MULTILINE)
    told = {name.strip().lower() for row in rows for name in row.split(",")}
    assert names <= told
    assert told - names <= {"package", "file", "the province map", "---"}


def test_every_link_between_documents_leads_somewhere() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (document.parent / target).exists(), f"{document.name} → {target}"


def test_every_decision_gives_context_decision_and_consequences() -> None:
    decisions = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
    assert [int(one.name[:3]) for one in decisions] == list(range(1, len(decisions) + 1))
    for one in decisions:
        text = one.read_text(encoding="utf-8")
        for part in ("Context", "Decision", "Consequences"):
            assert f"**{part}.**" in text, f"{one.name} lacks {part}"


def test_the_readme_opens_with_the_two_commands() -> None:
    first_screen = README.splitlines()[:25]
    assert any("make run" in line for line in first_screen)
    assert any("make test" in line for line in first_screen)


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        named = re.findall(r"`make ([a-z]+)`", document.read_text(encoding="utf-8"))
        assert set(named) <= targets, document.name
