"""An administrator works from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kms.cli import commands
from kms.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    """A terminal in which ``kms`` works on this test's instance."""
    environment = {
        "KMS_INSTANCE": str(settings.instance),
        "KMS_DATABASE_URL": settings.database_url,
    }
    settings.instance.mkdir(exist_ok=True)

    def kms(*arguments: object) -> Result:
        return CliRunner().invoke(commands, [str(one) for one in arguments], env=environment)

    return kms


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    rows = [
        {"title": "เวทีหูล่อง", "body": "กองทุนสวัสดิการของตำบล", "date": "28 ม.ค. 2549",
         "places": ["ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช"]},
        {"title": "เวทีพัทลุง", "body": "รวมกองทุนสวัสดิการ", "date": "18 ธค 50",
         "places": ["จ.พัทลุง"], "kind": "lesson", "lesson": {"point": "เริ่มจากชาวบ้าน"},
         "roles": [{"role": "khun_amnuay", "person": "ผู้ประสานงาน"}]},
    ]  # fmt: skip
    path = tmp_path / "field.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def numbers(result: Result) -> list[int]:
    return [hit["number"] for hit in json.loads(result.stdout)["hits"]]


def test_init_prepares_once_and_tells_the_password_once(run: Run) -> None:
    first = run("init")
    assert first.exit_code == 0, first.output
    assert "รหัสผ่านครั้งเดียว" in first.stdout
    second = run("init")
    assert second.exit_code == 0
    assert "รหัสผ่านครั้งเดียว" not in second.stdout


def test_what_is_imported_is_found_by_every_filter(run: Run, notes: Path) -> None:
    assert run("import", notes).exit_code == 0
    assert len(numbers(run("search", "สวัสดิการ", "--json"))) == 2
    (hulong,) = numbers(run("search", "สวัสดิการ", "--province", "นครศรีธรรมราช", "--json"))
    assert numbers(run("search", "--tambon", "หูล่อง", "--json")) == [hulong]
    assert numbers(run("search", "--to", "2549", "--json")) == [hulong]
    assert numbers(run("search", "--to", "2006", "--json")) == [hulong]
    (lesson,) = numbers(run("search", "--kind", "lesson", "--json"))
    assert numbers(run("search", "--role", "คุณอำนวย", "--json")) == [lesson]
    assert numbers(run("search", "--from", "2550", "--json")) == [lesson]


def test_a_search_is_readable_in_a_terminal(run: Run, notes: Path) -> None:
    run("import", notes)
    shown = run("search", "หูล่อง").stdout
    assert "พบ 1 บันทึก" in shown
    assert "28 ม.ค. 2549" in shown
    assert "<mark>" not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        ("search", "ก", "--province", "เมืองบาดาล"),
        ("search", "ก", "--from", "ปีมะโว้"),
        ("search", "ก", "--limit", "-5"),
        ("import", "no-such-file.jsonl"),
        ("import", "--format", "pdf", "x"),
        ("export", "out", "--format", "doc"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said_and_ends_with_two(run: Run, wrong: tuple[str, ...]) -> None:
    result = run(*wrong)
    assert result.exit_code == 2, result.output
    assert result.stderr


def test_a_refused_line_is_named_and_ends_with_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "half.jsonl"
    path.write_text('{"title": "ดี"}\n{"title": ""}\n', encoding="utf-8")
    result = run("import", path)
    assert result.exit_code == 1
    assert f"{path}:2: " in result.stderr
    assert "ใหม่ 1" in result.stdout


def test_an_office_is_backed_up_and_restored(run: Run, notes: Path, tmp_path: Path) -> None:
    run("import", notes)
    saved = tmp_path / "all.zip"
    assert run("backup", saved).exit_code == 0
    assert run("restore", saved).exit_code == 1
    assert run("restore", saved, "--replace").exit_code == 0
    assert len(numbers(run("search", "สวัสดิการ", "--json"))) == 2
    assert run("restore", notes).exit_code == 1


def test_what_is_exported_is_imported_unchanged(run: Run, notes: Path, tmp_path: Path) -> None:
    run("import", notes)
    assert run("export", tmp_path / "out", "--format", "jsonl").exit_code == 0
    again = run("import", tmp_path / "out")
    assert again.exit_code == 0
    assert "เหมือนเดิม 2" in again.stdout


def test_index_and_database_are_compared_and_mended(
    run: Run, notes: Path, settings: Settings
) -> None:
    run("import", notes)
    assert run("check").exit_code == 0
    for path in settings.index_folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    assert run("check").exit_code == 1
    assert run("check", "--repair").exit_code == 0
    assert run("check").exit_code == 0
    assert run("reindex").exit_code == 0
    assert len(numbers(run("search", "สวัสดิการ", "--json"))) == 2


def test_the_doctor_finds_a_healthy_office_well(run: Run) -> None:
    run("init")
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert "✗" not in result.stdout


def test_a_bad_setting_stops_with_a_sentence(run: Run) -> None:
    result = CliRunner().invoke(commands, ["init"], env={"KMS_PORT": "eighty"})
    assert result.exit_code != 0
    assert "KMS_PORT" in str(result.exception or result.output)
