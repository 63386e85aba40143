"""What measures search works itself: every system, on a few notes."""

import gzip
import json
import tomllib
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.peers import one, ours_only, prepare, systems, table
from bench.peers.figures import Results
from bench.peers.peer import TOP, Peer, as_words, read_lines

PROJECT = Path(__file__).parents[1]
NOTES, SMALL, QUERIES = 60, 20, 5
TOPICS = ("กองทุนสวัสดิการชุมชน", "เกษตรอินทรีย์ครบวงจร", "ธนาคารต้นไม้ประจำตำบล", "ป่าชายเลนหน้าหมู่บ้าน")
UNKNOWN = "ฆวกงิม"


@dataclass(frozen=True)
class Prepared:
    work: Path
    cutting: float

    def system(self, name: str, notes: int = NOTES) -> tuple[Peer, Namespace]:
        if not systems.is_here(name):
            pytest.skip(f"{name} is not installed (pip install 'platu[bench]')")
        folder = self.work / f"{name}-{notes}"
        chosen = Namespace(system=name, folder=folder, work=self.work, notes=notes)
        return systems.make(name, folder), chosen


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("bench")
    file = folder / "notes.jsonl.gz"
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(_note(place)) + "\n" for place in range(NOTES))
    return Prepared(
        folder / "work", prepare.prepare(folder / "work", file, (SMALL, NOTES), QUERIES)
    )


def _note(place: int) -> dict[str, str]:
    topic = TOPICS[place % len(TOPICS)]
    name = f" {UNKNOWN} " if place % 7 == 0 else " "
    body = f"ที่ประชุม{name}เห็นร่วมกันเรื่อง{topic} ครั้งที่ {place} ชาวบ้านเล่าให้ฟังว่าเริ่มจากศูนย์"
    return {"title": f"บันทึกการเรียนรู้เรื่อง{topic}", "body": f"1/2/{2550 + place % 5}\n\n{body}"}


@dataclass(frozen=True)
class Built:
    peer: Peer
    chosen: Namespace
    figures: one.Figures


@pytest.fixture(scope="module", params=systems.NAMES)
def built(prepared: Prepared, request: pytest.FixtureRequest) -> Built:
    peer, chosen = prepared.system(request.param)
    return Built(peer, chosen, one.index(peer, chosen))


def test_every_system_is_measured_in_every_stage(built: Built) -> None:
    assert built.figures["seconds"] > 0
    assert built.figures["mb"] > 0
    figures = one.speed(built.peer, built.chosen)
    assert figures["found"] == QUERIES
    assert len(figures["warm"]) == len(figures["best"]) == QUERIES
    told = one.words(built.peer, built.chosen)
    assert told["name"]["recall"] == 1
    assert told["word"]["precision"] > 0.9


def test_every_system_gives_a_page_with_the_same_counts(built: Built) -> None:
    built.peer.open()
    page = built.peer.page(as_words(prepare.words("ธนาคาร")))
    assert len(page.numbers) == len(page.snippets) == TOP
    assert all("<" in snippet for snippet in page.snippets)
    assert sum(page.counts["kind"].values()) == NOTES // len(TOPICS)
    years = {year: count for year, count in page.counts["year"].items() if count}
    assert years == {str(2007 + year): 3 for year in range(5)}


def test_truth_splits_no_character_cluster() -> None:
    assert prepare.stands_in("น้ำ", "แม่น้ำ")
    assert not prepare.stands_in("กา", "เกา ก่า")
    assert not prepare.stands_in("น", "น้ำ")


def test_bad_input_and_saves_are_measured_on_ours(prepared: Prepared) -> None:
    peer, chosen = prepared.system(systems.OURS, SMALL)
    peer.build([])
    queries = [as_words(row) for row in read_lines(prepared.work / "queries.jsonl")]
    times = ours_only.hostile(chosen.folder, queries)["times"]
    assert times.keys() == ours_only.hostile_queries(queries).keys()
    saves = ours_only.saved(chosen.folder, queries)
    assert len(saves["save"]) == len(saves["search"]) == SMALL


def test_the_table_tells_what_was_measured_and_takes_its_place(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    text = table.compared(_figures())
    table.put_into(file, text)
    told = file.read_text(encoding="utf-8")
    assert told == f"before\n{table.BEGIN}\n{text}\n{table.END}\nafter\n"
    assert "| page, warm | 2.0 / 2.0 | 80.0 / 80.0 |" in told
    marks = table.marks(_figures())
    assert "| faster than Whoosh | 30 × | 40.0 × | met |" in marks
    assert "| indexing, notes/s | 500 | 100 | **missed** |" in marks


def test_the_readme_has_a_place_for_the_table() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert 0 < readme.index(table.BEGIN) < readme.index(table.END)


def _figures() -> Results:
    exact = {"recall": 1.0, "precision": 1.0}
    sorts = dict.fromkeys(("word", "word quoted", "name", "name quoted"), exact)
    results: Results = {"date": "2026-01-31", "notes": 200, "small": 100, "cutting": 1.0}
    for name, ms in ((systems.OURS, 2.0), ("Whoosh", 80.0)):
        for size in (100, 200):
            speed = {key: [ms] * 3 for key in ("new", "warm", "best")}
            speed |= {} if name == systems.OURS else {"every": [ms] * 3}
            results[f"speed {name} {size}"] = [{**speed, "open": 1.0, "first": ms, "rss": 100.0}]
            results[f"index {name} {size}"] = {"seconds": size / 100, "mb": 1.0}
            results[f"words {name} {size}"] = sorts
    served = {"new": [5.0], "warm": [4.0], "rss": 200.0}
    return {
        **results,
        "served": served,
        "saved": {"save": [10.0], "search": [5.0]},
        "hostile": {"times": {"one letter": 3.0}},
    }


def test_what_is_only_measured_beside_is_no_dependency_and_has_its_licence_told() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    documents = (PROJECT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    locks = "".join(path.read_text(encoding="utf-8") for path in PROJECT.glob("requirements*.lock"))
    for name in systems.EXTRAS:
        assert any(one.startswith(name) for one in project["optional-dependencies"]["bench"])
        assert not any(one.startswith(name) for one in project["dependencies"])
        assert f"- {name} (" in documents
        assert f"{name}==" not in locks
