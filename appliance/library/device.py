"""What a browser says it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

__all__ = ["UserDevice"]

_BOT = re.compile(r"bot\b|crawl|spider|slurp|curl/|wget/|python-requests", re.IGNORECASE)
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"iphone|ipod|android.*mobile|windows phone|blackberry|mobile", re.IGNORECASE)
_PC = re.compile(r"windows nt|macintosh|x11|linux|cros", re.IGNORECASE)
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/([\d.]+)"),
    ("Opera", r"OPR/([\d.]+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/([\d.]+)"),
    ("Chrome", r"(?:Chrome|CriOS)/([\d.]+)"),
    ("Safari", r"Version/([\d.]+).*Safari"),
)
_SYSTEMS = (("Windows", r"Windows NT ([\d.]+)"), ("iOS", r"(?:iPhone|iPad).* OS ([\d_]+)"),
            ("Mac OS X", r"Mac OS X ([\d_.]+)"), ("Android", r"Android ([\d.]+)"), ("Chrome OS", r"CrOS \S+ ([\d.]+)"),
            ("Linux", r"Linux()"))


def first_match(agent: str, patterns: tuple[tuple[str, str], ...]) -> SimpleNamespace:
    for family, pattern in patterns:
        if found := re.search(pattern, agent):
            version = found[1].replace("_", ".")
            return SimpleNamespace(family=family, version_string=version,
                                   version=tuple(int(part) for part in version.split(".") if part))
    return SimpleNamespace(family="Other", version_string="", version=())


@dataclass(frozen=True)
class UserDevice:
    """Read from the User-Agent header; the properties have the names of the *user-agents* library.

    >>> UserDevice("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0").is_pc
    True
    """

    ua_string: str

    @property
    def is_bot(self) -> bool:
        return bool(_BOT.search(self.ua_string))

    @property
    def is_tablet(self) -> bool:
        return bool(_TABLET.search(self.ua_string))

    @property
    def is_mobile(self) -> bool:
        return not self.is_tablet and bool(_MOBILE.search(self.ua_string))

    @property
    def is_pc(self) -> bool:
        return not (self.is_mobile or self.is_tablet or self.is_bot) and bool(_PC.search(self.ua_string))

    @property
    def is_touch_capable(self) -> bool:
        return self.is_mobile or self.is_tablet or "touch" in self.ua_string.lower()

    @cached_property
    def browser(self) -> SimpleNamespace:
        return first_match(self.ua_string, _BROWSERS)

    @cached_property
    def os(self) -> SimpleNamespace:
        return first_match(self.ua_string, _SYSTEMS)

    def __str__(self) -> str:
        kind = "PC" if self.is_pc else "Tablet" if self.is_tablet else "Phone" if self.is_mobile else "Other"
        return (f"{kind} / {self.os.family} {self.os.version_string} / "
                f"{self.browser.family} {self.browser.version_string}").replace("  ", " ")
