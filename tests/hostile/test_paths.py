"""Addresses and names that would lead out of the folder they are meant for: nothing outside is read or written."""

from __future__ import annotations

import http.client
import io
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from appliance.installing import install
from appliance.interview.cache import Interviews
from appliance.interview.errors import InterviewError
from appliance.interview.sources import split_reference
from appliance.package_files import BadPackage
from appliance.packages import InstalledPackages
from tests.hostile.house import ADMIN, House
from tests.hostile.interviews import PRIVATE
from tests.hostile.payloads import PATHS
from tests.support.client import Client
from tests.support.hostile import MARK, NAMES
from tests.support.packages import make_package

CANARY = b"the canary of the tests of paths"
READ = (
    "/{}", "/static/{}", "/static/{version}/{}", "/static/vendor/{}", "/packagestatic/{}",
    "/packagestatic/docassemble.hostile/{}", "/packagestatic/docassemble.hostile/data/static/{}",
    "/packagestatic/appliance.interviews/{}", "/uploadedfile/{}", "/uploadedfile/1/{}", "/uploadedfile/1.{}",
    "/mail/{}", "/mail/1/parts/{}", "/outbox/{}/mail.eml", "/backup/{}", "/backup/{}.backup", "/trust/{}",
    "/favicon.{}", "/logs/{}", "/logs/download?file={}", "/logs?log={}", "/packages/{}", "/packages/{}/remove",
    "/licences/{}", "/about/{}", "/interview?i={}", "/interview?i=docassemble.hostile:{}",
    "/interview?i=docassemble.hostile:data/questions/{}", "/interview?session={}&i=x",
    "/interview/variables?session={}", "/uploadedfile/1?display_filename={}", "/mail?show={}")


def canaries(house: House) -> Path:
    """Files beside everything that is served, each with words that must never be read."""
    installed = next((house.data / "packages").glob("docassemble.hostile*/docassemble/hostile"))
    ui = [installed, installed / "data", installed.parent, installed.parent.parent,
          house.data, house.data / "packages", house.data / "backups", house.data / "logs", house.data / "files",
          house.data.parent]
    for folder in ui:
        folder.mkdir(exist_ok=True)
        (folder / "canary.secret").write_bytes(CANARY)
    return house.data.parent / "canary.secret"


def test_nothing_outside_is_read(house: House) -> None:
    """60 payloads in every address that names a file, a package, an interview or a session: as they are, and encoded.
    An administrator asks, so nothing is refused for the person's sake.
    """
    secret = canaries(house)
    version = house.application.assets.version
    cookie = f"user={house.people[ADMIN].cookie}"
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    got, broken, count = [], [], 0
    for payload in PATHS:
        path = payload.replace("{secret}", str(secret)).replace("{inside}", str(secret)[1:]).replace(
            "{name}", secret.name)
        for address in READ:
            for written in dict.fromkeys((quote(path, safe="%/\\:;$~&="), quote(path, safe=""))):
                target = address.replace("{version}", version).replace("{}", written.replace(" ", "%20"))
                connection.putrequest("GET", target, skip_accept_encoding=True)
                connection.putheader("Cookie", cookie)
                connection.endheaders()
                answer = connection.getresponse()
                body = answer.read()
                count += 1
                if any(one in body for one in (CANARY, b"root:x:0", b"SQLite format", b"allow registration: True",
                                               b"PYTHON_KEYRING")):
                    got.append(target)
                if answer.status >= 500:
                    broken.append((target, answer.status))
    connection.close()
    print(f"\n{count} requests, {len(got)} read something outside, {len(broken)} broke")
    assert (got, broken) == ([], [])


