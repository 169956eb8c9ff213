"""Mail comes to sessions: addresses, delivery, and the action it starts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from appliance.mail.incoming import MailIn
from appliance.sessions.files import ServedFile
from tests.sessions.house import ANN, BOB, House, run, screen_of

SETTINGS = {"incoming mail domain": "mail.example.org", "timezone": "Europe/Berlin"}

SHARED = """
metadata:
  title: Mail
---
mandatory: True
code: |
  multi_user = True
  email = None
---
mandatory: True
code: |
  if email is None:
    waiting_screen
  else:
    all_done
---
event: waiting_screen
question: Send to ${ interview_email() }
buttons:
  - Refresh: refresh
---
event: all_done
question: "Subject: ${ email.subject }"
subquestion: |
  From ${ email.from_address } to ${ email.to_address }, ${ email.datetime_message }.
  % if email.body_text:
  ${ email.body_text.slurp() }
  % endif
  % if len(email.attachment):
  ${ email.attachment[0].filename } ${ email.attachment[0].slurp() }
  % endif
---
event: incoming_email
code: |
  background_response_action('save_email', email=action_argument('email'))
---
event: save_email
code: |
  email = action_argument('email')
  background_response()
"""

PRIVATE = """
mandatory: True
question: Send to ${ interview_email() } or ${ interview_email(key='evidence', index=2) }
subquestion: |
  % for item in get_emails():
  ${ item } ${ item.key } ${ item.index }: ${ '; '.join(m.subject for m in item.emails) }
  % endfor
  % for item in get_emails(key='evidence'):
  % for mail in item.emails:
  FILES ${ ', '.join(str(f.number) + ' ' + f.filename for f in mail.attachment) } ${ mail.body_text.slurp() }
  % endfor
  % endfor
buttons:
  - Refresh: refresh
"""

MESSAGE = (b"From: Fred Lord <fred@example.com>\r\nTo: x@mail.example.org\r\nSubject: Notice\r\n"
           b"Date: Mon, 23 Nov 2026 23:30:00 +0000\r\nMIME-Version: 1.0\r\n"
           b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYou must leave.\r\n"
           b"--b\r\nContent-Type: text/plain; name=notice.txt\r\nContent-Disposition: attachment; filename=notice.txt"
           b"\r\n\r\nthe notice\r\n--b--\r\n")


def mail_in(house: House) -> MailIn:
    return MailIn(house.store, house.key, house.turns, SETTINGS.get)


def address_in(reply: Any) -> str:
    return next(word for word in screen_of(reply).question_text.split() if "@" in word)


def test_a_mail_reaches_the_interview(tmp_path: Path) -> None:
    """From the bytes to the screen: the action runs as a task, and its response action saves what came."""
    async def test(house: House) -> None:
        post = mail_in(house)
        reply = await house.begin()
        address = address_in(reply)
        assert await post.knows(address) and await post.knows(address.upper())
        assert not await post.knows("bbbbbb@mail.example.org") and not await post.knows(f"{address}.uk")
        [reception] = await post.receive(MESSAGE, [address], "fred@example.com", "smtp")
        assert reception.outcome == "taken"
        await post.delivered()
        assert house.queued == 1
        await house.work()
        reply = await house.turns.refresh(reply.session_id, ANN)
        assert screen_of(reply).question_text == "Subject: Notice"
        text = screen_of(reply).subquestion_html
        assert "You must leave." in text and "notice.txt the notice" in text and "November 24, 2026" in text
    run(tmp_path, test, SHARED, settings=SETTINGS)
