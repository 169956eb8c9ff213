"""The command ``appliance``: one purpose for each of its words."""

from __future__ import annotations

import argparse
import getpass
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import appliance
from appliance import data_folder
from appliance.interviews import DEMO
from appliance.program import ALREADY_RUNNING, replace_process

if TYPE_CHECKING:
    from appliance.app import Running

__all__ = ["default_data_folder", "main"]

PASSPHRASE = "APPLIANCE_PASSPHRASE"   # noqa: S105 - the name of a variable
"""The variable that a script may give a backup's passphrase in."""

_CODE_WAITS = ("The page Backup shows its recovery code. Please write that down: it opens backups and this data if all "
               "else is lost.\n\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, or 1 after a message on the standard error output."""
    multiprocessing.freeze_support()   # a worker of the frozen app begins here and goes no further
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")   # a name that the console cannot show must not end us
    options = _parser().parse_args(arguments)
    command: str = options.command or "desktop"
    try:
        return _COMMANDS[command](options)
    except data_folder.DataFolderAway as problem:
        if _COMMANDS[command] is _desktop:
            from appliance.shell.telling import tell

            tell(str(problem))
        return _complain(str(problem))
    except KeyboardInterrupt:
        return 130


def default_data_folder() -> Path:
    """Where the appliance keeps everything unless told: the folder that was chosen, or the system's usual place.

    :raises DataFolderAway: if the one that was chosen is not there.
    """
    return data_folder.find()


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", type=Path, metavar="DIR", default=argparse.SUPPRESS,
                        help="the data folder (unless told, the system's place for a user's data)")
    parser = argparse.ArgumentParser(prog="appliance", parents=[shared],
                                     description="Runs docassemble interviews on one laptop. Without a command it "
                                     "starts and opens its first page in the browser.")
    parser.add_argument("--version", action="version", version=f"Interview Appliance {appliance.__version__}")
    sharing = "let other computers on the network in: encrypted, and signing in"
    parser.add_argument("--share", action="store_true", help=sharing)
    parser.add_argument("--background", action="store_true", help="start without a window, as at login")
    parser.add_argument("--until-done", action="store_true", help=argparse.SUPPRESS)   # as a closed window leaves it
    parser.set_defaults(files=[])
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    serve = commands.add_parser("serve", parents=[shared], help="the server alone; prints its address")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=_port, default=8080, help="the port to listen on (8080); 0: any free one")
    serve.add_argument("--share", action="store_true", default=argparse.SUPPRESS, help=sharing)
    serve.add_argument("--attended", action="store_true", help=argparse.SUPPRESS)   # as the desktop app starts it

    opened = commands.add_parser("open", parents=[shared], help="offer to install packages, in the window")
    opened.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a wheel or a zip file")

    install = commands.add_parser("install", parents=[shared], help="install docassemble packages")
    install.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a wheel, a zip file or a folder")
    install.add_argument("--anyway", action="store_true", help="also when Python packages that they need are missing")

    check = commands.add_parser("check", parents=[shared], help="look for mistakes in interviews")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a YAML file, or a folder of them")

    cron = commands.add_parser("cron", parents=[shared], help="run a scheduled event in all sessions that have it")
    cron.add_argument("event", metavar="EVENT", help="its name, like cron_daily; any other name can be run too")

    backup = commands.add_parser("backup", parents=[shared], help="put everything into one sealed file",
                                 description="The passphrase is asked for twice, or read from the standard input, or "
                                 f"from the environment's {PASSPHRASE}.")
    backup.add_argument("file", type=Path, metavar="FILE", help="where to write it, or a folder")

    restore = commands.add_parser("restore", parents=[shared], help="bring a backup back, or a lost key",
                                  description="What was in the data folder is moved aside. Without a file, the data "
                                  "folder stays as it is, and its lost key is put back with the recovery code. With "
                                  "the folder of a copy that was made before an upgrade, it goes back to that. "
                                  "The passphrase is asked for, or read as for a backup.")
    restore.add_argument("file", type=Path, metavar="FILE", nargs="?",
                         help="the backup, or a folder backups/before-upgrade-… of the data folder")

    user = commands.add_parser("user", help="accounts of people")
    doing = user.add_subparsers(dest="do", metavar="add|reset", required=True)
    add = doing.add_parser("add", parents=[shared], help="make an account",
                           description="Prints an address at which the person chooses a password.")
    add.add_argument("--privilege", dest="privileges", action="append", default=[], metavar="NAME",
                     help="like admin, developer or advocate (user); can be given several times")
    add.add_argument("--password", action="store_true", help="ask for a password here instead, or read it from the "
                     "standard input; prints the account's recovery code")
    reset = doing.add_parser("reset", parents=[shared], help="let somebody choose a new password",
                             description="Prints an address at which they do, after saying what cannot be opened "
                             "afterwards without the recovery code.")
    for one in (add, reset):
        one.add_argument("email", metavar="EMAIL", help="the e-mail address that the account has")

    compute = commands.add_parser("compute", help="where background tasks run")
    parts = compute.add_subparsers(dest="part", metavar="certificates", required=True)
    certificates = parts.add_parser("certificates", help="make the certificates of a Dask cluster elsewhere, and say "
                                    "how to start it")
    certificates.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them")
    certificates.add_argument("--host", dest="hosts", action="append", default=[], metavar="NAME",
                              help="a computer of the cluster, by name or address; the first is the scheduler's "
                              "(127.0.0.1)")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)


