"""Mail to an interview of a real appliance, whose action runs on a real worker."""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from tests.support.client import Client
from tests.support.packages import make_package
from tests.support.process import Appliance, free_port

INTERVIEW = "docassemble.letters:data/questions/main.yml"

# As the documentation of docassemble has it, and what a task may ask for.
TEXT = """
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
question: Send an e-mail to ${ interview_email(key='letters') }
buttons:
  - Refresh: refresh
---
event: all_done
question: "It was: ${ email.subject }"
subquestion: |
  From ${ email.from_address }.
  Text: ${ email.body_text.slurp() }
  HTML: ${ email.body_html.slurp() }
  % for one in email.attachment:
  * ${ one.filename } (${ one.mimetype }) ${ one.size_in_bytes() } bytes
  % endfor
  The task saw ${ seen } and got ${ address }, which is ${ interview_email(key='more') }.
---
event: incoming_email
code: |
  email = action_argument('email')
  seen = [mail.attachment[0].slurp() for item in get_emails(key='letters') for mail in item.emails]
  background_response_action('save_email', email=email, seen=seen[0] + email.attachment[0].slurp(),
                             address=interview_email(key='more'))
---
event: save_email
code: |
  email = action_argument('email')
  seen = action_argument('seen')
  address = action_argument('address')
  background_response()
"""


def a_letter(address: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = "Zoë Lord <zoe@example.com>"
    letter["To"] = address
    letter["Subject"] = "Grüße & <b>Küsse</b>"
    letter.set_content("You must leave.\n")
    letter.add_alternative("<p>You <b>must</b> leave.</p>", subtype="html")
    letter.add_attachment("the notice", filename="Kündigung.txt")
    return letter


def test_a_letter_from_the_network_to_the_screen(new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """Over SMTP to the session, from there to a worker, which asks for mail and files, and to the person's screen."""
    appliance, port = new_appliance(), free_port()
    (appliance.data / "config.yml").write_text(
        f"incoming mail domain: mail.example.org\nmail in:\n  smtp:\n    port: {port}\n", encoding="utf-8")
    appliance.command("install", str(make_package(tmp_path, "letters", {"main.yml": TEXT})))
    appliance.start()
    client = Client(appliance.url)
    page = client.start(INTERVIEW)
    [address] = re.findall(r"[a-z]{6}@mail\.example\.org", page.question)
    with smtplib.SMTP("127.0.0.1", port) as peer:
        assert peer.send_message(a_letter(address)) == {}
    end = time.monotonic() + 60
    while not page.question.startswith("It was") and time.monotonic() < end:
        page = client.resume(INTERVIEW)
    assert page.question == "It was: Grüße & <b>Küsse</b>"
    text = " ".join(page.text.split())
    assert "From Zoë Lord zoe@example.com." in text
    assert "Text: You must leave. HTML: You must leave." in text
    assert "Kündigung.txt (text/plain) 12 bytes" in text
    found = re.search(r"The task saw the notice the notice and got (\S+), which is (\S+)\.", text)
    assert found is not None
    assert found[1] == found[2] != address
    client.http.close()
