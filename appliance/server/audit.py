"""``/audit``: who did what: sign-ins, privileges, packages, settings."""

from __future__ import annotations

from urllib.parse import urlencode

from appliance.server.administration import AdministrationPage
from appliance.server.home import when
from appliance.store.users import OWNER_EMAIL

__all__ = ["AuditHandler"]

_MOST = 100


class AuditHandler(AdministrationPage):
    """The page, the newest first."""

    async def get(self) -> None:
        words, before = self.get_query_argument("q", "")[:200], self.get_query_argument("before", "")
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
        entries = await self.parts.audit.entries(words, number, _MOST)
        older = ""
        if len(entries) == _MOST:
            older = f"/audit?{urlencode({'q': words, 'before': str(entries[-1].number)})}"
        self.page("audit.html", entries=entries, q=words, before=number, older=older, when=when,
                  owner_email=OWNER_EMAIL)