def _data(options: argparse.Namespace) -> Path:
    folder: Path = getattr(options, "data", None) or default_data_folder()
    return folder.absolute()


def _desktop(options: argparse.Namespace) -> int:
    from appliance.shell.desktop import Desktop, run

    return run(Desktop(_data(options), share=options.share, files=[file.absolute() for file in options.files],
                       background=options.background, until_done=options.until_done))


def _serve(options: argparse.Namespace) -> int:
    from appliance import app

    started = app.Options(_data(options), options.host, options.port, any_port=options.attended, share=options.share,
                          attended=options.attended)

    def ready(running: app.Running) -> None:
        address = running.sign_in_address(f"/interview?i={DEMO}")
        print(f"Interview Appliance {appliance.__version__} is running at {running.address}\n\n"
              f"This address works once, and signs you in as its owner:\n\n    {address}\n\n"
              f"{_CODE_WAITS if running.code_waits else ''}{_shared_words(running)}To stop it, press Ctrl+C.",
              flush=True)

    try:
        left = app.run(started, ready)
    except app.AlreadyRunning as problem:
        _complain(str(problem))
        return ALREADY_RUNNING if started.attended else 1
    except app.CannotStart as problem:
        return _complain(str(problem))
    if left is not None:
        replace_process(["serve", "--data", str(started.data), "--host", started.host, "--port", str(left.port),
                         *(["--share"] if left.shared else []), *(["--attended"] if started.attended else [])])
    return 0


def _shared_words(running: Running) -> str:
    """Where other computers find it, or why they do not."""
    state = running.network.state
    if running.not_shared:
        return f"It could not be shared on the network. {running.not_shared}\n\n"
    if not state.shared:
        return ""
    where = "".join(f"    {one}\n" for one in state.addresses) or "    this computer is in no network yet\n"
    return f"Other computers on the network reach it at\n\n{where}\n"


def _install(options: argparse.Namespace) -> int:
    from appliance.installing import MissingPackages, install
    from appliance.locks import Held
    from appliance.package_files import BadPackage

    data = _data(options)
    if (data / "appliance.db").is_file():   # so that a server learns of it, and the audit log too
        return _do(options, "install", {"files": [str(file.absolute()) for file in options.files],
                                        "anyway": options.anyway})
    try:
        installed = install(options.files, data / "packages", anyway=options.anyway)
    except (BadPackage, MissingPackages) as problem:
        return _complain(str(problem))
    except Held:
        return _complain("Another installation is going on in this data folder; please try again when it is done.")
    except OSError as problem:
        return _complain(f"Nothing was installed: {problem}.")
    for package in installed:
        print(f"{', '.join(package.names)} {package.version} is installed.")
    return 0


def _check(options: argparse.Namespace) -> int:
    from appliance.checking import check

    checked = list(check(options.files, _data(options) / "packages"))
    problems = [problem for _, problem in checked if problem is not None]
    for problem in problems:
        print(problem)
    print(f"{len(checked)} file{'' if len(checked) == 1 else 's'} checked, {len(problems) or 'none'} with a mistake.")
    return 1 if problems or not checked else 0


def _cron(options: argparse.Namespace) -> int:
    return _do(options, "cron", {"event": options.event})


def _do(options: argparse.Namespace, command: str, arguments: dict[str, Any]) -> int:
    """Do a command where the data folder is in use: in the server that runs on it, or else here."""
    from appliance import app
    from appliance.commands import HandOverFailed

    try:
        return app.do(_data(options), command, arguments, lambda line: print(line, flush=True))
    except (app.CannotStart, HandOverFailed) as problem:
        return _complain(str(problem))


