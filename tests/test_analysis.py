"""What the index is made of: nothing lost, nothing split, and a name for dictionary and rules."""

import gzip
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from kms import gazetteer, places, roles
from kms.search import analysis, folding, snippet
from kms.thai.words import clusters, fold, fold_with_offsets, is_cluster_boundary, shorten
from tests.shared_data import DATA, SEEDS

THAI = st.text(
    alphabet=st.one_of(
        st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B),
        st.sampled_from("เแาำัํ้่์ิุ็ \u200b\xad\xa0\n๑9aÀΣİé\u0301.,ฯๆ(😀"),
    ),
    max_size=80,
)
NEWS = 120
SPACES = re.compile(r"\s+")


# --- real text -----------------------------------------------------------------------------------


def real_texts() -> Iterator[str]:
    """Texts as people wrote them, from the field and from the news."""
    for path in sorted(SEEDS.glob("*.txt")):
        yield path.read_text(encoding="utf-8")
    path = DATA / "thaigov-20000.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for one in map(json.loads, islice(lines, NEWS)):
                yield f"{one['title']}\n{one['body']}"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    found = list(real_texts())
    if not found:
        pytest.skip("neither real documents nor load data are here")
    return found


@pytest.fixture(scope="module")
def words(texts: list[str]) -> Counter[str]:
    """Every word of the texts, with how often it occurs."""
    return sum((analysis.words(fold(text)) for text in texts), Counter())


def bare(text: str) -> str:
    return SPACES.sub("", text)


def test_real_text_folds_once_for_all_and_to_where_it_came_from(texts: list[str]) -> None:
    for text in texts:
        folded, offsets = fold_with_offsets(text)
        assert folded == fold(text) == folding.fold(text) == fold(folded)
        assert len(offsets) == len(folded)
        assert all(0 <= offset < len(text) for offset in offsets)
        moved = [at for at, offset in enumerate(offsets) if fold(text[offset]) != folded[at]]
        # What stands elsewhere was mended: a mark in order again, or ํ and า that became ำ.
        assert all(re.match("[\u0e31-\u0e3a\u0e47-\u0e4eแำ]", folded[at]) for at in moved)


def test_offsets_of_real_text_never_run_back_further_than_a_cluster(texts: list[str]) -> None:
    for text in texts:
        _, offsets = fold_with_offsets(text)
        back = [(a, b) for a, b in pairwise(offsets) if b < a]
        assert all(not is_cluster_boundary(text, a) for a, _ in back)


def test_real_text_is_cut_into_all_its_characters(texts: list[str]) -> None:
    cutter = analysis.vocabulary().cutter
    for text in map(fold, texts):
        found = cutter.cut(text)
        assert bare("".join(word for word, _, _ in found)) == bare(text)
        assert all(text[start:end] == word for word, start, end in found)
        for _, start, end in found:
            assert is_cluster_boundary(text, start)
            assert is_cluster_boundary(text, end)


def test_words_of_real_text_decompose_into_leaves_that_are_the_word(words: Counter[str]) -> None:
    leaves = analysis.vocabulary().cutter.leaves
    for word in words:
        parts = leaves(word)
        assert "".join(parts) == word
        assert all(leaves(part) == (part,) for part in parts)
        ends = [sum(map(len, parts[:count])) for count in range(len(parts))]
        assert all(is_cluster_boundary(word, end) for end in ends)


def test_terms_of_real_text_say_what_its_words_say(words: Counter[str]) -> None:
    said = Counter(char for word, times in words.items() for char in word * min(times, 3))
    kept = Counter(
        char for term, times in analysis.terms(words).items() for char in term * min(times, 3)
    )
    # Only punctuation goes, and the separators of numbers and abbreviations.
    lost = {char for char in said if char not in kept}
    assert not [char for char in lost if char.isalnum()]


