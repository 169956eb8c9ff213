"""The baseline of incoming mail: aiosmtpd as it comes, which keeps nothing of what it takes.

``python -m tests.bench.bare_smtp PORT``
"""

from __future__ import annotations

import asyncio
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session

__all__ = ["main"]


class _Nowhere:
    """Takes everything."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        return "250 OK"


async def main(port: int) -> None:
    """Listen until the process is killed."""
    loop = asyncio.get_running_loop()
    handler = _Nowhere()
    server = await loop.create_server(
        lambda: SMTP(handler, loop=loop, hostname="bare.example", data_size_limit=48 << 20), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
