"""The configuration: one table of directives, and ``config.yml`` read against it.

A name is written as docassemble's documentation does, levels separated by a colon and a space: ``compute: workers``.
``docs/configuration.md`` is made from the table; a test holds it to that.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

import yaml

from appliance.addresses import is_address
from appliance.interview.permissions import PERMISSIONS
from appliance.interview.yaml_limits import check_limits
from appliance.times import monthly_time, time_of_day, weekly_time

__all__ = ["DIRECTIVES", "PRODUCT", "BadConfiguration", "Directive", "Settings", "load", "mistake", "reference"]

Kind = Literal["text", "whole number", "number", "yes or no", "list of texts", "text or list of texts", "time",
               "texts by name", "lists of texts by name", "whole numbers by name"]


PRODUCT = "Interview Appliance"
"""What an appliance is called that was given no name."""


class BadConfiguration(Exception):
    """``config.yml`` holds something that is not a directive, or a value that is not one for it."""


@dataclass(frozen=True)
class Directive:
    """One thing that can be set.

    :param minimum: of a number: the least value that makes sense.
    :param also: one value below `minimum` that has a meaning of its own, usually 0 for "off".
    :param check: says in half a sentence what is wrong with a value, or gives None.
    :param secret: does not travel with tasks, and is not shown in messages.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    minimum: float | None = None
    also: float | None = None
    check: Callable[[Any], str | None] | None = None
    secret: bool = False


def _unknown_timezone(value: Any) -> str | None:
    return None if value in available_timezones() else "is not a time zone like America/New_York"


def _not_a_web_address(value: Any) -> str | None:
    return None if str(value).startswith(("http://", "https://")) else "is not an address like http://192.168.1.5:8080"


def _not_mail_addresses(value: Any) -> str | None:
    fine = all(is_address(one) for one in ([value] if isinstance(value, str) else value))
    return None if fine else "has something in it that is not an e-mail address like clinic@example.com"


def _negative(value: Any) -> str | None:
    return "cannot be less than 0" if any(number < 0 for number in value.values()) else None


def _not_one_mail_address(value: Any) -> str | None:
    return None if is_address(value) else "is not an e-mail address like clinic@example.com"


def _not_a_domain(value: Any) -> str | None:
    return None if is_address(f"somebody@{value}") else "is not a domain like mail.example.org"


def _not_an_address(value: Any) -> str | None:
    try:
        ip_address(value)
    except ValueError:
        return "is not an address in numbers like 192.168.1.5"
    return None


def _not_a_port(value: Any) -> str | None:
    return None if value <= 65535 else "is not a port, which go up to 65535"


def _not_a_label(value: Any) -> str | None:
    fits = re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value)
    return None if fits else "is not a name of small letters a to z, digits and hyphens, like clinic"


def _unknown_permission(value: Any) -> str | None:
    for wanted in value.values():
        for name in wanted:
            if name not in PERMISSIONS:
                close = difflib.get_close_matches(name, PERMISSIONS, 1)
                return f"has {name!r}, which is no permission" + (f" (did you mean {close[0]!r}?)" if close else "")
    return None


def _not_a_name(value: Any) -> str | None:
    fits = 0 < len(value.strip()) <= 80 and value.isprintable()
    return None if fits else "is not a name of one line and at most 80 letters"


def _not_a_minute(value: Any) -> str | None:
    return None if value <= 59 else "is not a minute from 0 to 59"


def _not(read: Callable[[str], object]) -> Callable[[Any], str | None]:
    """What is wrong with a text that `read` refuses with a ValueError in the words of the person who wrote it."""
    def check(value: Any) -> str | None:
        try:
            read(value)
        except ValueError as problem:
            return str(problem)
        return None
    return check


def _no_file(value: Any) -> str | None:
    return None if Path(value).is_file() else "is not a file"


def _not_a_scheduler(value: Any) -> str | None:
    name, colon, port = str(value).removeprefix("tls://").rpartition(":")
    fits = str(value).startswith("tls://") and name and colon and port.isdecimal()
    return None if fits else "is not an address like tls://10.0.0.5:8786"


