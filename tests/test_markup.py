"""What people write becomes safe, readable pages; and plain words for the index."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kms.markup import LONGEST_MARKDOWN, excerpt, to_html, to_html_light, to_plain

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
]


def tags(page: str) -> list[str]:
    return re.findall(r"<[^>]*>", page)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("render", [to_html, to_html_light])
def test_nothing_typed_can_run(text: str, render):
    for tag in tags(render(text)):
        assert not re.match(r"<(script|iframe|style|svg|img)", tag)
        assert not re.search(r"\son\w+=|javascript:|data:", re.sub(r'title="[^"]*"', "", tag))


def test_raw_html_is_shown_as_typed():
    assert to_html("<b>หนา</b>") == "<p>&lt;b&gt;หนา&lt;/b&gt;</p>"


def test_headings_begin_at_h2_and_have_ids_of_their_own():
    page = to_html("# ผลที่ได้\n## ผลที่ได้\ntext")
    assert '<h2 id="h-ผลที่ได้">ผลที่ได้</h2>' in page
    assert '<h3 id="h-ผลที่ได้--2">ผลที่ได้</h3>' in page
    assert to_html("### ย่อย").startswith("<h2")


def test_a_thai_writer_s_habits_are_not_mistaken_for_markdown():
    assert to_html("#แนวคิด #แก้จน") == "<p>#แนวคิด #แก้จน</p>"
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


HEAVY = ["[", "*", "*a* ", "[a](", "![", "> ", ">", "`a ", "|", "[^1]", "<a ", "&#", "[[a|"]
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
                r"|table|thead|tbody|tr|th|td)\b",
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
