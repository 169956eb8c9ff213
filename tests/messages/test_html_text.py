"""HTML as plain text: what people would read, whoever wrote it, and in no more time than it is long."""

from __future__ import annotations

import doctest
import time

import pytest

from appliance.messages import html_text
from appliance.messages.html_text import text_of


def test_the_examples() -> None:
    assert doctest.testmod(html_text).failed == 0


@pytest.mark.parametrize(("html", "text"), [
    ("<style>p {}</style><script>x()</script><title>t</title>Dear <b>Ann</b>,<br>Bob", "Dear Ann,\nBob\n"),
    ("<ol><li>one<ul><li><p>deep</p></li></ul></li><li>two</li></ol>", "1. one\n  * deep\n2. two\n"),
    ("<blockquote>said<blockquote>before</blockquote></blockquote>after", "> said\n> >\n> > before\n\nafter\n"),
    ("<pre>a  b\n  c</pre>", "a  b\n  c\n"),
    ('<a href="javascript:x()">here</a> <a href="https://a.example/x">https://a.example/x</a>',
     "here https://a.example/x\n"),
    ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
    ("a &lt;b&gt; &amp;amp;", "a <b> &amp;\n"),
    ("<p>open <b>and <i>never closed", "open and never closed\n"),
    ("a <![if !vml]>b<![endif]> <![unheard of]>c", "a b c\n"),
    ("1 < 2, I <3 you, x <b", "1 < 2, I <3 you, x <b\n"),
    ("&amp; a <!-- never closed &amp; read", "& a <!-- never closed & read\n"),
    ("a<script>x('<b>never closed", "a\n"),
    ("<![", "<![\n"),
    ("", ""),
])
def test_what_a_person_would_read(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize("html", [
    '<a href="https://a.example">' * 7000 + "x" + "</a>" * 7000,
    "<blockquote>x" * 15_000,
    "<ul><li>x" * 20_000,
    f"<pre>{' ' * 200_000}x. <p>y",
    f"<pre>{' ' * 200_000}</pre>x",
    "<td>" * 50_000,
    "x<p>" * 50_000,
    "<a " * 40_000,
    "<a b='" * 40_000 + '">x',
    "<!--" * 40_000,
    "</" * 40_000,
    "<![" * 40_000,
])
def test_hostile_html_takes_no_longer_than_it_is_long(html: str) -> None:
    """Where time or text grew with the square, each of these would take minutes, or all memory."""
    began = time.process_time()
    assert len(text_of(html)) < 4 * len(html)
    assert time.process_time() - began < 5