def default_workers() -> int:
    """As many as this process may use cores."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_TABLE = (
    Directive("allow registration", "yes or no", False,
              "Whether anybody who reaches the sign-in page may make an account. Otherwise accounts are made by "
              "invitation."),
    Directive("appname", "text", PRODUCT,
              "The name of the office, or what else the appliance is to be called: in the titles of its pages, in its "
              "mails and in the names of backups.", check=_not_a_name),
    Directive("authorized registration domains", "text or list of texts", None,
              "Where people may make accounts, only those with an e-mail address at one of these domains may. Nobody "
              "checks that the address is theirs; it keeps mistakes out rather than people."),
    Directive("brandname", "text", None,
              "What stands at the top of the appliance's own pages. Unless told, `appname`.", check=_not_a_name),
    Directive("checkin interval", "whole number", 6000,
              "Milliseconds between two looks of the browser for news while its socket is down, and for "
              "interviews that check in. 0 switches this off.", minimum=1000, also=0),
    Directive("compute: certificates", "text", None,
              "The folder with what the appliance shows to the scheduler: `ca.pem`, `client.pem` and `client-key.pem`. "
              "`appliance compute certificates` makes it."),
    Directive("compute: scheduler", "text", None,
              "The scheduler of a Dask cluster elsewhere that runs the background tasks, like `tls://10.0.0.5:8786`. "
              "Unless told, they run on this computer.", check=_not_a_scheduler),
    Directive("compute: task memory limit", "whole number", 2048,
              "Megabytes that a background task may take before it is ended.", minimum=64),
    Directive("compute: task time limit", "number", 3600,
              "Seconds after which a background task is ended.", minimum=1),
    Directive("compute: workers", "whole number", None,
              "How many background tasks run at the same time. Unless told, as many as there are cores.", minimum=1),
    Directive("country", "text", "US", "The country of interviews that do not say theirs, as two letters."),
    Directive("currency symbol", "text", None,
              "What stands before amounts. Unless told, the symbol of the locale's currency."),
    Directive("dispatch", "texts by name", None,
              "The interviews that `interview_menu()` offers, by short names (also `/run/NAME`, `/start/NAME`), like "
              "`housing: docassemble.housing:data/questions/intake.yml`. Without it, all that are listed."),
    Directive("error notification email", "text or list of texts", None,
              "Where errors of interviews and of background tasks are mailed to: one address or several. The same "
              "error again is one mail each 15 minutes, with a count.", check=_not_mail_addresses),
    Directive("error notification variables", "yes or no", False,
              "Whether these mails also hold the error's message and traceback, which may quote what people typed."),
    Directive("exitpage", "text", None,
              "Where a person who leaves an interview is sent. Unless told, the list of interviews."),
    Directive("external hostname", "text", None,
              "A name, beside those of this computer itself, under which people reach the appliance."),
    Directive("incoming mail domain", "text", None,
              "What stands after the @ of the addresses that interviews give out, like `mail.example.org`. Unless "
              "told, `external hostname`, or this computer's name. `mail in: imap: address` goes before all of them.",
              check=_not_a_domain),
    Directive("interview delete days", "whole number", 90,
              "Days without a person after which a session of an interview is deleted with all that belongs to it. "
              "0 deletes none.", minimum=1, also=0),
    Directive("interview delete days by filename", "whole numbers by name", None,
              "The same for single interviews, like `docassemble.demo:data/questions/questions.yml: 5`.",
              check=_negative),
    Directive("interview delete days with events", "whole number", 0,
              "The same for sessions that wait for scheduled events: they allow cron, and their interview offers an "
              "event. 0 deletes none, so that a reminder finds its session; they leave by their own `exit`.",
              minimum=1, also=0),
    Directive("language", "text", "en", "The language of interviews that do not say theirs, as two letters."),
    Directive("locale", "text", None,
              "How numbers, amounts and dates are written, like `US.utf8`. Unless told, as in the United States."),
    Directive("mail in: imap: address", "text", None,
              "The address of the mailbox, like `clinic@example.org`. Interviews then give out addresses like "
              "`clinic+CODE@example.org`, which most providers put into that mailbox. Not needed where everything for "
              "`incoming mail domain` comes into it.", check=_not_one_mail_address),
    Directive("mail in: imap: certificates", "text", None,
              "A file (PEM) with the certificates to trust where the one of the mailbox's server is not signed by a "
              "known authority.", check=_no_file),
    Directive("mail in: imap: folder", "text", "INBOX", "The folder of the mailbox that mail is fetched from."),
    Directive("mail in: imap: host", "text", None,
              "The server with a mailbox from which mail to interviews is fetched (IMAP). Unless told, none."),
    Directive("mail in: imap: password", "text", None, "The password that goes with the user name.", secret=True),
    Directive("mail in: imap: port", "whole number", None,
              "The port of the mailbox's server. Unless told, 993 with `use ssl`, else 143.", minimum=1),
    Directive("mail in: imap: use ssl", "yes or no", True,
              "Whether the connection to the mailbox is encrypted from its beginning."),
    Directive("mail in: imap: use tls", "yes or no", True,
              "Without `use ssl`: whether the connection is encrypted by STARTTLS before the password is said. It is "
              "not said to a server that cannot do this."),
    Directive("mail in: imap: user", "text", None, "The user name of the mailbox. Unless told, its address."),
    Directive("mail in: smtp: certificate", "text", None,
              "A file (PEM) with the certificate that is shown to those who bring mail, and its chain. Unless told, "
              "the appliance makes and renews one.", check=_no_file),
    Directive("mail in: smtp: certificate key", "text", None,
              "A file (PEM) with the key of that certificate. Unless told, it is in the same file.", check=_no_file),
    Directive("mail in: smtp: host", "text", "127.0.0.1",
              "The address of this computer on which mail is taken; `0.0.0.0` for all of them."),
    Directive("mail in: smtp: maximum size", "whole number", 48 * 1024 * 1024,
              "The greatest size of a mail that is taken, in bytes, also from a mailbox. Attachments are a third "
              "larger on their way.", minimum=64 * 1024),
    Directive("mail in: smtp: port", "whole number", None,
              "The port on which mail is taken (SMTP, with STARTTLS). Unless told, none.", minimum=1),
    Directive("mail in: smtp: tls port", "whole number", None,
              "A port on which mail is taken over connections that are encrypted from their beginning. Unless told, "
              "none.", minimum=1),
    Directive("mail: certificates", "text", None,
              "A file (PEM) with the certificates to trust where the mail server's is not signed by a known authority, "
              "as in an office with its own.", check=_no_file),
    Directive("mail: default sender", "text", None,
              'Who mail comes from where nothing else is said, like `"Housing Clinic" <clinic@example.com>`.',
              check=_not_mail_addresses),
    Directive("mail: maximum size", "whole number", 25,
              "Megabytes that a mail with its attachments may have; what is larger is not sent. Few mail servers take "
              "more than 25.", minimum=1),
    Directive("mail: name", "text", None,
              "What interviews call this mail server (`config` of `send_email()`), where there are several; the first "
              "is the one they use unless they name one. See above the table."),
    Directive("mail: password", "text", None, "The password that goes with the user name.", secret=True),
    Directive("mail: port", "whole number", None,
              "The mail server's port. Unless told, 465 with `use ssl`, else 25.", minimum=1),
    Directive("mail: server", "text", None,
              "The name of the mail server that takes outgoing mail. Unless told, mail waits in the outbox."),
    Directive("mail: use ssl", "yes or no", False,
              "Whether the connection to the mail server is encrypted from its beginning."),
    Directive("mail: use tls", "yes or no", True,
              "Whether the connection to the mail server is encrypted by STARTTLS before anything is said. Nothing is "
              "sent to a server that cannot do this."),
    Directive("mail: username", "text", None, "The user name for the mail server, where it asks for one."),
    Directive("maximum content length", "whole number", 16 * 1024 * 1024,
              "The greatest size of what a browser may send at once, in bytes.", minimum=1024),
    Directive("network: certificate", "text", None,
              "A file (PEM) with a certificate of your own for the network, and its chain. Unless told, the appliance "
              "makes and renews one, of an authority of its own that devices can be told to trust.", check=_no_file),
    Directive("network: certificate key", "text", None,
              "A file (PEM) with the key of that certificate. Unless told, it is in the same file.", check=_no_file),
    Directive("network: host", "text", None,
              "The address of this computer on which others reach it, where it has several and only one is meant. "
              "Unless told, all of them.", check=_not_an_address),
    Directive("network: name", "text", "interviews",
              "The appliance's name on the network: with `interviews` it can be reached as `interviews.local`.",
              check=_not_a_label),
    Directive("network: port", "whole number", 8443,
              "The port on which other computers reach the appliance while it is shared.", minimum=1,
              check=_not_a_port),
    Directive("network: share", "yes or no", False,
              "Whether other computers on the network can reach the appliance from each start on. Otherwise only "
              "from when somebody says so on the Network page, until the appliance is closed."),
    Directive("ocr dpi", "whole number", 300,
              "How finely pages of PDF files are drawn before their text is read, in dots per inch.", minimum=50),
    Directive("ocr languages", "texts by name", None,
              "Tesseract's languages for codes of languages where another one is to be used, like `zh: chi-sim`."),
    Directive("pagination limit", "whole number", 100,
              "How many sessions `interview_list()` gives at once.", minimum=1),
    Directive("permissions", "lists of texts by name", None,
              "What privileges permit besides the usual, for the code of interviews, like `intake: [create_user]`. The "
              "names are those of docassemble: " + ", ".join(f"`{name}`" for name in PERMISSIONS) + ".",
              check=_unknown_permission),
    Directive("public interviews", "text or list of texts", None,
              "Interviews that anybody on the network may run without signing in, like "
              "`docassemble.housing:data/questions/intake.yml`; `*` stands for anything. At this computer itself "
              "anybody may run every interview."),
    Directive("schedule: daily", "time", "06:25",
              "The time of day of the event `cron_daily`, like `18:30`. What was missed runs once at the next start.",
              check=_not(time_of_day)),
    Directive("schedule: hourly", "whole number", 17, "The minute of each hour of the event `cron_hourly`.",
              minimum=0, check=_not_a_minute),
    Directive("schedule: monthly", "time", "1 06:52",
              "The day of the month and the time of the event `cron_monthly`. A month that is too short has it on its "
              "last day, so `31 18:00` is the last day of each month.", check=_not(monthly_time)),
    Directive("schedule: weekly", "time", "Sunday 06:47",
              "The day of the week, in English, and the time of the event `cron_weekly`.", check=_not(weekly_time)),
    Directive("session lifetime seconds", "whole number", 31 * 24 * 3600,
              "Seconds after which a browser forgets which interviews were its own.", minimum=60),
    Directive("show login", "yes or no", True,
              "Whether the menu of interviews offers to sign in and out, where the interview's metadata do not say."),
    Directive("suppress error notificiations", "list of texts", None,
              "Types of errors that are not mailed, like `ZeroDivisionError`. docassemble spells the name so."),
    Directive("tesseract", "text", None,
              "The program Tesseract, which reads text from images. Unless told, it is found where systems have it."),
    Directive("timezone", "text", None,
              "The time zone that dates and times are in where an interview does not say, like `America/New_York`. "
              "Unless told, this computer's.", check=_unknown_timezone),
    Directive("turn time limit", "number", 60,
              "Seconds that the code of an interview may take between two screens.", minimum=1),
    Directive("url root", "text", None,
              "The address under which people reach the appliance, for links in documents and mails. Unless told, "
              "the one they came by.", check=_not_a_web_address),
    Directive("user auto delete: delete shared", "yes or no", False,
              "Whether sessions that others can open too (`multi_user`) are deleted with the account that began them."),
    Directive("user auto delete: enable", "yes or no", False,
              "Whether accounts that nobody uses are deleted, with their sessions."),
    Directive("user auto delete: inactive days", "whole number", 730,
              "Days without a sign-in or an answered screen after which an account counts as one that nobody uses.",
              minimum=1),
    Directive("user auto delete: privileges", "text or list of texts", "user",
              "Accounts are deleted only if they have no privilege beside these."),
    Directive("user can delete account", "yes or no", True,
              "Whether people may delete their own account, with the interviews that only it opens."),
)

DIRECTIVES: dict[str, Directive] = {directive.name: directive for directive in _TABLE}
"""Every directive by its name, in the order of the alphabet."""


class Settings:
    """What ``config.yml`` says, over the defaults of the table.

    :param values: directive names with their values, checked by :func:`load`.
    :param several: of a group that is there several times: the same of each; those of the first are the group's own.
    """

    def __init__(self, values: dict[str, Any] | None = None,
                 several: dict[str, list[dict[str, Any]]] | None = None) -> None:
        values, self._several = values or {}, several or {}
        for groups in self._several.values():
            values = values | groups[0]
        for name in values:
            if name not in DIRECTIVES:
                raise KeyError(name)
        self._values = {name: directive.default for name, directive in DIRECTIVES.items()} | values
        if self._values["compute: workers"] is None:
            self._values["compute: workers"] = default_workers()

    def __getitem__(self, name: str) -> Any:
        """The value of a directive.

        :raises KeyError: if there is no directive of that name.
        """
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a directive; `default` if nothing is set or there is no such name. What ``get_config()`` asks.

        The name of a whole group (``compute``) gives a dictionary, as in docassemble, or a list of these where it is
        there several times (``mail``).
        """
        if name in self._several:
            return self._groups(name)
        if name in self._values:
            value = self._values[name]
            return default if value is None else value
        group = {key.removeprefix(f"{name}: "): value
                 for key, value in self._values.items() if key.startswith(f"{name}: ")}
        return group or default

    def change(self, name: str, value: Any) -> None:
        """Give a directive another value for those who ask from now on; None for its default. Others keep what they
        asked for, so this is for directives that are asked for each time.

        :raises KeyError: if there is no directive of that name.
        """
        self._values = self._values | {name: DIRECTIVES[name].default if value is None else value}

    def as_dict(self) -> dict[str, Any]:
        """All values by name, but for the secret ones, for a task that travels."""
        several = {name: self._groups(name, secret=False) for name in self._several}
        return {name: value for name, value in self._values.items() if not DIRECTIVES[name].secret} | several

    def _groups(self, name: str, *, secret: bool = True) -> list[dict[str, Any]]:
        directives = [one for one in DIRECTIVES.values()
                      if one.name.startswith(f"{name}: ") and (secret or not one.secret)]
        return [{one.name.removeprefix(f"{name}: "): values.get(one.name, one.default) for one in directives}
                for values in self._several[name]]


