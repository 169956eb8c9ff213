"""``/user/profile``: what an account says about its person, and where they are signed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import ClassVar
from zoneinfo import available_timezones

import pycountry
from babel import Locale

from appliance.accounts.errors import AccountError
from appliance.server.account_pages import AccountPage
from appliance.server.admission import Admission
from appliance.server.base import USER_COOKIE, BaseHandler
from appliance.server.home import when
from appliance.store.profiles import FIELDS

__all__ = ["ProfileHandler", "SignOutEverywhereHandler", "browser_in_words"]

_DONE = {"saved": "Your profile is saved.", "email": "Your e-mail address is changed. You sign in with it from now on.",
         "password": "Your password is changed. Your interviews open with it.",
         "elsewhere": "You are signed out everywhere else."}
_EDITED = tuple(name for name in FIELDS if name != "email")
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
             ("Chromium", "Chromium"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Windows", "Windows"),
            ("CrOS", "ChromeOS"), ("Mac OS X", "a Mac"), ("Linux", "Linux"))


@dataclass(frozen=True)
class _Choices:
    """What the page's lists offer, each a value and its words."""

    countries: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, str], ...]
    timezones: tuple[str, ...]


class ProfileHandler(AccountPage):
    """The page, and what was changed on it."""

    admits: ClassVar[Admission] = Admission.SIGNED_IN
    template = "profile.html"

    async def get(self) -> None:
        await self.draw()

    async def post(self) -> None:
        given = {name: self.get_body_argument(name) for name in _EDITED if name in self.request.body_arguments}
        try:
            await self.parts.accounts.change_profile(self.visitor.user.user_id or 0, by=self.visitor.user, **given)
        except AccountError as error:
            await self.draw(error)
            return
        self.redirect("/user/profile?done=saved", status=303)

    async def draw(self, error: AccountError | None = None) -> None:
        """Draw it; with what was typed, where that could not be taken."""
        accounts, user = self.parts.accounts, self.visitor.user
        user_id = user.user_id or 0
        profile, person = await accounts.profile(user_id), await accounts.person(user_id)
        lost, has_lost = await accounts.lost_sessions(user_id), await accounts.has_lost(user_id)
        browsers = await accounts.signed_in_browsers(user_id, self.get_cookie(USER_COOKIE) or "")
        values = {name: self.get_body_argument(name, getattr(profile, name)) for name in _EDITED}
        self.show(error, profile=profile, values=values, choices=_choices(), browsers=browsers, when=when,
                  in_words=browser_in_words, place=_place, lost=lost, has_lost=has_lost,
                  has_password=person is not None and person.has_password,
                  is_owner=(is_owner := person is not None and person.kind == "owner"),
                  deletable=not is_owner and bool(self.parts.settings.get("user can delete account", True)),
                  privileges=", ".join(user.privileges) or "user",
                  message=_DONE.get(self.get_query_argument("done", ""), ""))


class SignOutEverywhereHandler(BaseHandler):
    """``POST /user/sign-out-everywhere``: all browsers, or with ``but=this`` all others."""

    admits: ClassVar[Admission] = Admission.SIGNED_IN

    async def post(self) -> None:
        keep = self.get_cookie(USER_COOKIE) or "" if self.get_body_argument("but", "") else ""
        await self.parts.accounts.sign_out_everywhere(self.visitor.user.user_id or 0, but=keep)
        if keep:
            self.redirect("/user/profile?done=elsewhere", status=303)
            return
        await self.sign_out()
        self.redirect("/?goodbye=logout", status=303)


def browser_in_words(user_agent: str) -> str:
    """``Firefox on Windows``; what is not known is a browser.

    >>> browser_in_words("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0")
    'Firefox on Windows'
    """
    name = next((words for mark, words in _BROWSERS if mark in user_agent), "A browser")
    system = next((words for mark, words in _SYSTEMS if mark in user_agent), "")
    return f"{name} on {system}" if system else name


def _place(address: str) -> str:
    """Where a browser is, by the address it came from."""
    try:
        here = ip_address(address).is_loopback
    except ValueError:   # none was kept
        return "somewhere"
    return "at this computer" if here else f"from {address}"


@lru_cache(maxsize=1)
def _choices() -> _Choices:
    locale = Locale("en")
    countries = {one.alpha_2: locale.territories.get(one.alpha_2, one.name) for one in pycountry.countries}
    languages = {code: name for code, name in locale.languages.items() if re.fullmatch("[a-z]{2}", code)}
    zones = tuple(sorted(one for one in available_timezones()
                         if "/" in one and not one.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/"))))
    return _Choices(_by_name(countries), _by_name(languages), zones)


def _by_name(words: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(words.items(), key=lambda pair: pair[1].casefold()))
