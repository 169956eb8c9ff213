"""E-mail recipients: what they are called, and how lists of them are gathered."""

from __future__ import annotations

import pytest

from appliance.library.email import DAEmailRecipient, DAEmailRecipientList
from tests.interview.talk import Talk
from tests.library.fakes import FakeEvaluation, asked, running

GATHERED = """
objects:
  - recipient: DAEmailRecipientList.using(there_are_any=True)
---
mandatory: True
question: To whom?
subquestion: |
  % for one in recipient:
  * ${ one.email_address() }
  % endfor
---
question: The ${ ordinal(i) } address?
fields:
  - E-mail: recipient[i].address
    datatype: email
---
question: One more?
yesno: recipient.there_is_another
"""


@pytest.mark.parametrize(("attributes", "include_name", "expected"), [
    ({"address": "fred@example.com"}, None, "fred@example.com"),
    ({"address": "fred@example.com", "name": "Fred Smith"}, None, "Fred Smith <fred@example.com>"),
    ({"address": "fred@example.com", "name": "Smith, Fred"}, None, '"Smith, Fred" <fred@example.com>'),
    ({"address": "fred@example.com", "name": ""}, None, "fred@example.com"),
    ({"address": "fred@example.com", "name": "Fred Smith"}, False, "fred@example.com"),
])
def test_email_address(attributes: dict[str, str], include_name: bool | None, expected: str) -> None:
    """The standard form, with the name where there is one and it is wanted."""
    recipient = DAEmailRecipient("recipient", **attributes)
    assert recipient.email_address(include_name=include_name) == expected


def test_the_name_is_asked_for_only_where_it_is_wanted() -> None:
    """``include_name=True`` seeks it; what a recipient shows seeks the address alone."""
    with running() as evaluation:
        evaluation.answers["recipient"] = recipient = DAEmailRecipient("recipient")
        assert not recipient.exists()
        assert asked(evaluation, lambda: str(recipient), {"recipient.address": ["fred@example.com"]}) == [
            "recipient.address"]
        assert recipient.exists()
        assert asked(evaluation, lambda: recipient.email_address(include_name=True), {"recipient.name": ["Fred"]}) == [
            "recipient.name"]
        assert str(recipient) == "Fred <fred@example.com>"


def test_a_list_makes_recipients_and_gathers_their_addresses() -> None:
    """As the documentation's example does, with ``there_are_any`` given."""
    evaluation = FakeEvaluation()
    with running(evaluation):
        evaluation.answers["recipient"] = recipients = DAEmailRecipientList("recipient", there_are_any=True)
        names = asked(evaluation, recipients.gather, {
            "recipient[0].address": ["a@example.com"], "recipient[1].address": ["b@example.com"],
            "recipient.there_is_another": [True, False]})
        assert names == ["recipient[0].address", "recipient.there_is_another", "recipient[1].address",
                         "recipient.there_is_another"]
        assert str(recipients) == "a@example.com and b@example.com"
        assert isinstance(recipients[1], DAEmailRecipient)


def test_a_list_in_an_interview() -> None:
    """Screen by screen, through bytes each time; an address without an @ is refused."""
    talk = Talk(GATHERED)
    assert talk.question == "The first address?"
    talk.post({talk.screen.fields[0].html_name: ["nobody"]})
    assert talk.errors
    talk.post({talk.screen.fields[0].html_name: ["a@example.com"]})
    assert talk.question == "One more?"
    talk.post({}, "Yes")
    assert talk.question == "The second address?"
    talk.post({talk.screen.fields[0].html_name: ["b@example.com"]})
    talk.post({}, "No")
    assert talk.question == "To whom?"
    assert "a@example.com" in talk.screen.subquestion_html
    assert "b@example.com" in talk.screen.subquestion_html
