"""Postfix as a relay on loopback: takes mail on one port and brings it to another, and comes again where it must."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mail.peers.folders import answers, is_root, short_folder, wait_until
from tests.mail_peers import find
from tests.support.process import free_port

__all__ = ["Postfix", "postfix"]

_SERVICES = ("cleanup", "rewrite", "bounce", "defer", "trace", "verify", "error", "retry", "discard", "proxymap",
             "smtp", "relay", "local", "anvil", "scache", "tlsmgr", "qmgr", "flush")
_PROGRAMS = {"rewrite": "trivial-rewrite", "defer": "bounce", "trace": "bounce", "retry": "error", "relay": "smtp"}


@dataclass(frozen=True)
class Postfix:
    """A running one.

    :param port: where it takes mail.
    """

    folder: Path
    port: int

    def log(self) -> str:
        """What it wrote down."""
        file = self.folder / "postfix.log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


@contextmanager
def postfix(target: int, *, domain: str = "in.example.org") -> Iterator[Postfix]:
    """A started Postfix that brings mail for `domain` to port `target`; the test is skipped where there is none."""
    program = find("postfix")
    if program is None:
        pytest.skip("there is no Postfix (Debian: apt install postfix)")
    if not is_root():
        pytest.skip("Postfix can only be started by root")
    with short_folder("postfix") as folder:
        made = Postfix(folder, free_port())
        _write(made, target, domain)
        command = [program, "-c", str(folder / "etc")]
        subprocess.run([*command, "start"], check=True, capture_output=True, timeout=60)
        try:
            wait_until(lambda: answers(made.port), "Postfix greets")
            yield made
        finally:
            subprocess.run([*command, "stop"], check=False, capture_output=True, timeout=60)


def _write(made: Postfix, target: int, domain: str) -> None:
    folder = made.folder
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix", "postfix")
    (folder / "etc" / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtputf8_enable = yes
relay_domains = {domain}
relay_transport = smtp:[127.0.0.1]:{target}
default_transport = error:nobody may go elsewhere
local_transport = error:nobody lives here
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_tls_security_level = may
smtp_tls_loglevel = 1
message_size_limit = 200000000
mailbox_size_limit = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
alias_maps =
alias_database =
""", encoding="utf-8")
    lines = [f"{made.port} inet n - n - - smtpd"]
    for name in _SERVICES:
        private = "n" if name in ("qmgr", "cleanup") else "-"
        lines.append(f"{name} unix {private} - n {_wakes(name)} {_PROGRAMS.get(name, name)}")
    lines.append("postlog unix-dgram n - n - 1 postlogd")
    (folder / "etc" / "master.cf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _wakes(name: str) -> str:
    """How often the service is woken, and how many there may be."""
    return {"qmgr": "1 1", "tlsmgr": "1000? 1", "flush": "1000? 0", "scache": "- 1", "anvil": "- 1",
            "verify": "- 1", "cleanup": "- 0", "bounce": "- 0", "defer": "- 0", "trace": "- 0"}.get(name, "- -")
