"""Texts become the HTML that authors and people expect: Markdown, typography, tags, terms, icons and safe links."""

from __future__ import annotations

import timeit
from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.interview.markup import plain_text, to_html
from appliance.interview.markup.convert import cached

TERMS = {"Creeper": 'A <b>tall</b> "green" thing &lt;script>', "zombie pigman": "A harmless creature."}


@pytest.mark.parametrize(("text", "expected"), [
    ("It's \"fine\"", "It’s “fine”"),
    ('Tell the court, "Please grant it."', "Tell the court, “Please grant it.”"),
    ("{'a': 1}", "{‘a’: 1}"),
    ("1990--1999 --- and so on...", "1990–1999 — and so on…"),
    ("`{'a': \"b\"} -- c`", "<code>{'a': \"b\"} -- c</code>"),
    ("<span title=\"it's\">it's</span>", "<span title=\"it's\">it’s</span>"),
    ("**bold** and *italic* and __bold__", "<strong>bold</strong> and <em>italic</em> and <strong>bold</strong>"),
    ("snake_case_name", "snake_case_name"),
    ("5 < 6 & 7", "5 &lt; 6 &amp; 7"),
    ("\\# of items", "# of items"),
    ("<b>raw</b>", "<b>raw</b>"),
    ("go [x] there", "go [x] there"),
])
def test_a_line_is_written_as_typographers_would(text: str, expected: str) -> None:
    assert to_html(text, inline=True) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("one[BR]two", "one<br>\ntwo"),
    ("one [NEWLINE]\ntwo", "one<br>\n\ntwo"),
    ("a[NBSP]b", "a\u00a0b"),
    ("a[ENDASH]b[EMDASH]c[HYPHEN]d", "a–b—c-d"),
    ("[BLANK]", "_" * 19),
    ("a[PAGEBREAK][PAGENUM][START_INDENTATION]b", "ab"),
    ("[TARGET my-place_1]", '<span class="datargetmyplace_1"></span>'),
    ("`[BR]`", "<code>[BR]</code>"),
    ("\\[BR]", "[BR]"),
    ("[FIELD grocery_item]", "[FIELD grocery_item]"),
    ("[FILE 12]", '<span class="dafile da-file-gone">This file is no longer there.</span>'),
    ("[YOUTUBE abc, None, Film]",
     '<a href="https://www.youtube.com/watch?v=abc" target="_blank" rel="noopener">Film</a>'),
    ("[VIMEO 12, None, Film]", '<a href="https://vimeo.com/12" target="_blank" rel="noopener">Film</a>'),
    ("[QR a < b]", "<span>a &lt; b</span>"),
])
def test_tags_within_a_line(text: str, expected: str) -> None:
    assert to_html(text, inline=True) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("[CENTER] Summary", '<p class="text-center">Summary</p>'),
    ("[BOLDCENTER] A *Document*\nThat", '<p class="text-center fw-bold">A <em>Document</em>\nThat</p>'),
    ("[FLUSHRIGHT][BORDER] x", '<p class="text-end border p-2">x</p>'),
    ("[INDENTBY 1in 0.5in] x", '<p style="margin-left: 1in; margin-right: 0.5in;">x</p>'),
    ("[INDENTBY 1in; color: red] x", "<p>[INDENTBY 1in; color: red] x</p>"),
])
def test_tags_that_begin_a_paragraph(text: str, expected: str) -> None:
    assert to_html(text) == expected


def test_one_centred_line_keeps_its_place_without_its_paragraph() -> None:
    """A question is drawn inside a heading, where a paragraph must not be."""
    assert to_html("[CENTER] Hi", inline=True) == '<span class="d-block text-center">Hi</span>'


def test_several_paragraphs_stay_paragraphs_inline() -> None:
    assert to_html("one\n\ntwo", inline=True) == "<p>one</p>\n<p>two</p>"


def test_columns_hold_markdown() -> None:
    html = to_html("[BEGIN_TWOCOL] *one*\n\n* a\n* b\n\n[BREAK] three [END_TWOCOL]\n\nafter")
    assert html.count('<div class="col-md-6">') == 2
    assert "<p><em>one</em></p>" in html
    assert "<li>b</li>" in html
    assert html.endswith("<p>after</p>")


def test_tags_in_a_code_block_are_shown_as_written() -> None:
    assert to_html("    [BEGIN_TWOCOL] [BREAK] [END_TWOCOL] it's") == (
        "<pre><code>[BEGIN_TWOCOL] [BREAK] [END_TWOCOL] it's\n</code></pre>")


@pytest.mark.parametrize("text", [
    "[x](javascript:alert(1))",
    "[x](JavaScript:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](<  javascript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
])
def test_a_dangerous_link_leads_nowhere(text: str) -> None:
    html = to_html(text)
    assert "href" not in html
    assert "src=" not in html


@pytest.mark.parametrize(("text", "expected"), [
    ("[x](https://e.org/a_b)", '<a href="https://e.org/a_b" rel="noopener" target="_blank">x</a>'),
    ("[x](//e.org)", '<a href="//e.org" rel="noopener" target="_blank">x</a>'),
    ("[x](/interview?i=a&action=b)", '<a href="/interview?i=a&amp;action=b">x</a>'),
    ("[x](?a=1)", '<a href="?a=1">x</a>'),
    ('[x](/list){:target="_blank"}', '<a href="/list" target="_blank">x</a>'),
    ("[x](mailto:a@b.org)", '<a href="mailto:a@b.org">x</a>'),
    ('<a target="_self" href="https://e.org">x</a>', '<a target="_self" href="https://e.org">x</a>'),
    ("![Logo](https://e.org/l.png)", '<a href="https://e.org/l.png" rel="noopener" target="_blank">Logo</a>'),
    ("![Cow](/packagestatic/p/cow.jpg)", '<img alt="Cow" src="/packagestatic/p/cow.jpg">'),
])
def test_links_open_where_they_should(text: str, expected: str) -> None:
    assert to_html(text, inline=True) == expected


