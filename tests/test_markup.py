"""What people write becomes safe, readable pages; and plain words for the index."""

import re
import time
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kms.markup import (
    LONGEST_MARKDOWN,
    excerpt,
    to_html,
    to_html_light,
    to_plain,
    wiki_titles,
    with_missing,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](http://a "onmouseover=alert(1)")',
    '[x](http://a" onclick="alert(1))',
    "[[javascript:alert(1)|x]]",
    '[["><script>alert(1)</script>]]',
    "<div><p><iframe src=//evil></iframe><style>*{}</style></p></div>",
    "<svg/onload=alert(1)>",
    "<!-- --><a href=javascript:x>y</a>",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "|<script>|\n|---|\n|<b onclick=x>|",
    "`<script>`\n\n    <script>alert(1)</script>",
    "\x02wzxhzdk:0\x03 \x00<scr\x00ipt>",
    "> คำ\n> — <script>alert(1)</script>",
    '> คำ\n> — <figcaption onclick="alert(1)">ใคร',
    '> <figure class="said" onclick=alert(1)>\n> — [ใคร](javascript:alert(1))',
    '[^" onclick="alert(1)]\n\n[^" onclick="alert(1)]: x',
    '[^"><script>]\n\n[^"><script>]: x',
]


def tags(page: str) -> list[str]:
    return re.findall(r"<[^>]*>", page)


