"""A day outside of its limits is told when its field is left, not while it is typed."""

from __future__ import annotations

from playwright.sync_api import expect

from appliance.interview.screen import ShownField
from tests.ui_js.conftest import Opened
from tests.ui_js.test_screen import END, screen


def test_a_day_beyond_its_limits(opened: Opened) -> None:
    born = ShownField(0, "born", label_html="Born", datatype="date", minimum="1900-01-01", maximum="2026-03-01")
    page = opened(screen(born, ShownField(1, "name", label_html="Name")), END)
    control, error = page.get_by_label("Born", exact=True), page.locator(".da-error")
    control.focus()
    page.keyboard.type("04192")
    expect(error).to_have_count(0)   # while one types, the year is 2
    page.keyboard.type("099")
    expect(error).to_have_count(0)
    page.get_by_label("Name", exact=True).focus()
    expect(error).to_have_text("You need to enter a date on or before March 1, 2026.")
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_have_accessible_description("You need to enter a date on or before March 1, 2026.")
    control.fill("1899-12-31")
    page.get_by_label("Name", exact=True).focus()
    expect(error).to_have_text("You need to enter a date on or after January 1, 1900.")
    control.fill("1989-04-19")
    expect(error).to_have_count(0)
    expect(control).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
