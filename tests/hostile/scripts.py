"""Looks whether a page holds a script that somebody typed: as a browser would run it, or by reading its HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.sync_api import Page

from tests.support.html import Element, read

__all__ = ["HOOK", "LOOK", "hostile_elements", "listen"]

HOOK = """
for (const name of ['alert', 'confirm', 'prompt', 'print']) {
  window[name] = (what) => console.error(`A SCRIPT RAN: ${name}(${what})`);
}
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`A SCRIPT WAS ON THE PAGE: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""

LOOK = """() => {
  const found = [];
  const look = (root) => {
    for (const one of root.querySelectorAll('*')) {
      if (one.content instanceof DocumentFragment) look(one.content);
      if (/^(script|style)$/i.test(one.localName) && /alert[(]\\d+[)]/.test(one.textContent)) found.push(one.outerHTML);
      for (const { name, value } of one.attributes) {
        if (/^on/i.test(name) && /alert[(]/.test(value)) found.push(`${one.localName} ${name}=${value}`);
        const bare = value.replace(/[\\u0000-\\u0020]/g, '');
        if (/^(javascript|vbscript|data:text[/]html|data:image[/]svg)/i.test(bare)
            && /^(href|src|action|formaction|data|xlink:href|srcdoc|poster|background)$/i.test(name)) {
          found.push(`${one.localName} ${name}=${value}`);
        }
        if (name === 'srcdoc' && /alert/.test(value)) found.push(`${one.localName} ${name}=${value}`);
      }
    }
  };
  look(document);
  return found;
}"""
"""What would run when somebody comes near it or clicks on it, beside what has run by itself."""

_ADDRESSES = frozenset({"href", "src", "action", "formaction", "data", "xlink:href", "poster", "background", "srcdoc"})
_RUNS = re.compile(r"(?i)^(?:javascript|vbscript|data:text/html|data:image/svg)")


def hostile_elements(html: str) -> Iterator[str]:
    """The same from a page's HTML."""
    for one in read(html).all():
        if one.tag in {"script", "style"} and re.search(r"alert\(\d+\)", _raw(one)):
            yield f"{one.tag}: {_raw(one)[:80]}"
        for name, value in one.attributes.items():
            bare = "".join(sign for sign in value if ord(sign) > 32)
            if (name.startswith("on") and "alert(" in value) or (name in _ADDRESSES and _RUNS.match(bare)):
                yield f"{one.tag} {name}={value[:80]}"


def _raw(element: Element) -> str:
    return "".join(child for child in element.children if isinstance(child, str))


def listen(page: Page) -> list[str]:
    """What scripts do, or try, on a page that is opened from now on."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if "SCRIPT" in message.text else None)
    page.on("dialog", lambda dialog: heard.append(f"A SCRIPT ASKED: {dialog.message}"))
    page.context.add_init_script(HOOK)
    return heard
