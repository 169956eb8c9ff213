"""Pages elsewhere that mean us by another name, or send something in somebody's name, whoever is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.hostile.house import ADMIN, House
from tests.hostile.interviews import PUBLIC
from tests.server.shared import Shared
from tests.support.routes import (
    HOSTS,
    NOT_AT_THE_LAPTOP,
    ORIGINS,
    SOCKET,
    addresses,
    example,
    sockets,
    write_addresses,
)

BROKEN_OFF = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


def came(client: httpx.Client, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None,
         ) -> int:
    """The answer's status; 400 where the connection was closed before all was sent."""
    try:
        return client.request(method, path, headers=headers, data=form).status_code
    except BROKEN_OFF:
        return 400


@contextmanager
def signed_in(house: House, away: Shared, listener: str) -> Iterator[tuple[httpx.Client, str, int]]:
    """An administrator's browser, at the laptop or elsewhere: its token, and the listener's port."""
    with house.browser(ADMIN) if listener == "laptop" else away.browser() as client:
        if listener == "network":
            client.cookies.set("__Host-user", house.people[ADMIN].cookie)
        assert client.get("/network").status_code == 200
        yield client, house.token(client), house.port if listener == "laptop" else away.port


def written(house: House) -> list[str]:
    """The addresses that take forms."""
    return [f"{path}?i={PUBLIC}" if path == "/interview" else path for path in write_addresses(house.application)]


def kept(house: House) -> dict[str, int]:
    """How many rows each table has: what was done in somebody's name shows there."""
    return house.assembly._store.read(lambda database: {
        table.name: table.count for table in database.tables}).result()


@pytest.mark.parametrize("listener", ["laptop", "network"])
def test_other_names_open_no_address(house: House, away: Shared, listener: str) -> None:
    """Every address there is, read and written, under 12 names (14 at the laptop): an administrator's browser gets
    nothing by them. From the network, where the same function refuses, every third is read and all are written.
    """
    names = HOSTS + (NOT_AT_THE_LAPTOP if listener == "laptop" else ())
    before, tried = kept(house), 0
    with signed_in(house, away, listener) as (client, token, port):
        for name in names:
            headers = {"Host": name.format(port=port)}
            for matcher, _ in addresses(house.application)[:: 1 if listener == "laptop" else 3]:
                assert came(client, "GET", example(matcher), headers) in {421, 400}, (name, matcher)
                tried += 1
            for path in written(house):
                assert came(client, "POST", path, headers, {"_xsrf": token}) in {421, 400}, (name, path)
                tried += 1
    assert kept(house) == before
    print(f"\n{listener}: {tried} requests under {len(names)} foreign names, 0 got through")


@pytest.mark.parametrize("listener", ["laptop", "network"])
def test_nothing_is_written_for_pages_elsewhere(house: House, away: Shared, listener: str) -> None:
    """Every write address, 8 variants: the administrator's own cookie, and in six of them the right token too."""
    with house.browser() as somebody:
        foreign = house.token(somebody)
    before, tried = kept(house), 0
    with signed_in(house, away, listener) as (client, token, _):
        for variant in ORIGINS:
            headers = {name: value for name, value in variant.items() if name != "X-Token"}
            form = {"": {"_xsrf": token}, "none": {"a": "b"}, "of somebody else": {"_xsrf": foreign}}[
                variant.get("X-Token", "")]
            for path in written(house):
                status = came(client, "POST", path, headers, form)
                assert status == 403 or (path, status) == ("/command", 404), (variant, path, status)
                tried += 1
    assert kept(house) == before
    print(f"\n{listener}: {tried} writes of pages elsewhere, 0 got through")


@pytest.mark.parametrize("listener", ["laptop", "network"])
def test_no_socket_opens_for_pages_elsewhere(house: House, away: Shared, listener: str) -> None:
    """Every socket there is: 12 names with an origin to match, and 8 origins under our own name."""
    scheme = "http" if listener == "laptop" else "https"
    port = house.port if listener == "laptop" else away.port
    own = f"{scheme}://127.0.0.1:{port}"
    tries = [{"Host": name.format(port=port), "Origin": f"{scheme}://{name.format(port=port)}"} for name in HOSTS]
    tries += [{}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "https://evil.example"},
              {"Origin": f"{own}.evil.example"}, {"Origin": f"{scheme}://127.0.0.1:1"},
              {"Origin": f"{scheme}://evil.example@127.0.0.1:{port + 1}"},
              {"Origin": f"{scheme}://localhost:{port}"}]
    count = 0
    with signed_in(house, away, listener) as (client, _, _):
        for path in sockets(house.application):
            for headers in tries:
                assert came(client, "GET", path, {**SOCKET, **headers}) in {400, 403, 421}, (path, headers)
                count += 1
    print(f"\n{listener}: {count} sockets asked for from elsewhere, 0 opened")
