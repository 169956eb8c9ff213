"""The real thing: an account made by a command, in a browser, over a restart, and nothing of it in the logs."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from tests.accounts.home import ADA, PASSWORD
from tests.support.process import Appliance

NewAppliance = Callable[..., Appliance]


def _xsrf(page: httpx.Response) -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_an_account_from_the_command_line_to_the_second_start(new_appliance: NewAppliance) -> None:
    """Invited while the server runs, accepted in a browser, signed in after a kill, and by password elsewhere."""
    appliance = new_appliance()
    appliance.start()
    told = appliance.command("user", "add", ADA, "--privilege", "developer").stdout
    link = next(line.strip() for line in told.splitlines() if "/user/invitation?token=" in line)
    assert link.startswith(appliance.url)
    with httpx.Client(base_url=appliance.url, timeout=20, follow_redirects=True) as browser:
        page = browser.get(link)
        assert ADA in page.text
        token = link.partition("token=")[2]
        done = browser.post("/user/invitation", data={
            "_xsrf": _xsrf(page), "token": token, "password": PASSWORD, "again": PASSWORD, "last_name": "Byron"})
        assert re.search(r"([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}", done.text), "the recovery code is told"
        cookie = browser.cookies["user"]
        appliance.kill()
        appliance.start()
        assert browser.get("/user/profile").url.path == "/user/profile"
    with httpx.Client(base_url=appliance.url, timeout=20, follow_redirects=True) as other:
        assert other.get("/user/profile").url.path == "/user/sign-in"
        page = other.get("/user/sign-in")
        other.post("/user/sign-in", data={"_xsrf": _xsrf(page), "email": ADA, "password": PASSWORD})
        assert other.get("/user/profile").url.path == "/user/profile"
    appliance.stop()
    on_disk = b"".join(path.read_bytes() for path in appliance.data.rglob("*") if path.is_file())
    for secret in (ADA, PASSWORD, cookie, token, "Byron"):
        assert secret.encode() not in on_disk
