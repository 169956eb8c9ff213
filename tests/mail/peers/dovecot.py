"""Dovecot with one mailbox on loopback, configured as a test wants."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from imapclient import IMAPClient

from appliance.mail.mailbox_server import MailboxServer
from tests.mail.peers.folders import answers, is_root, short_folder, wait_until
from tests.mail.receiver import certificate
from tests.mail_peers import find
from tests.support.process import free_port

__all__ = ["PASSWORD", "USER", "Dovecot", "dovecot"]

USER, PASSWORD = "clinic@example.org", "open-sesame"


@dataclass
class Dovecot:
    """A running one.

    :param folder: its own.
    :param trusted: the certificate of its TLS port.
    """

    folder: Path
    port: int
    tls_port: int
    trusted: Path
    process: subprocess.Popen[bytes] | None = None

    def server(self, *, folder: str = "INBOX", password: str = PASSWORD, encrypted: bool = False) -> MailboxServer:
        """How the appliance is told of it."""
        return MailboxServer("127.0.0.1", self.tls_port if encrypted else self.port, USER, password, folder,
                             use_ssl=encrypted, use_tls=False, certificates=str(self.trusted))

    @contextmanager
    def person(self, folder: str = "INBOX") -> Iterator[IMAPClient]:
        """The mailbox as the person sees it whose it is, in another mail program."""
        with IMAPClient("127.0.0.1", self.port, ssl=False) as client:
            client.login(USER, PASSWORD)
            client.select_folder(folder)
            yield client

    def deliver(self, message: bytes, folder: str = "INBOX") -> None:
        """Put a message into the mailbox."""
        with IMAPClient("127.0.0.1", self.port, ssl=False) as client:
            client.login(USER, PASSWORD)
            client.append(folder, message)

    def flags(self, folder: str = "INBOX") -> dict[int, set[bytes]]:
        """The flags of each message, but for what says that nobody has seen it before."""
        with self.person(folder) as client:
            return {uid: set(flags) - {b"\\Recent"} for uid, flags in client.get_flags(client.search()).items()}

    def start(self) -> None:
        """Start it."""
        program = find("dovecot")
        assert program is not None
        with (self.folder / "printed.txt").open("ab") as printed:
            self.process = subprocess.Popen([program, "-F", "-c", str(self.folder / "dovecot.conf")],
                                            stdout=printed, stderr=subprocess.STDOUT)
        wait_until(lambda: answers(self.port), "Dovecot greets", self.process)

    def stop(self) -> None:
        """End it with all its processes."""
        if self.process is None:
            return
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        self.process.wait(10)
        for child in psutil.wait_procs(children, timeout=0.5)[1]:   # they serve on for as long as somebody is there
            child.kill()
        self.process = None

    def cut(self) -> None:
        """End every connection as a broken network does: the processes that serve them die."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if child.name() in ("imap", "imap-login"):
                child.kill()


@contextmanager
def dovecot(*, keywords: bool = True, idle: bool = True) -> Iterator[Dovecot]:
    """A started Dovecot; the test is skipped where there is none.

    :param keywords: whether messages can be marked with words of one's own.
    :param idle: whether it tells of news.
    """
    if find("dovecot") is None:
        pytest.skip("there is no Dovecot (Debian: apt install dovecot-imapd)")
    with short_folder("dovecot") as folder:
        _context, trusted = certificate(folder)
        made = Dovecot(folder, free_port(), free_port(), trusted)
        (folder / "acl").write_text(f"* owner lr{'w' if keywords else ''}stipekxa\n", encoding="utf-8")
        (folder / "dovecot.conf").write_text(_configuration(made, idle=idle), encoding="utf-8")
        (folder / "home").mkdir()
        (folder / "home").chmod(0o777)   # whoever the mailbox belongs to
        made.start()
        try:
            yield made
        finally:
            made.stop()


def _own_group() -> str:
    if sys.platform == "win32":
        raise AssertionError("there is no Dovecot for Windows")
    import grp

    return grp.getgrgid(os.getegid()).gr_name


def _configuration(made: Dovecot, *, idle: bool) -> str:
    folder = made.folder
    own, group = getpass.getuser(), _own_group()
    whose = "uid=mail gid=mail" if is_root() else f"uid={own} gid={group}"
    # Started by an ordinary person, everything runs as that person, and nothing is locked away.
    alone = "" if is_root() else (
        f"default_internal_user = {own}\ndefault_internal_group = {group}\ndefault_login_user = {own}\n"
        "service anvil {\n  chroot =\n}\nservice imap-login {\n  chroot =\n}\n")
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{made.trusted}
ssl_key = <{folder}/private.pem
disable_plaintext_auth = no
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_plugins = acl
protocol imap {{
  mail_plugins = acl imap_acl
}}
plugin {{
  acl = vfile:{folder}/acl
}}
{'' if idle else 'imap_capability = IMAP4rev1 LITERAL+ UIDPLUS'}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = {whose} home={folder}/home
}}
service imap-login {{
  inet_listener imap {{
    port = {made.port}
  }}
  inet_listener imaps {{
    port = {made.tls_port}
  }}
}}
service stats {{
  client_limit = 100
}}
{alone}
"""
