"""What attackers write into mails: names of attachments that lead elsewhere, and markup that would run a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

__all__ = ["MARK", "NAMES", "SCRIPTS", "hostile_mail"]

MARK = "pwned"
"""In every name, to be looked for where it must not be."""

NAMES: tuple[str, ...] = (
    "../pwned.txt", "../../pwned.txt", "../../../../../../../../tmp/pwned.txt", "..\\pwned.txt",
    "..\\..\\..\\pwned.exe",
    "/tmp/pwned.txt", "/pwned.txt", "//server/share/pwned.txt", "\\\\server\\share\\pwned.txt", "C:\\pwned.txt",
    "C:pwned.txt", "c:/windows/pwned.txt", "file:///tmp/pwned.txt", "~/pwned.txt", "~root/.ssh/pwned",
    "$HOME/pwned.txt", "%TEMP%\\pwned.txt", "${IFS}pwned.txt", "`touch pwned`.txt", "$(touch pwned).txt",
    "pwned.txt;touch pwned", "pwned.txt|cat", "pwned.txt&calc", "pwned.txt\0.pdf", "\0pwned", "pwned\r\nX-Evil: 1.txt",
    "pwned\nSet-Cookie: a=b.txt", "pwned\t.txt", "pwned\x1b[31m.txt", "pwned\x07.txt", "pwned\x7f.txt",
    "pwned\u202etxt.exe", "pwned\u2066\u200b.txt", ".pwned", "..pwned", ".", "..", "...", "", " ", "pwned.", "pwned ",
    "pwned.txt::$DATA", "pwned.txt:evil.exe", "CON", "con.pwned.txt", "NUL.txt", "COM1.pwned", "LPT9", "AUX.pwned.pdf",
    "pwned" + "x" * 5000 + ".txt", "pwned" + "ü" * 300 + ".pdf", "\U0001f4a9" * 200 + "pwned.txt",
    "a/" * 200 + "pwned.txt", "..%2f..%2fpwned.txt", "%2e%2e/pwned.txt", "pwned\uff0f..\uff0fup.txt",
    "pwned\u2215up.txt", "appliance.db-pwned/../appliance.db", "files/../../pwned.html",
)
assert len(NAMES) == 60

_TAGS = (
    "<script>{}</script>", "<SCRIPT>{}</SCRIPT>", "<scr<script>ipt>{}</script>", "<script\n>{}</script\n>",
    "<script/x>{}</script>", "</script><script>{}</script>", "<img src=x onerror={}>", '<img src=x onerror="{}">',
    "<img/src=x/onerror={}>", "<IMG SRC=x OnErRoR='{}'>", "<svg onload={}>", "<svg/onload={}>",
    "<svg><script>{}</script></svg>", "<svg><animate onbegin={} attributeName=x dur=1s>", "<body onload={}>",
    "<iframe srcdoc='<script>{}</script>'></iframe>", "<iframe src='javascript:{}'></iframe>",
    "<iframe onload={}></iframe>", "<object data='javascript:{}'></object>",
    "<embed src='javascript:{}'>", "<input autofocus onfocus={}>", "<select autofocus onfocus={}></select>",
    "<textarea autofocus onfocus={}></textarea>", "<button autofocus onfocus={}>x</button>",
    "<details open ontoggle={}>x</details>", "<video><source onerror={}></video>", "<audio src=x onerror={}></audio>",
    "<marquee onstart={}>x</marquee>", "<a href='javascript:{}'>x</a>",
    "<form action='javascript:{}'><button>x</button></form>",
    "<math><mtext><script>{}</script></mtext></math>", "<style>@import 'javascript:{}';</style>",
    "<link rel=stylesheet href='data:text/css,' onload={}>", "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<base href='javascript:{}//'>", "<template><script>{}</script></template>",
    "<noscript><img src=x onerror={}></noscript>",
    "<!--><script>{}</script>-->", "<![CDATA[<script>{}</script>]]>", "<?xml ?><script>{}</script>",
    "<div style='animation-name:x' onanimationstart={}>", "<p tabindex=1 autofocus onfocus={}>x</p>",
    "<x contenteditable autofocus onfocus={}>y</x>", "<keygen autofocus onfocus={}>",
)
_BREAKING_OUT = (
    '"><script>{}</script>', "'><script>{}</script>", '" onmouseover={} x="', "' autofocus onfocus={} x='",
    '" autofocus onfocus="{}', "</textarea><script>{}</script>", "</title><script>{}</script>",
    "</pre><img src=x onerror={}>", "</style><script>{}</script>", "--><script>{}</script>", "]]><script>{}</script>",
    "</bdi></h3><script>{}</script>", "\u2028<script>{}</script>", "<script>{}\u2029</script>",
    '\\"><script>{}</script>',
    "';{}//", '";{}//', "`${{{}}}`", "{{{{{}}}}}", "{{% import os %}}{{{{ {} }}}}", "${{ {} }}", "<% {} %>",
    "<%! {} %>",
    "% for x in y:\n{}", "#{{{}}}",
)
_IN_MARKDOWN = (
    "[x](javascript:{})", "[x](JaVaScRiPt:{})", "[x](java\tscript:{})", "[x](data:text/html,<script>{}</script>)",
    "[x](vbscript:{})", "![x](x onerror={})", '![x](x" onerror="{})', "[x]: javascript:{}\n[x]", "<javascript:{}>",
    "[x](<javascript:{}>)", "**<script>{}</script>**", "`<script>{}</script>`", "    <script>{}</script>",
    "* <script>{}</script>", "> <script>{}</script>", "|a|\n|-|\n|<script>{}</script>|", "[FILE x onerror={}]",
    "[IMAGE x, onerror={}]", "[[<script>{}</script>]]", ":x onerror={}:", "[BR]<script>{}</script>",
)
_ENCODED = (
    "&lt;script&gt;{}&lt;/script&gt;", "&#60;script&#62;{}&#60;/script&#62;", "\\x3cscript\\x3e{}\\x3c/script\\x3e",
    "\\u003cscript\\u003e{}\\u003c/script\\u003e", "%3Cscript%3E{}%3C/script%3E", "+ADw-script+AD4-{}+ADw-/script+AD4-",
    "\uff1cscript\uff1e{}\uff1c/script\uff1e", "<\u0000script>{}</\u0000script>", "<scr\u0000ipt>{}</script>",
    "<img src=x on\u0000error={}>",
)
SCRIPTS: tuple[str, ...] = tuple(
    form.format(f"alert({number})") for number, form in enumerate((*_TAGS, *_BREAKING_OUT, *_IN_MARKDOWN, *_ENCODED)))
assert len(SCRIPTS) == 100, len(SCRIPTS)


def hostile_mail(number: int, address: str, scripts: Sequence[str], names: Sequence[str]) -> bytes:
    """A mail with these scripts in its subject, names, addresses, bodies, and in names and types of attachments."""
    everything = "".join(scripts)
    lines = [
        f"From: {_word(everything)} <\"{_quoted(scripts[0] if scripts else 'a')}\"@example.org>",
        f"To: {_word(everything)} <{address}>", f"Subject: {number} {_word(everything)}",
        f"Message-ID: <{number}@{MARK}.example>", "Date: Mon, 02 Mar 2026 10:00:00 +0000", "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=edge", "", "--edge",
        "Content-Type: multipart/alternative; boundary=inner",
        "", "--inner", "Content-Type: text/plain; charset=utf-8", "", everything, "", "--inner",
        "Content-Type: text/html; charset=utf-8", "", f"<p>Dear tenant</p>{everything}", "", "--inner--",
        *_attachments(scripts, names), "--edge--", ""]
    return "\r\n".join(line.replace("\r\n", "\n").replace("\n", "\r\n") for line in lines).encode()


def _attachments(scripts: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate((*names, *scripts)):
        yield "--edge"
        simple = name.isascii() and name.isprintable()
        kind = ("text/html", "image/svg+xml", "application/pdf")[place % 3]
        if simple and place % 2:
            yield f'Content-Type: {kind}; name="{_quoted(name)}"'
            yield "Content-Disposition: attachment"
        elif simple:
            yield f"Content-Type: {kind}"
            yield f'Content-Disposition: attachment; filename="{_quoted(name)}"'
        else:
            yield f"Content-Type: {kind}"
            yield f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}"
        yield from ("", f"<script>alert('file {place}')</script>")


def _quoted(text: str) -> str:
    return "".join(f"\\{one}" if one in '"\\' else one for one in text if one.isprintable())


def _word(text: str) -> str:
    """An encoded word (RFC 2047), which may hold anything."""
    return f"=?utf-8?q?{''.join(f'={byte:02X}' for byte in text.encode())}?="
