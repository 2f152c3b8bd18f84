"""How the browser tests find an interactive in a page, and the parts in it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

WAIT = 20_000
"""Milliseconds for an interactive's files to arrive and be unpacked."""


def ready(page: Page, name: str, wait: int = WAIT) -> Locator:
    """The first interactive called `name`, in sight and ready: one that starts by itself."""
    figure = page.locator(f"[data-widget='{name}']").first
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_attribute("data-ready", "", timeout=wait)
    return figure


def started(page: Page, name: str, wait: int = WAIT) -> Locator:
    """The first interactive called `name`, started by its button, and ready."""
    figure = page.locator(f"[data-widget='{name}']").first
    figure.scroll_into_view_if_needed()
    figure.locator("[data-start]").click()
    return ready(page, name, wait)


def role(figure: Locator, name: str) -> Locator:
    """The part with this role, the only one there is."""
    return figure.locator(f"[data-role='{name}']")


def first_role(figure: Locator, name: str) -> Locator:
    """The first of the parts with this role."""
    return role(figure, name).first