def load(path: Path) -> Settings:
    """The settings in the file `path`; the defaults if there is no such file.

    :raises BadConfiguration: naming file, line and what to write instead.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadConfiguration(f"{path} cannot be read: {problem}") from problem
    try:
        check_limits(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise BadConfiguration(f"{path}, line {line}: this is not YAML: {problem.problem}") from problem
    except yaml.YAMLError as problem:
        raise BadConfiguration(f"{path} is not YAML: {problem}") from problem
    if root is None or root.tag == "tag:yaml.org,2002:null":
        return Settings()
    several: dict[str, list[dict[str, Any]]] = {}
    values = _read(root, "", path, several)
    return Settings(values, several)


def _read(node: yaml.Node, prefix: str, path: Path, several: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, line, value in _leaves(node, prefix, path):
        if name in values or name in several:
            raise BadConfiguration(f"{path}, line {line}: '{name}' is there twice.")
        if name in DIRECTIVES:
            values[name] = _value(DIRECTIVES[name], value, f"{path}, line {line}")
        elif value.value:
            several[name] = [_read(one, f"{name}: ", path, {}) for one in value.value]
            _check_names(several[name], value, name, path)
    twice = [name for name in several if any(one.startswith(f"{name}: ") for one in values)]
    if twice:
        raise BadConfiguration(f"{path}: '{twice[0]}' is there twice.")
    return values


def _check_names(groups: list[dict[str, Any]], node: yaml.Node, name: str, path: Path) -> None:
    """They are told apart by their names; the first needs none."""
    names: set[str] = set()
    for values, one in zip(groups, node.value, strict=True):
        called, where = values.get(f"{name}: name", ""), f"{path}, line {one.start_mark.line + 1}"
        if not called and names:
            raise BadConfiguration(f"{where}: each of '{name}' but the first needs a line like 'name: court'.")
        if called in names:
            raise BadConfiguration(f"{where}: there are two of '{name}' with the name '{called}'.")
        names.add(called)


def _leaves(node: yaml.Node, prefix: str, path: Path) -> Iterator[tuple[str, int, yaml.Node]]:
    """The directives in a mapping, with line and value; groups are gone into."""
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1
        what = f"'{prefix.removesuffix(': ')}'" if prefix else "the configuration"
        raise BadConfiguration(f"{path}, line {line}: {what} must be made of lines like 'timezone: Europe/Paris'.")
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        if name in DIRECTIVES or (f"{name}: name" in DIRECTIVES and isinstance(value, yaml.SequenceNode)):
            yield name, key.start_mark.line + 1, value
        elif any(known.startswith(f"{name}: ") for known in DIRECTIVES):
            yield from _leaves(value, f"{name}: ", path)
        else:
            close = difflib.get_close_matches(name, DIRECTIVES, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else "."
            raise BadConfiguration(f"{path}, line {key.start_mark.line + 1}: '{name}' is not a directive{hint}")


def _value(directive: Directive, node: yaml.Node, where: str) -> Any:
    """The value of one directive, checked against its kind."""
    # As it is written: YAML takes 18:30 for a number to the base of sixty.
    as_written = directive.kind == "time" and isinstance(node, yaml.ScalarNode)
    value = node.value if as_written else _plain(node)
    problem = mistake(directive, value)
    if problem is not None:
        raise BadConfiguration(f"{where}: '{directive.name}' {problem}.")
    return value


def _plain(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    finally:
        loader.dispose()


_FITS: dict[Kind, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "a text"),
    "time": (lambda value: isinstance(value, str), "a time"),
    "whole number": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "number": (lambda value: isinstance(value, int | float) and not isinstance(value, bool), "a number"),
    "yes or no": (lambda value: isinstance(value, bool), "True or False"),
    "list of texts": (lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
                      "a list of texts"),
    "text or list of texts": (lambda value: isinstance(value, str) or _FITS["list of texts"][0](value),
                              "a text or a list of texts"),
    "texts by name": (lambda value: isinstance(value, dict) and all(isinstance(item, str) for pair in value.items()
                                                                    for item in pair),
                      "lines like 'name: text'"),
    "lists of texts by name": (lambda value: isinstance(value, dict) and all(
        isinstance(name, str) and _FITS["list of texts"][0](texts) for name, texts in value.items()),
                               "lines like 'name: [text, text]'"),
    "whole numbers by name": (lambda value: isinstance(value, dict) and all(
        isinstance(name, str) and _FITS["whole number"][0](number) for name, number in value.items()),
                              "lines like 'name: 5'"),
}


def mistake(directive: Directive, value: Any) -> str | None:
    """What is wrong with `value`, as the end of a sentence that begins with the directive's name."""
    fits, words = _FITS[directive.kind]
    if not fits(value):
        return f"must be {words}, in quotes" if directive.secret else f"must be {words}, not {value!r}"
    if directive.minimum is not None and value < directive.minimum and value != directive.also:
        unless = "" if directive.also is None else f", or {directive.also:g}"
        return f"must be at least {directive.minimum:g}{unless}, not {value!r}"
    if directive.check is not None:
        words_or_none = directive.check(value)
        return None if words_or_none is None else f"{words_or_none}: {value!r}"
    return None


def reference() -> str:
    """``docs/configuration.md``: the table in the words of its reader."""
    lines = [
        "# Configuration",
        "",
        "The file `config.yml` in the data folder. Without it, everything has its default. A name that is not in this",
        "list is an error when the appliance starts, with the line and the likeliest meaning. Names with a colon are",
        "written as a group:",
        "",
        "    compute:",
        "      workers: 3",
        "    timezone: Europe/Paris",
        "",
        "Where there are several mail servers, `mail` is a list:",
        "",
        "    mail:",
        "      - server: smtp.example.com",
        "        default sender: clinic@example.com",
        "      - name: court",
        "        server: smtp.example.org",
        "        default sender: filings@example.com",
        "",
        "| directive | what it takes | default | what it does |",
        "|---|---|---|---|",
    ]
    for directive in DIRECTIVES.values():
        default = "" if directive.default is None else f"`{directive.default}`"
        lines.append(f"| `{directive.name}` | {directive.kind} | {default} | {directive.help} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
