"""``/packages``: the installed packages and their interviews, for somebody who may install, update and remove them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tornado.httputil import HTTPInputError, parse_body_arguments
from tornado.web import stream_request_body

from appliance.administration.package_shelf import NoSuchPackage, ShelvedPackage
from appliance.administration.settings_file import BadSettings
from appliance.administration.settings_text import Slot
from appliance.installing import MissingPackages
from appliance.interview.host import UserInfo
from appliance.interview.sources import one_name
from appliance.locks import Held
from appliance.package_files import BadPackage
from appliance.server.administration import AdministrationPage
from appliance.server.errors import Refused
from appliance.server.package_views import day, doors, plural, title_of
from appliance.server.replies import interview_url
from appliance.sessions.public_interviews import DIRECTIVE

__all__ = ["INSTALL", "InstallHandler", "PackageHandler", "PackagesHandler", "PublicHandler", "RemoveHandler",
           "UpdatePackageHandler", "package_limit"]

INSTALL = "/packages/install"

_MOST_BYTES = 256 * 1024 * 1024
_FILES = "packages"
_BUSY = "Somebody else is installing a package just now. Please try again in a moment."


def package_limit() -> int:
    """The greatest size of what may be sent to be installed, in bytes."""
    return _MOST_BYTES


class _PackagesPage(AdministrationPage):
    """What the pages about packages share."""

    async def package(self, name: str) -> ShelvedPackage:
        """:raises Refused: if there is none of that name."""
        found = next((one for one in await self.administration.packages.all() if one.name == name), None)
        if found is None:
            raise Refused(404, "There is no such package", "It may have been removed. The list of packages shows those "
                          "that are there.", "no_such_package")
        return found

    async def show_list(self, *, message: str = "", problem: str = "", missing: dict[str, list[str]] | None = None,
                        token: str = "") -> None:
        """Send the list, with what came of an installation."""
        self.page("packages.html", packages=await self.administration.packages.all(), message=message, problem=problem,
                  missing=missing or {}, token=token, limit=_MOST_BYTES, day=day, plural=plural, quote=quote)


class PackagesHandler(_PackagesPage):
    """The list."""

    async def get(self) -> None:
        done = self.get_query_argument("done", "")
        words = {"removed": "The package was removed.", "installed": "The packages are installed."}
        await self.show_list(message=words.get(done, ""))


class PackageHandler(_PackagesPage):
    """``GET /packages/NAME``: one package, its interviews, and what is wrong with them."""

    async def get(self, name: str) -> None:
        package = await self.package(name)
        listed = [one for one in self.parts.packages.listed() if one.interview.startswith(f"{name}:")]
        mistakes = await self.administration.packages.mistakes(name)
        bad = {one.interview for one in mistakes}
        done = {"installed": f"{name} {package.version} is installed.",
                "public": "That is so from now on."}.get(self.get_query_argument("done", ""), "")
        self.page("package.html", package=package, message=done, mistakes=mistakes, day=day, plural=plural, quote=quote,
                  interviews=[one for one in listed if one.interview not in bad], interview_url=interview_url,
                  doors=doors(self.parts.settings.get(DIRECTIVE, None)), title_of=title_of)


@stream_request_body
class InstallHandler(_PackagesPage):
    """``POST /packages/install`` with files ``packages``, or with ``token`` for files that were sent before and are to
    be installed although something that they need is missing.

    What is sent is taken only after it is known that an administrator sends it: strangers fill no memory.
    """

    def initialize(self) -> None:
        self._body = bytearray()

    def check_xsrf_cookie(self) -> None:
        """The token comes with the form, which is not there yet: it is looked at in :meth:`post`."""

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say too that the connection ends: what strangers send is not read."""
        self.set_header("Connection", "close")
        super().write_error(status_code, **kwargs)

    async def post(self) -> None:
        self._read_form()
        super().check_xsrf_cookie()
        uploads = self.administration.uploads
        token = self.get_body_argument("token", "")
        if not token:
            sent = [(one.filename, one.body) for one in self.request.files.get(_FILES, []) if one.filename]
            if not sent:
                await self.show_list(problem="Choose a file first.")
                return
            try:
                token = uploads.keep(sent)
            except OSError as problem:
                await self.show_list(problem=f"What was sent could not be kept: {problem.strerror}.")
                return
        elif not uploads.files(token):
            await self.show_list(problem="The files are not there any more. Please choose them again.")
            return
        await self._install(token, anyway="anyway" in self.request.body_arguments)

    def _read_form(self) -> None:
        body, self._body = bytes(self._body), bytearray()
        arguments: dict[str, list[bytes]] = {}
        try:
            parse_body_arguments(self.request.headers.get("Content-Type", ""), body, arguments, self.request.files,
                                 self.request.headers)
        except HTTPInputError as problem:
            raise Refused(400, "This was damaged on its way", "Please go back and choose the file again.",
                          "400") from problem
        self.request.body_arguments = arguments
        for name, values in arguments.items():
            self.request.arguments.setdefault(name, []).extend(values)

    async def _install(self, token: str, *, anyway: bool) -> None:
        uploads = self.administration.uploads
        files = uploads.files(token)
        try:
            change = await self.administration.packages.install(files, self.user, anyway=anyway)
        except MissingPackages as problem:
            await self.show_list(missing=problem.missing, token=token)
            return
        except BadPackage as problem:
            uploads.forget(token)
            await self.show_list(problem=_without_folders(str(problem), files))
            return
        except Held:
            uploads.forget(token)
            await self.show_list(problem=_BUSY)
            return
        except OSError as problem:
            uploads.forget(token)
            await self.show_list(problem=f"Nothing was installed: {problem.strerror}.")
            return
        uploads.forget(token)
        names = list(change.versions)
        target = _address(names[0]) if len(names) == 1 else "/packages?done=installed"
        if change.replaced:
            self.restart(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} installed. So that everybody gets the "
                         "new version, the appliance starts anew.", target)
        else:
            self.redirect(target, status=303)


