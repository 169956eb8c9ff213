"""The interview that packages are tried with: a background task with a document, a mail that comes, and an event."""

from __future__ import annotations

import zipfile
from pathlib import Path

__all__ = ["CONFIGURATION", "INTERVIEW", "write_package"]

INTERVIEW = "docassemble.packagetest:data/questions/main.yml"

CONFIGURATION = """\
incoming mail domain: mail.example.org
mail in:
  smtp:
    port: {port}
"""

_TEXT = """\
modules:
  - .helpers
---
mandatory: True
code: |
  multi_user = True
  allow_cron = True
  task = None
  letter = None
  wakings = 0
---
mandatory: True
code: |
  client
  if task is None:
    task = background_action('compute')
  if not task.ready():
    still_waiting
  if letter is None:
    letter_wanted
  if wakings == 0:
    event_wanted
  the_end
---
question: Who are you?
fields:
  - Name: client
---
event: compute
code: |
  background_response_action('keep', text=signature(client), pages=paper.pdf.num_pages())
---
event: keep
code: |
  text = action_argument('text')
  pages = action_argument('pages')
  background_response()
---
attachment:
  name: A paper
  filename: paper
  variable name: paper
  valid formats:
    - pdf
  content: |
    # For ${ client }

    Grüße, 你好, سلام.
---
event: still_waiting
question: The task is running
reload: 2
---
event: letter_wanted
question: Write to ${ interview_email(key='letters') }
---
event: incoming_email
code: |
  background_response_action('keep_letter', subject=action_argument('email').subject)
---
event: keep_letter
code: |
  letter = action_argument('subject')
  background_response()
---
event: event_wanted
question: "The mail was: ${ letter }"
---
event: cron_daily
code: |
  wakings += 1
  response(f'woke up {wakings}')
---
event: the_end
question: All is done
subquestion: |
  ${ text }, ${ pages } page, woken up ${ wakings } time.
attachment code: paper
"""

# What authors' modules do: import from the standard library, from packages that we carry, and run another module.
_HELPERS = '''\
import sqlite3
import xml.dom.minidom
from zoneinfo import ZoneInfo

import docx
import us
from babel.dates import get_month_names
from docassemble.base.util import DAObject, run_python_module

__all__ = ["signature"]


def signature(name):
    """Shows that what is imported works."""
    words, status = run_python_module("hello.py", [name])
    assert status == 0, words
    assert ZoneInfo("US/Eastern") and us.states.lookup("MA") and docx.Document()
    return f"{words.strip()} in {get_month_names(locale='fr')[8]} with {sqlite3.connect(':memory:').total_changes}"
'''

_HELLO = """\
import sys

from docassemble.base.util import DAObject

print(f"Hello {sys.argv[1]}")
"""


def write_package(file: Path) -> None:
    """The package as authors share it: a zip file."""
    below = "docassemble-packagetest-main"
    setup = ("from setuptools import setup\nsetup(name='docassemble.packagetest', version='1.0.0', "
             "packages=['docassemble.packagetest'])\n")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(f"{below}/setup.py", setup)
        folder = f"{below}/docassemble/packagetest"
        package.writestr(f"{folder}/__init__.py", "__version__ = '1.0.0'\n")
        package.writestr(f"{folder}/helpers.py", _HELPERS)
        package.writestr(f"{folder}/hello.py", _HELLO)
        package.writestr(f"{folder}/data/questions/main.yml", _TEXT)
