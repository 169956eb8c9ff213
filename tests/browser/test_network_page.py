"""The appliance is shared and hidden again, seen from the laptop, from a phone, and by its listening sockets."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import expect

from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance, free_port

NewAppliance = Callable[..., Appliance]
NewPerson = Callable[..., Person]
OPEN = "docassemble.networktest:data/questions/open.yml"
CLOSED = "docassemble.networktest:data/questions/closed.yml"
QUESTIONS = """
metadata:
  title: Intake
---
mandatory: True
question: Hello
fields:
  - Your name: name
---
mandatory: True
question: Thank you, ${ name }
"""
PHONE = {"viewport": {"width": 320, "height": 700}, "ignore_https_errors": True, "color_scheme": "dark"}


def listening(appliance: Appliance) -> set[tuple[str, int]]:
    """Where the server and all that it started can be connected to."""
    found = set()
    for process in [appliance.process, *appliance.process.children(recursive=True)]:
        for one in process.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN:
                found.add((one.laddr.ip, one.laddr.port))
    return found


def answers_strangers(address: tuple[str, int]) -> bool:
    """Whether there is anything for somebody without the cluster's certificate; `not found` is nothing."""
    with socket.create_connection(address, timeout=10) as stranger:
        stranger.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        try:
            return b" 200 " in stranger.recv(1000).partition(b"\r\n")[0]
        except ConnectionError:
            return False


def multicast(appliance: Appliance) -> list[object]:
    return [one for one in appliance.process.net_connections("udp") if one.laddr.port == 5353]


def test_shared_and_hidden_again(new_appliance: NewAppliance, new_person: NewPerson, tmp_path: Path) -> None:
    """By default one socket answers, on loopback. Shared, exactly one more does; a phone finds what is public there and
    is asked to sign in for the rest, the laptop's page counts it by itself, and when sharing stops all is as before.
    """
    appliance = new_appliance()
    port = free_port()
    (appliance.data / "config.yml").write_text(
        f"network:\n  host: 127.0.0.1\n  port: {port}\n  name: appliance-test\npublic interviews:\n  - {OPEN}\n"
        "compute:\n  workers: 1\n")
    package = make_package(tmp_path, "networktest", {"open.yml": QUESTIONS, "closed.yml": QUESTIONS})
    appliance.command("install", str(package))
    appliance.start()
    deadline = time.monotonic() + 30
    while not (appliance.health() or {}).get("workers"):   # the cluster listens on all its ports by then
        assert time.monotonic() < deadline
        time.sleep(0.05)
    before = listening(appliance)
    assert {ip for ip, _ in before} == {"127.0.0.1"}
    assert [address for address in sorted(before) if answers_strangers(address)] == [("127.0.0.1", appliance.port)]
    assert not multicast(appliance)

    laptop = new_person(appliance.url)
    laptop.page.goto(re.findall(r"(http://\S+token=\S+)", appliance.printed_text())[-1])
    laptop.page.goto(f"{appliance.url}/network")
    laptop.press("Share on the network")
    expect(laptop.page.locator("#da-network-address")).to_contain_text(f"https://127.0.0.1:{port}")
    laptop.sees("Nobody is connected")
    assert listening(appliance) == before | {("127.0.0.1", port)}
    assert laptop.unlabelled() == []

    phone = new_person(f"https://127.0.0.1:{port}", **PHONE)
    phone.start(OPEN)
    phone.fill({"Your name": "Ann"})
    phone.press("Continue")
    phone.sees_question("Thank you, Ann")
    laptop.sees("1 person is connected")
    phone.start(CLOSED)
    expect(phone.page.get_by_label("Email", exact=True)).to_be_visible()
    for path in ("/trust", "/"):
        phone.page.goto(f"{phone.base}{path}")
        assert not phone.scrolls_sideways()
    expect(phone.page.locator("body")).to_contain_text("Intake")
    with httpx.Client(base_url=appliance.url) as here:
        assert here.get("/interview", params={"i": CLOSED}).status_code == 200   # at the laptop anybody may

    with phone.page.expect_websocket() as opened:
        phone.start(OPEN)
    with opened.value.expect_event("close"):
        laptop.press("Stop sharing")
    laptop.sees("Only this computer can reach the appliance")
    assert listening(appliance) == before
    assert not multicast(appliance)
