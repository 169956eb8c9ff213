"""Text that people send cannot become HTML."""

from __future__ import annotations

import pytest

from appliance.interview.datatypes.neutral import as_typed, neutralise


@pytest.mark.parametrize(("typed", "stored"), [
    ("<b>", "&lt;b>"), ("</b>", "&lt;/b>"), ("<!--", "&lt;!--"), ("<?xml", "&lt;?xml"), ("a < b", "a < b"),
    ("<3", "<3"), ("x<y", "x&lt;y"), ("<<b", "<&lt;b"), ("&lt;b", "&lt;b"), ("", ""),
])
def test_beginnings_of_tags(typed: str, stored: str) -> None:
    """Only what could begin a tag, comment or declaration changes; doing it twice changes nothing more."""
    assert neutralise(typed) == stored
    assert neutralise(stored) == stored
    assert neutralise(as_typed(stored)) == stored
