"""Addresses as logs may hold them: the names of our own pages, and nothing that somebody put into an address."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["PathTeller"]

_LITERAL = re.compile(r"[a-z_]+(?:-[a-z]+)*")
_GROUP = re.compile(r"\((?:\?:)?(?:[^()]|\([^()]*\))*\)")
_NUMBER = re.compile(r"\d{1,15}")


class PathTeller:
    r"""Knows the words of the addresses that there are.

    :param patterns: of all routes.

    >>> told = PathTeller([r"/", r"/uploadedfile/(\d{1,15})/([^/]*)", r"/user/sign-in"])
    >>> told("/user/sign-in"), told("/uploadedfile/5/Lease of Jane Doe.pdf"), told("/Jane Doe"), told("/")
    ('/user/sign-in', '/uploadedfile/5/…', '/…', '/')
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._words = frozenset(word for pattern in patterns for word in _LITERAL.findall(_GROUP.sub("", pattern)))

    def __call__(self, path: str) -> str:
        """The path up to the first part that is none of the words; numbers after a word are told."""
        told: list[str] = []
        for part in path.split("/")[1:]:
            if part and part not in self._words and not (told and _NUMBER.fullmatch(part)):
                told.append("…")
                break
            told.append(part)
        return "/" + "/".join(told)