def test_pieces_of_real_text_are_the_words_that_say_something(texts: list[str]) -> None:
    for text in map(fold, texts[:40]):
        cut = [word for word, _, _ in analysis.vocabulary().cutter.cut(text)]
        pieces = [piece.text for piece in analysis.pieces(text)]
        left_out = Counter(cut) - Counter(pieces)
        assert Counter(pieces) - Counter(cut) == Counter()
        assert not [word for word in left_out if re.search(r"[ก-ฮa-z0-9]", word)]


# --- nothing splits a cluster --------------------------------------------------------------------


def whole_clusters(text: str, part: str) -> bool:
    """Whether the part occurs in the text between two places where it may be cut."""
    at = text.find(part)
    while at >= 0:
        if is_cluster_boundary(text, at) and is_cluster_boundary(text, at + len(part)):
            return True
        at = text.find(part, at + 1)
    return False


def shown_pieces(markup: Markup) -> list[str]:
    """The stretches of a snippet that stand together in the text."""
    plain = str(Markup(re.sub("</?mark>", "", str(markup))).unescape())
    plain = plain.removeprefix("… ").removesuffix(" …")
    return [piece for piece in plain.split(snippet.BETWEEN) if piece]


def test_snippets_of_real_text_are_whole_clusters(texts: list[str]) -> None:
    for number, text in enumerate(texts):
        lines = "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))
        folded = "\n".join(map(fold, lines.split("\n")))
        pieces = [piece.text for piece in analysis.pieces(folded[:2_000])]
        for asked in (pieces[number % 7 :: 31][:4], pieces[-1:], ["ไม่มีคำนี้"], []):
            for length in (12, snippet.LENGTH):
                found = snippet.passage(lines, folded, asked, length=length)
                for piece in shown_pieces(found):
                    assert whole_clusters(lines, piece), (asked, length, piece)