class RemoveHandler(_PackagesPage):
    """``/packages/NAME/remove``: asks first, with what will not work any more, and then does it."""

    async def get(self, name: str) -> None:
        package = await self._removable(name)
        used = await self.administration.packages.sessions_of(name)
        titles = {one.interview: one.title for one in self.parts.packages.listed()}
        self.page("package_remove.html", package=package, used=used, titles=titles, plural=plural, quote=quote,
                  title_of=title_of)

    async def post(self, name: str) -> None:
        await self._removable(name)
        try:
            gone = await self.administration.packages.remove(name, self.user)
        except NoSuchPackage:
            self.redirect("/packages?done=removed", status=303)   # somebody else was quicker
            return
        except Held:
            await self.show_list(problem=_BUSY)
            return
        except OSError as problem:
            await self.show_list(problem=f"It was not removed: {problem.strerror}.")
            return
        self.restart(f"{_listed(gone)} {'was' if len(gone) == 1 else 'were'} removed. So that nothing of it goes on "
                     "running, the appliance starts anew.", "/packages?done=removed")

    async def _removable(self, name: str) -> ShelvedPackage:
        package = await self.package(name)
        if package.shipped:
            raise Refused(400, "This package cannot be removed", "It comes with the appliance.", "shipped")
        return package


class PublicHandler(_PackagesPage):
    """``POST /packages/public`` with ``open`` or ``close``: whether anybody on the network may run an interview."""

    async def post(self) -> None:
        opened, closed = self.get_body_argument("open", ""), self.get_body_argument("close", "")
        interview = opened or closed
        if interview not in {one.interview for one in self.parts.packages.listed()}:
            raise Refused(404, "There is no such interview", "Please go back and load the page again.", "404")
        await open_door(self, interview, self.user, wide=bool(opened))
        name = interview.partition(":")[0]
        self.redirect(f"/packages/{quote(name)}?{urlencode({'done': 'public'})}", status=303)


class UpdatePackageHandler(AdministrationPage):
    """docassemble's address of the page."""

    def get(self) -> None:
        self.redirect("/packages")


async def open_door(page: AdministrationPage, interview: str, by: UserInfo, *, wide: bool) -> None:
    """Write into the configuration whether anybody on the network may run an interview; it counts at once.

    :raises Refused: if it cannot be written.
    """
    administration = page.administration
    state = await administration.settings.state()
    told = state.values.get(Slot(DIRECTIVE)) or []
    names = [told] if isinstance(told, str) else list(told)
    wanted = [one for one in names if one_name(one) != interview] + ([interview] if wide else [])
    if wanted == names:
        return
    try:
        await administration.settings.change({Slot(DIRECTIVE): wanted or None}, state.fingerprint)
    except BadSettings as problem:
        raise Refused(400, "This could not be changed", str(problem), "settings") from problem
    administration.settings_now(DIRECTIVE, wanted or None)
    await page.parts.audit.note("setting", by, name=DIRECTIVE, interview=interview,
                                value="open to anybody on the network" if wide else "not open any more")


def _address(name: str) -> str:
    return f"/packages/{quote(name)}?done=installed"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _without_folders(words: str, files: Sequence[Path]) -> str:
    """What is wrong with a file, which goes by the name that it came with."""
    for file in files:
        words = words.replace(str(file), file.name)
    return re.sub(r"\s+", " ", words)
