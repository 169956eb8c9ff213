"""The links at the top of our own pages: few for everybody, the others in menus; nobody sees what is closed to them."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.interview.host import UserInfo
from appliance.store.users import OWNER_EMAIL

__all__ = ["Link", "Menu", "Navigation", "navigation"]


@dataclass(frozen=True)
class Link:
    """A link.

    :param here: whether it leads to the page that it is on.
    """

    address: str
    words: str
    here: bool = False


@dataclass(frozen=True)
class Menu:
    """Links under a word; a group of them may have a heading."""

    id: str
    words: str
    groups: list[tuple[str, list[Link]]]

    @property
    def here(self) -> bool:
        """Whether the page is one of them."""
        return any(link.here for _, links in self.groups for link in links)


@dataclass(frozen=True)
class Navigation:
    """What stands at the top."""

    links: list[Link]
    menus: list[Menu]


_MAIN = (("/interviews", "My interviews"), ("/tasks", "Tasks"))
_DAILY = (("/outbox", "Outbox"), ("/mail", "Mail"), ("/schedule", "Schedule"))
_HOUSE = (("/userlist", "People"), ("/packages", "Packages"), ("/config", "Settings"), ("/network", "Network"),
          ("/backup", "Backup"))
_INSIDE = (("/logs", "Logs"), ("/audit", "Who did what"), ("/about", "About and health"))
_ACCOUNT = (("/user/profile", "Profile"), ("/dark_mode", "Light or dark"), ("/user/sign-out", "Sign out"))


def navigation(user: UserInfo | None, path: str) -> Navigation:
    """The links for somebody.

    :param user: None if nobody is signed in.
    :param path: of the page that they are on.
    """
    def links(entries: tuple[tuple[str, str], ...]) -> list[Link]:
        return [Link(address, words, here=path == address or path.startswith(f"{address}/"))
                for address, words in entries]

    if user is None:
        return Navigation(links((("/dark_mode", "Light or dark"), ("/user/sign-in", "Sign in"))), [])
    name = user.first_name or user.email
    account = Menu("account", "Owner" if name == OWNER_EMAIL else name or "You", [("", links(_ACCOUNT))])
    if "admin" in user.privileges:
        more = Menu("administration", "Administration", [
            ("Every day", links(_DAILY)), ("This appliance", links(_HOUSE)), ("Looking inside", links(_INSIDE))])
    else:
        more = Menu("more", "More", [("", links(_DAILY))])
    return Navigation(links(_MAIN), [more, account])