def parsed(page: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Tags and attributes as a browser reads them."""
    found: list[tuple[str, list[tuple[str, str | None]]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, attributes))  # type: ignore[method-assign]
    parser.feed(page)
    return found


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("render", [to_html, to_html_light])
def test_nothing_typed_can_run(text: str, render):
    for tag, attributes in parsed(render(text)):
        assert tag not in ("script", "iframe", "style", "svg", "img")
        for name, value in attributes:
            assert not name.startswith("on")
            assert not re.match(r"\s*(javascript|data):", value or "") or name in ("title", "id")


def test_raw_html_is_shown_as_typed():
    assert to_html("<b>หนา</b>") == "<p>&lt;b&gt;หนา&lt;/b&gt;</p>"


def test_headings_begin_at_h2_and_have_ids_of_their_own():
    page = to_html("# ผลที่ได้\n## ผลที่ได้\ntext")
    assert '<h2 id="h-ผลที่ได้">ผลที่ได้</h2>' in page
    assert '<h3 id="h-ผลที่ได้--2">ผลที่ได้</h3>' in page
    assert to_html("### ย่อย").startswith("<h2")


def test_a_thai_writer_s_habits_are_not_mistaken_for_markdown():
    assert to_html("#แนวคิด #แก้จน") == "<p>#แนวคิด #แก้จน</p>"
    assert "<p>#แนวคิด</p>" in to_html("> #แนวคิด")
    assert "<li>#แนวคิด</li>" in to_html("1. #แนวคิด")
    assert to_html("เขียน `#แก้จน` ได้") == "<p>เขียน <code>#แก้จน</code> ได้</p>"
    assert to_html("      ย่อหน้าเยื้อง") == "<p>ย่อหน้าเยื้อง</p>"
    assert to_html("หนึ่ง\nสอง") == "<p>หนึ่ง<br>\nสอง</p>"
    assert to_html("ชื่อ\n----") == "<p>ชื่อ</p>\n<hr>"
    assert "<li>ข้อ 1</li>" in to_html("ดังนี้\n- ข้อ 1\n- ข้อ 2")
    assert '<ol start="3">' in to_html("3. สาม\n4. สี่")


def test_a_wiki_link_leads_to_its_page():
    assert 'class="wiki" href="/pages/AAR%2FBAR">AAR/BAR</a>' in to_html("[[AAR/BAR]]")
    assert ">โมเดล</a>" in to_html("[[ปลาทู|โมเดล]]")
    assert "%E0%B8%9B%E0%B8%A5%E0%B8%B2%E0%B8%97%E0%B8%B9" in to_html_light("[[ปลาทู|โมเดล]]")


def test_foreign_links_are_marked_and_our_own_are_not():
    assert 'rel="nofollow noopener"' in to_html("[x](https://example.org/)")
    assert 'rel="nofollow noopener"' in to_html("[x](//example.org/)")
    assert "rel=" not in to_html("[x](/notes/12)")


def test_a_bare_address_becomes_a_link_without_the_words_around_it():
    page = to_html("ดูที่ (https://example.org/a_b). และhttps://example.org/cครับ")
    assert 'href="https://example.org/a_b"' in page
    assert 'href="https://example.org/c"' in page


def test_pictures_come_only_from_our_attachments():
    page = to_html(
        "![แผนที่](/attachments/7/map.png) ![ไกล](https://example.org/x.png) "
        "![ลวง](/attachments/../secret) ![ลวง](//attachments/x)"
    )
    assert re.findall(r'src="([^"]*)"', page) == ["/attachments/7/map.png"]
    assert "ไกล" in page


def test_a_table_scrolls_in_a_box_the_keyboard_can_reach():
    page = to_html("| หน่วยงาน | บาท |\n|---|--:|\n| พอช. | 9,301,000 |")
    assert '<div class="table-scroll" role="group" tabindex="0">\n<table>' in page
    assert '<th scope="col">หน่วยงาน</th>' in page
    assert '<td align="right">9,301,000</td>' in page


def test_a_footnote_links_both_ways():
    page = to_html("ข้อความ[^1]\n\n[^1]: ที่มา")
    assert 'href="#fn:1"' in page
    assert 'href="#fnref:1"' in page
    assert 'aria-label="เชิงอรรถ 1"' in page
    assert 'aria-label="กลับไปที่ตัวเลข 1 ในเนื้อความ"' in page


def test_two_texts_on_one_page_share_no_id():
    text = "# หัว\n\n# หัว\n\nคำ[^1] คำ[^1] คำ[^ก]\n\n[^1]: ที่มา\n[^ก]: อีกที่"
    first, second = to_html(text, part="a1"), to_html(text, part="a2")
    ids = re.findall(r' id="([^"]*)"', first + second + to_html(text))
    assert len(ids) == len(set(ids)) == 21
    for page in (first, second):
        own = set(re.findall(r' id="([^"]*)"', page))
        assert set(re.findall(r'href="#([^"]*)"', page)) <= own


def test_headings_begin_where_the_page_wants_them():
    assert to_html("# ก\n## ข\n###### ค", top=4).count("<h4") == 1
    assert "<h6" in to_html("# ก\n## ข\n###### ค", top=4)
    assert to_html("## ก", top=3).startswith("<h3")


# --- quotes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dash", ["—", "– ", "–– ", "- ", "-- ", "―"])
def test_the_last_line_of_a_quote_that_begins_with_a_dash_is_its_speaker(dash: str):
    for between in ("\n> ", "\n>\n> "):
        page = to_html(f"> เลี้ยงแม่ไก่ไว้กินไข่{between}{dash}แกนนำ**กองทุน**\n\nจบ")
        if between != "\n> " and dash == "- ":
            continue  # a list, as anywhere else
        assert page == (
            '<figure class="said">\n<blockquote>\n<p>เลี้ยงแม่ไก่ไว้กินไข่</p>\n</blockquote>\n'
            "<figcaption>— แกนนำ<strong>กองทุน</strong></figcaption>\n</figure>\n<p>จบ</p>"
        )


def test_each_of_several_quotes_has_its_own_speaker():
    page = to_html("> ก\n> — หนึ่ง\n\n> ข\n> ค\n> — สอง\n\n> ไม่มีใครลงชื่อ")
    assert re.findall(r"<figcaption>(.*?)</figcaption>", page) == ["— หนึ่ง", "— สอง"]
    assert page.count("<blockquote>") == 3
    nested = to_html("> นอก\n> > ใน\n> > — คนใน\n>\n> ต่อ\n> — คนนอก")
    assert re.findall(r"<figcaption>(.*?)</figcaption>", nested) == ["— คนใน", "— คนนอก"]


@pytest.mark.parametrize(
    "text",
    [
        "> — ใช่ไหม\n> — ใช่",
        "> — ใช่ไหม\n>\n> — ใช่",
        "> - ก\n> - ข",
        "> — ลำพัง",
        "> งูเห่ากับลูกเขียด – คำที่คนลำสินธุ์ใช้เปรียบ",
        "> อุณหภูมิ\n> -5 องศา",
        "> ก\n> \\- ข",
        "> ก\n> — " + "ยาว" * 60,
        "> ก\n> —",
        "คำ\n— ใคร",
        ">",
    ],
)
def test_what_names_no_speaker_stays_a_quote(text: str):
    page = to_html(text)
    assert "<figure" not in page
    words = re.sub(r"[\s>\\]|&gt;", "", text)
    assert re.sub(r"\s", "", re.sub(r"<[^>]*>", "", page)).replace("-", "") == words.replace(
        "-", ""
    )


def test_plain_words_keep_the_speaker():
    assert to_plain("> คำพูด\n> — ผู้ใหญ่ย้วน") == "คำพูด\n— ผู้ใหญ่ย้วน"


# --- wiki links -----------------------------------------------------------------------------------


def test_links_to_missing_titles_are_marked_and_nothing_else_is():
    page = to_html("[[มี]] [[ไม่มี|คำ]] [[ไม่มี]] [มี](/pages/มี) `[[โค้ด]]`")
    marked = with_missing(page, lambda title: title == "ไม่มี")
    assert marked.count("wiki-missing") == 2
    assert marked.count('title="ยังไม่มีหน้านี้"') == 2
    assert re.sub(r' title="[^"]*"', "", marked.replace(" wiki-missing", "")) == page


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>\"'&%;[]| กa/?#\\"), max_size=40))
def test_whatever_a_title_holds_marking_it_adds_only_our_words(title: str):
    page = to_html(f"ก [[{title}]] ข")
    marked = with_missing(page, lambda _title: True)
    undone = marked.replace(' title="ยังไม่มีหน้านี้"', "").replace(" wiki-missing", "")
    assert undone == page


def test_titles_found_are_those_that_become_links():
    text = "[[ก]] [[ ข  ค |คำ]] `[[โค้ด]]` \\[[หนี]] [[]] [[|]] [[ก\nข]]\n\n> [[ในคำพูด]]"
    linked = re.findall(r'class="wiki" href="/pages/([^"]*)"', to_html(text))
    assert [quote(title, safe="") for title in wiki_titles(text)] == linked


def test_a_comment_has_no_headings_tables_or_pictures():
    page = to_html_light("# ก\n\n| a |\n|---|\n| b |\n\n![x](/attachments/a.png) **หนา**\n> อ้าง")
    names = {re.match(r"</?(\w+)", tag)[1] for tag in tags(page)}
    assert names <= {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "a", "code"}
    assert "<strong>หนา</strong>" in page


def test_plain_words_keep_every_word_and_drop_the_marks():
    text = (
        "# หัวข้อ\nดังนี้\n- ข้อ **หนา** _เอน_ [ที่นี่](http://a.b/c) [[ปลาทู|โมเดล]]\n\n"
        "| งบ | บาท |\n|---|---|\n| พอช. | 1 |\n> อ้าง `โค้ด` 1+1+1+1 "
        "เท่ากับ 0 snake_case_x \\#แก้จน[^1]"
    )
    assert to_plain(text) == (
        "หัวข้อ\nดังนี้\nข้อ หนา เอน ที่นี่ โมเดล\n\nงบ บาท\n\nพอช. 1\n"
        "อ้าง โค้ด 1+1+1+1 เท่ากับ 0 snake_case_x #แก้จน"
    )


def test_an_excerpt_is_one_line_within_its_limit():
    assert excerpt("# หัวข้อ\n\nเนื้อความ **ยาว**", 100) == "หัวข้อ เนื้อความ ยาว"
    assert excerpt("ชุมชนน้ำใจ", 8) == "ชุมชน…"


HEAVY = [
    "> ก\n> — ข\n\n",
    "> — ก\n",
    "`[[",
    "[[ก]]`",
    "[",
    "*",
    "*a* ",
    "[a](",
    "![",
    "> ",
    ">",
    "`a ",
    "|",
    "[^1]",
    "<a ",
    "&#",
    "[[a|",
]
HEAVY += ["# ก\n", "- ก\n", "ก\n", "http://a ", "\\", " ", "_a_", "1. ก\n\n", "| a | b |\n"]
MARKS = ["#", "|", "-", "1.", ">", "**", "*", "_", "`", "[", "]", "(", ")", "!", "[[", "]]"]
MARKS += ["[^1]", ":", "\\", "<", "&", "\n", "\n\n", "    ", " ", "ก", "ชุมชน", "http://a.b", "---"]
PIECES = st.lists(st.sampled_from(MARKS), max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_unbalanced_markdown_still_makes_a_page_of_allowed_tags(text: str):
    for render in (to_html, to_html_light):
        for tag in tags(render(text)):
            assert re.match(
                r"</?(p|br|strong|em|ul|ol|li|blockquote|a|code|pre|hr|h[2-6]|img|sup|div"
                r"|table|thead|tbody|tr|th|td|figure|figcaption)\b",
                tag,
            )
    assert len(to_plain(text)) <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_shown(text: str):
    to_html(text)
    to_html_light(text)
    excerpt(text, 40)


@pytest.mark.parametrize("piece", HEAVY)
def test_a_hostile_text_of_any_size_takes_bounded_time(piece: str):
    at_the_limit = piece * (LONGEST_MARKDOWN // len(piece))
    over_it = "x" + piece * (1_000_000 // len(piece))
    started = time.process_time()
    to_html(at_the_limit)
    to_html(over_it)
    to_html_light(over_it)
    to_plain(over_it)
    list(wiki_titles(at_the_limit))
    assert time.process_time() - started < 15


def test_deep_nesting_never_breaks_the_page():
    to_html("\n".join(">" * depth + " ก" for depth in range(500)))
    to_html("\n".join("  " * depth + "- ก" for depth in range(500)))
    assert "ก" in to_html("(" * 5_000 + "ก")


def test_a_text_over_the_limit_is_shown_whole_as_plain_paragraphs():
    text = "**ก**\n\n" + "ข" * LONGEST_MARKDOWN
    page = to_html(text)
    assert "**ก**" in page
    assert page.count("ข") == LONGEST_MARKDOWN