def test_marks_on_real_text_stand_around_whole_clusters(texts: list[str]) -> None:
    for number, text in enumerate(texts):
        title = text.partition("\n")[0].strip()
        folded = fold(title)
        pieces = [piece.text for piece in analysis.pieces(folded)]
        halves = [piece[: len(piece) // 2] for piece in pieces] + [piece[1:] for piece in pieces]
        marked = str(snippet.marked(title, halves[number % 3 :: 3]))
        parts = [Markup(part).unescape() for part in re.split("</?mark>", marked)]
        assert "".join(parts) == title
        ends = [sum(map(len, parts[:count])) for count in range(len(parts))]
        assert all(is_cluster_boundary(title, end) for end in ends)


def test_real_titles_are_shortened_between_clusters(texts: list[str]) -> None:
    for text in texts:
        title = text.partition("\n")[0].strip()
        for limit in range(1, len(title)):
            kept = shorten(title, limit).removesuffix("…")
            rest = title[len(kept) :]
            assert title.startswith(kept)
            assert not kept or rest[:1].isspace() or is_cluster_boundary(title, len(kept))


@settings(max_examples=300)
@given(THAI, st.integers(1, 40))
def test_shortening_cuts_where_a_reader_may(text: str, limit: int) -> None:
    short = shorten(text, limit)
    if short != text:
        kept = short.removesuffix("…")
        at = len(kept)
        assert text.startswith(kept)
        assert text[at : at + 1].isspace() or is_cluster_boundary(text, at)


@settings(max_examples=300)
@given(THAI)
def test_no_leaf_of_any_word_begins_inside_a_cluster(text: str) -> None:
    cutter = analysis.vocabulary().cutter
    for word, _, _ in cutter.cut(fold(text)):
        parts = cutter.leaves(word)
        assert "".join(parts) == word
        kept = clusters(word)
        ends = {sum(map(len, kept[:count])) for count in range(len(kept) + 1)}
        assert {sum(map(len, parts[:count])) for count in range(len(parts))} <= ends


@given(THAI)
def test_whole_words_of_leaves_are_the_leaves(text: str) -> None:
    for piece in analysis.pieces(fold(text)):
        joined = list(analysis.whole_words(piece.leaves))
        assert tuple(leaf for _, leaves in joined for leaf in leaves) == piece.leaves
        assert all("".join(leaves) == word for word, leaves in joined)


# --- our own words -------------------------------------------------------------------------------


def content(name: str) -> list[dict[str, object]]:
    found = yaml.safe_load((analysis.CONTENT / name).read_text(encoding="utf-8"))
    return list(found or ())


def themes_of(tree: list[dict[str, object]]) -> Iterator[str]:
    for theme in tree:
        yield str(theme["name"])
        yield from themes_of(theme.get("children") or [])  # type: ignore[arg-type]


def organisations() -> Iterator[str]:
    for one in content("organisations.yaml"):
        yield str(one["name"])
        yield from filter(None, [one.get("abbreviation"), *(one.get("also") or ())])  # type: ignore[misc]


@pytest.mark.parametrize(
    "names",
    [
        # Shorter names would cut everyday words apart.
        [one.name for one in gazetteer.gazetteer().by_code.values() if len(one.name) >= 4],
        list(gazetteer.gazetteer().aliases),
        list(organisations()),
        [role.name_th for role in roles.ROLES.values()],
        list(themes_of(content("themes.yaml"))),
    ],
    ids=["places", "nicknames", "organisations", "roles", "themes"],
)
def test_our_own_names_are_words_of_the_dictionary(names: list[str]) -> None:
    known = analysis.vocabulary().known
    assert names
    assert [name for name in names if fold(name).strip() not in known] == []


def test_a_tambon_stands_as_one_word_in_a_sentence() -> None:
    for name in ("หูล่อง", "ย้วน", "ควนรู", "คลองเปียะ", "ปากพนัง"):
        found = [piece.text for piece in analysis.pieces(f"เวทีที่ ต.{name} วันนี้")]
        assert name in found


# --- the name of dictionary and rules ------------------------------------------------------------


@pytest.fixture
def other_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of what the vocabulary reads, to change."""
    for name in ("organisations.yaml", "themes.yaml"):
        text = (analysis.CONTENT / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(analysis, "CONTENT", tmp_path)
    analysis.vocabulary.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    analysis.vocabulary.cache_clear()


def now_called() -> str:
    analysis.vocabulary.cache_clear()
    return analysis.version()


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_the_version_stays_when_nothing_changes(other_content: Path) -> None:
    assert now_called() == now_called()
    append(other_content / "organisations.yaml", "\n# Said to those who read the file.\n")
    assert now_called() == analysis.version()


def test_another_process_calls_the_same_words_the_same() -> None:
    said = "from kms.search import analysis; print(analysis.version())"
    told = subprocess.run(
        [sys.executable, "-c", said],
        env={"PYTHONHASHSEED": "1"},
        cwd=analysis.CONTENT.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == analysis.version()


def test_another_name_makes_another_version(other_content: Path) -> None:
    called = [now_called()]
    for file, text in (
        ("organisations.yaml", "\n- name: กลุ่มออมทรัพย์บ้านที่เพิ่งตั้ง\n"),
        ("organisations.yaml", "\n- {name: องค์การบริหารส่วนตำบล, abbreviation: อบตใหม่}\n"),
        ("themes.yaml", "\n- {slug: another, name: ประเด็นที่เพิ่งเพิ่ม}\n"),
        ("themes.yaml", "\n- {slug: p, name: สวัสดิการ, children: [{slug: k, name: ย่อยใหม่}]}\n"),
    ):
        append(other_content / file, text)
        called.append(now_called())
    assert len(set(called)) == len(called)


def test_another_place_or_role_or_rule_makes_another_version(
    other_content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = {now_called()}
    names = places.names()
    monkeypatch.setattr(places, "names", lambda: [*names, "ตำบลที่เพิ่งตั้ง"])
    called.add(now_called())
    monkeypatch.setattr(analysis, "RULES", analysis.RULES + "!")
    called.add(now_called())
    kept = analysis.thai_words()
    monkeypatch.setattr(analysis, "thai_words", lambda: kept | {"คำที่เพิ่งเข้าพจนานุกรม"})
    called.add(now_called())
    assert len(called) == 4