def test_a_table_scrolls_and_its_cells_take_classes() -> None:
    html = to_html("Vegetable | How many\n---|---\nPotato | 4 { .text-end }\nBeet[BR]root | 6")
    assert html.startswith('<div class="table-responsive"><table class="table table-striped">')
    assert '<td class="text-end">4</td>' in html
    assert "Beet<br>" in html
    assert 'class="mine"' in to_html("a | b\n--|--\n1 | 2", table_css_class="mine")


def test_lists_and_quotations() -> None:
    assert to_html("1. one\n\n    more\n\n2. two").count("<li>") == 2
    assert to_html("> wise") == '<blockquote class="blockquote">\n<p>wise</p>\n</blockquote>'
    assert to_html('<div markdown="1">*x*</div>') == "<div>\n<p><em>x</em></p>\n</div>"


class TestTerms:
    def test_a_term_in_braces_opens_its_definition(self) -> None:
        html = to_html("met a {creeper}?", inline=True, terms=TERMS)
        assert html.startswith('met a <a tabindex="0" role="button" class="daterm"')
        assert html.endswith(">creeper</a>?")
        # Escaped once more than it was, so that the browser gets back what the author wrote.
        assert 'data-bs-content="A &lt;b&gt;tall&lt;/b&gt; &quot;green&quot; thing &amp;lt;script&gt;"' in html

    def test_other_words_may_be_shown_for_it(self) -> None:
        assert ">zombified</a>" in to_html("a {zombie\npigman|zombified}", terms=TERMS)

    @pytest.mark.parametrize("text", ["{unknown}", "`{creeper}`", "\\{creeper}"])
    def test_what_is_no_term_stays(self, text: str) -> None:
        html = to_html(text, terms=TERMS)
        assert "daterm" not in html
        assert "{" in html

    def test_automatic_terms_are_found_outside_links_and_code(self) -> None:
        html = to_html("A creeper, a [creeper](/x), `creeper`, creepers.", auto_terms=TERMS)
        assert html.count("daterm") == 1
        assert '<a href="/x">creeper</a>' in html

    def test_other_definitions_give_other_html(self) -> None:
        """The cache and the converter's memory do not mix definitions up."""
        assert "one" in to_html("{creeper}", terms={"creeper": "one"})
        assert "two" in to_html("{creeper}", terms={"creeper": "two"})
        assert "three" in to_html("creeper", auto_terms={"creeper": "three"})
        assert to_html("creeper") == "<p>creeper</p>"


@pytest.mark.parametrize(("text", "expected"), [
    ("Sleep :bed:!", 'Sleep <i class="fa-solid fa-bed" aria-hidden="true"></i>!'),
    (":far-fa-money-bill-alt:", '<i class="far fa-money-bill-alt" aria-hidden="true"></i>'),
    ("Male :male:", 'Male <img src="m.svg">'),
    ("[EMOJI male, 1.2em]", '<img src="m.svg">'),
    ("[FILE male, 100%]", '<img src="m.svg">'),
    ("at 12:30:45 on http://a:b:c", "at 12:30:45 on http://a:b:c"),
    ("`:bed:`", "<code>:bed:</code>"),
    ('<i style="a:bed:b">x</i>', '<i style="a:bed:b">x</i>'),
    ("[x](/a:bed:b)", '<a href="/a:bed:b">x</a>'),
    ("[NO_EMOJIS]\nSleep :bed:", "Sleep :bed:"),
    ("[FILE docassemble.demo:mug.jpg, 150px, A mug]",
     '<img class="daimageref" src="/packagestatic/docassemble.demo/mug.jpg" alt="A mug" style="width: 150px">'),
    ("[FILE mug.jpg]", '<img class="daimageref" src="/packagestatic/docassemble.own/mug.jpg" alt="">'),
    ("[FILE a.mp3]",
     '<audio class="daimageref" controls src="/packagestatic/docassemble.own/a.mp3" aria-label="a.mp3"></audio>'),
    ("[FILE p:../../x.jpg]", "[FILE p:../../x.jpg]"),
])
def test_icons_and_files(text: str, expected: str) -> None:
    assert to_html(text, inline=True, icons={"male": '<img src="m.svg">'}, package="docassemble.own") == expected


@pytest.mark.parametrize(("html", "expected"), [
    ("<h1>Tom &amp; <b>Jerry</b></h1>", "Tom & Jerry"),
    ("<p>one</p><p>two<br>three</p>", "one two three"),
    ("<style>p { }</style>a<!-- b -->c", "a c"),
    ("1 &lt; 2 < 3", "1 < 2 < 3"),
])
def test_plain_text_of_html(html: str, expected: str) -> None:
    assert plain_text(html) == expected


def test_a_text_seen_before_costs_microseconds() -> None:
    text = "Hello *world*, it's me"
    to_html(text, terms=TERMS)
    best = min(timeit.repeat(lambda: to_html(text, terms=TERMS), number=1000, repeat=5)) / 1000
    assert best < 20e-6


def test_threads_do_not_disturb_each_other() -> None:
    """Turns are evaluated beside each other, and a Markdown object is not made for that."""
    cached.cache_clear()

    def convert(number: int) -> bool:
        html = to_html(f"*{number}* {{creeper}}\n\n* x", terms={"creeper": f"d{number}"})
        return f"<em>{number}</em>" in html and f'"d{number}"' in html

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(convert, range(200)))