def _backup(options: argparse.Namespace) -> int:
    from appliance.backup.backups import file_name
    from appliance.backup.errors import BackupError
    from appliance.backup.openers import Ticket
    from appliance.config import BadConfiguration, load

    data, file = _data(options), options.file.absolute()
    if file.is_dir():
        try:
            file /= file_name(load(data / "config.yml")["appname"])
        except BadConfiguration as problem:
            return _complain(str(problem))
    if not (data / "appliance.db").is_file():
        return _complain(f"There is nothing to back up: no appliance was ever started on {data}.")
    if file.exists():
        return _complain(f"{file} is there already. Please choose another name.")
    if not file.parent.is_dir():
        return _complain(f"There is no folder {file.parent}.")
    try:
        ticket = Ticket.by_passphrase(_asked("A passphrase for this backup", again=True))
    except (BackupError, EOFError) as problem:
        return _complain(str(problem) or "No passphrase was given.")
    return _do(options, "backup", {"file": str(file), "ticket": ticket.sent()})


def _restore(options: argparse.Namespace) -> int:
    from appliance.backup.errors import BackupError
    from appliance.backup.going_back import is_copy
    from appliance.backup.restoring import check, restore, restore_key
    from appliance.store.appliance_key import system_keyring

    data = _data(options)
    try:
        if options.file is None:
            if not (data / "appliance.db").is_file():
                return _complain(f"There is no data in {data} whose key could be put back. To bring a backup back, "
                                 "name its file: appliance restore FILE")
            restore_key(data, _asked("The recovery code"), keyring=system_keyring())
            print(f"The key of {data} is here again.")
            return 0
        file: Path = options.file.absolute()
        if not hasattr(options, "data") and is_copy(file, file.parent.parent):
            data = file.parent.parent   # it lies in the folder that it is of
        if is_copy(file, data):
            return _go_back(file, data)
        check(file, data)
        secret = _asked("The backup's passphrase, or the recovery code")
        restored = restore(file, data, secret, keyring=system_keyring())
    except (BackupError, EOFError) as problem:
        return _complain(str(problem) or "No passphrase was given.")
    print(f"The backup of {restored.manifest.made_words} is restored to {data}.")
    if restored.before is not None:
        print(f"What was there before is in {restored.before}.")
    print("The appliance can be started now. Everybody signs in with the password they had then.")
    return 0


def _go_back(copy: Path, data: Path) -> int:
    """Go back to before an upgrade.

    :raises BackupError: in words.
    """
    from appliance.backup.going_back import go_back
    from appliance.store.appliance_key import system_keyring

    went = go_back(copy, data, keyring=system_keyring())
    print(f"{data} is as it was before the upgrade. What was there since is in {went.before}.")
    if went.is_older:
        print(f"Start the version that was there before{f', {went.version}' if went.version else ''}. This one, "
              f"{appliance.__version__}, would upgrade the data again.")
    else:
        print("The appliance can be started now.")
    return 0


def _user(options: argparse.Namespace) -> int:
    arguments: dict[str, Any] = {"do": options.do, "email": options.email}
    if options.do == "add":
        arguments["privileges"] = options.privileges
        if options.password:
            try:
                arguments["password"] = _asked("A password for this account", again=True, variable="")
            except EOFError as problem:
                return _complain(str(problem) or "No password was given.")
    return _do(options, "user", arguments)


def _asked(what: str, *, again: bool = False, variable: str = PASSPHRASE) -> str:
    """A secret: from the environment, the standard input where that is no terminal, or typed unseen.

    :param variable: of the environment.
    :raises EOFError: if nothing was given, or not the same thing twice.
    """
    given = os.environ.get(variable) if variable else None
    if given is None and not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\r\n")
    if given is None:
        given = getpass.getpass(f"{what}: ")
        if again and getpass.getpass("The same again: ") != given:
            raise EOFError("The second time it was another one. Please try again.")
    if not given:
        raise EOFError
    return given


def _compute(options: argparse.Namespace) -> int:
    from appliance.compute.certificates import make_certificates, start_words

    folder: Path = options.folder.absolute()
    try:
        make_certificates(folder, options.hosts)
    except FileExistsError as problem:
        return _complain(f"{problem}, and workers that use it would be locked out. Please name another folder.")
    except ValueError as problem:
        return _complain(f"{problem}.")
    except OSError as problem:
        return _complain(f"The certificates cannot be written: {problem}.")
    print(start_words(folder, options.hosts[0] if options.hosts else "127.0.0.1"))
    return 0


def _complain(words: str) -> int:
    print(words, file=sys.stderr)
    return 1


_COMMANDS = {"desktop": _desktop, "open": _desktop, "serve": _serve, "install": _install, "check": _check,
             "cron": _cron, "backup": _backup, "restore": _restore, "user": _user, "compute": _compute}


if __name__ == "__main__":
    sys.exit(main())
