"""Error mail from the whole appliance: a task fails in a worker process, and the administrator's mail server has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.mail.receiver import receiver
from tests.support.packages import make_package
from tests.support.process import Appliance

INTERVIEW = "docassemble.failing:data/questions/main.yml"
TEXT = """
mandatory: True
code: |
  secret = 'Zebedee'
  task = background_action('work')
---
event: work
code: |
  background_response(secret.no_such_thing_as_this)
---
mandatory: True
question: Waiting
"""


def test_a_task_that_fails_is_mailed_to_the_administrator(
        new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """Configured as the documentation says; no log has an address or an answer, and /health says that all went out."""
    appliance = new_appliance()
    package = make_package(tmp_path, "failing", {"main.yml": TEXT})

    async def test() -> None:
        async with receiver() as there, asyncio.timeout(90):
            (appliance.data / "config.yml").write_text(
                "error notification email: admin@example.com\n"
                f"mail:\n  server: 127.0.0.1\n  port: {there.port}\n  use tls: False\n", encoding="utf-8")
            await asyncio.to_thread(appliance.command, "install", str(package))
            await asyncio.to_thread(appliance.start)
            appliance.logs.allow("AttributeError")
            async with httpx.AsyncClient(base_url=appliance.url, follow_redirects=True, trust_env=False) as client:
                assert "Waiting" in (await client.get("/interview", params={"i": INTERVIEW}, timeout=30)).text
            await there.arrived.wait()
            [mail] = there.mails
            assert mail.recipients == ("admin@example.com",)
            assert mail.message["Subject"] == f"Error in {INTERVIEW}: AttributeError"
            for fact in ("work", f"{INTERVIEW}, line 9", f"{appliance.url}/tasks"):
                assert fact in mail.text
            assert b"Zebedee" not in mail.content
            appliance.stop()

    asyncio.run(test())
    log = (appliance.data / "logs" / "mail.log").read_text(encoding="utf-8")
    assert log.strip().endswith("INFO mail 1 sent at try 1")
    written = b"".join(path.read_bytes() for path in (appliance.data / "logs").iterdir())
    assert b"admin@example.com" not in written
    assert b"Zebedee" not in written