def test_nothing_outside_is_included(house: House, tmp_path: Path) -> None:
    """60 payloads as a file that an interview includes, and as one that is sought in a package's folders."""
    secret = canaries(house)
    package = make_package(tmp_path, "including", {"x.yml": "question: x\nfield: y\n"})
    install([package], tmp_path / "packages")
    packages = InstalledPackages(tmp_path / "packages")
    inside = "docassemble.including*/docassemble/including/data/questions"
    main = next((tmp_path / "packages").glob(inside)) / "main.yml"
    (main.parent.parent.parent / secret.name).write_text("---\nmandatory: True\nquestion: the canary\n")
    for payload in PATHS:
        path = payload.replace("{secret}", str(secret)).replace("{inside}", str(secret)[1:]).replace(
            "{name}", secret.name)
        main.write_text(f"include:\n  - {path!r}\n---\nmandatory: True\nquestion: own\n".replace("\\\\", "\\"))
        with pytest.raises(InterviewError):
            Interviews(packages).get("docassemble.including:data/questions/main.yml")
        for folder in ("static", "templates", "sources", "questions"):
            assert packages.data_file("docassemble.including", folder, path) is None
            reference = packages.resolve(path, "docassemble.including:data/questions/main.yml", folder)
            assert packages.locate(*split_reference(reference)) is None
    print(f"\n{len(PATHS)} included files, {4 * len(PATHS)} sought ones, 0 outside")


def files_below(folder: Path) -> set[Path]:
    return {one for one in folder.rglob("*") if one.is_file()}


def test_names_of_uploads_write_nothing_outside(house: House, tmp_path: Path) -> None:
    """60 names of uploaded files: they become numbers on the disk, and a harmless name for saving."""
    around = house.data.parent
    before = files_below(around)
    with Client(house.base) as client:
        for name in NAMES:
            page = client.start(PRIVATE)
            form = dict(page.values())
            control = next(one for one in page.tree.all("input") if one.attributes.get("type") == "file")
            text = next(one for one in page.tree.all("input") if one.attributes.get("alt") == "Input box")
            form[text.attributes["name"]] = "x"
            body = multipart(form, control.attributes["name"], name, b"content")
            client.http.post(page.action, content=body[0], headers={"Content-Type": body[1]})
    new = {one.relative_to(around) for one in files_below(around) - before}
    assert all(one.parts[:2] in {("data", "files"), ("data", "logs")} or one.name.startswith("appliance.db")
               for one in new), new
    assert not [one for one in new if MARK in str(one)]
    print(f"\n{len(NAMES)} names of uploads, 0 outside")


def multipart(fields: dict[str, str], field: str, filename: str, content: bytes) -> tuple[bytes, str]:
    """A form with a file whose name is written as it is: no library of ours makes it harmless."""
    edge = "edge0123456789"
    pieces = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
              for name, value in fields.items()]
    written = filename.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "%0D").replace("\n", "%0A")
    pieces.append(f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{written}"\r\n'
                  "Content-Type: text/plain\r\n\r\n")
    return ("".join(pieces).encode() + content + f"\r\n--{edge}--\r\n".encode(),
            f"multipart/form-data; boundary={edge}")


def test_members_of_packages_write_nothing_outside(tmp_path: Path) -> None:
    """60 names (and 60 paths) of files in a zip: refused, or inside the package's own folder; links are refused."""
    refused = 0
    everything = tmp_path / "all"
    packages = everything / "in" / "data" / "packages"
    packages.mkdir(parents=True)
    for number, name in enumerate([*NAMES, *PATHS]):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("docassemble/evil/data/questions/x.yml", f"# {number}\n")
            member = zipfile.ZipInfo("docassemble/evil/data/static/harmless")
            member.filename = name if number % 2 else f"docassemble/evil/data/static/{name}"
            file.writestr(member, MARK)
        path = tmp_path / "evil.zip"
        path.write_bytes(archive.getvalue())
        try:
            install([path], packages)
        except (BadPackage, OSError):
            refused += 1
    written = files_below(everything)
    assert all(one.is_relative_to(packages) for one in written)
    inside = [one.relative_to(packages) for one in written if one.name not in {"index.json", ".lock"}]
    assert all(one.parts[1] == "docassemble" and one.parts[2] == "evil" for one in inside), inside
    print(f"\n{len(NAMES) + len(PATHS)} members, {refused} refused, the rest inside")
    assert refused >= 50
