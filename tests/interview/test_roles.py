"""Interviews for several people: who may answer which question, and what the others see meanwhile."""

from __future__ import annotations

import pytest

from appliance.interview.errors import InterviewError
from appliance.interview.host import UserInfo
from appliance.interview.turn import Action, Refresh, SendMail
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost
from tests.support.two_roles import OPINION

ADVOCATE = UserInfo(7, "ann@example.com", privileges=("advocate",))
CLIENT = UserInfo()


def test_each_person_gets_their_own_questions() -> None:
    """A question without a role is the default role's; what somebody else is to answer shows role_event instead."""
    talk = Talk(OPINION, host=MemoryHost(user=ADVOCATE))
    assert talk.question == "Waiting for the client"
    talk.host.user = CLIENT
    talk.turn(Refresh())
    assert talk.question == "What happened?"
    talk.submit(facts="A dog bit me")
    assert talk.question == "Waiting for the advocate"
    talk.host.user = ADVOCATE
    talk.turn(Refresh())
    assert talk.question == "ann@example.com, what do you think of “A dog bit me”?"
    talk.submit(opinion="sue")
    assert talk.question == "The opinion is sue"
    talk.host.user = CLIENT
    talk.turn(Refresh())
    assert talk.question == "The opinion is sue"


def test_mandatory_questions_and_actions_wait_for_their_people_too() -> None:
    """Neither a mandatory question nor an action shows a question to somebody else."""
    talk = Talk("""
        default role: client
        code: |
          role = 'client'
        ---
        mandatory: True
        role: advocate
        question: For the advocate
        field: agreed
        ---
        event: role_event
        question: Not now
        ---
        event: notes
        role: judge
        question: Notes
        """)
    assert talk.question == "Not now"
    assert talk.answers["role_needed"] == ["advocate"]
    talk.turn(Action("notes"))
    assert talk.question == "Not now"
    assert talk.answers["role_needed"] == ["judge"]


def test_of_two_questions_for_one_variable_each_role_gets_its_own() -> None:
    """A question for somebody else is passed over as long as another one may be asked."""
    text = """
        code: |
          role = 'advocate' if user_has_privilege('advocate') else 'client'
        initial: True
        ---
        question: How much do you want?
        role: client
        fields:
          - Sum: amount
        ---
        question: How much does the client want?
        role: advocate
        fields:
          - Sum: amount
        ---
        mandatory: True
        question: It is ${ amount }
        """
    assert Talk(text, host=MemoryHost(user=CLIENT)).question == "How much do you want?"
    assert Talk(text, host=MemoryHost(user=ADVOCATE)).question == "How much does the client want?"


def test_without_words_for_those_who_wait_the_error_names_the_question() -> None:
    """An interview that has no role_event says so, and where the question stands that nobody here may answer."""
    with pytest.raises(InterviewError, match=r"for somebody else \(judge\).*role_event") as caught:
        Talk("""
            mandatory: True
            role: judge
            question: Guilty?
            """)
    assert caught.value.where == "tests:data/questions/main.yml, line 2"


def test_a_question_inside_an_option_is_for_the_same_people() -> None:
    """What follows an option of a question is for those whom the question itself is for."""
    talk = Talk("""
        default role: client
        code: |
          role = 'advocate'
        ---
        mandatory: True
        role: advocate
        question: Do you take the case?
        buttons:
          - "Yes":
              question: Thank you
          - "No": exit
        """)
    talk.submit(button="Yes")
    assert talk.question == "Thank you"


def test_whose_turn_it_is_gets_a_mail_once() -> None:
    """RoleChangeTracker tells each person when the interview begins to need them, however often it is looked at."""
    talk = Talk("""
        objects:
          - tracker: RoleChangeTracker
          - advocate: Individual
        ---
        default role: client
        code: |
          role = 'advocate' if user_has_privilege('advocate') else 'client'
        ---
        mandatory: True
        code: |
          advocate.email = 'ann@example.com'
          opinion
        ---
        role: advocate
        question: Your opinion?
        fields:
          - Opinion: opinion
        ---
        template: letter
        subject: Your turn
        content: Please come.
        ---
        event: role_event
        question: Not now
        subquestion: |
          % if tracker.send_email(role_needed, advocate={'to': advocate, 'email': letter}):
          We told your advocate.
          % endif
        """)
    assert "We told" in talk.screen.subquestion_html
    assert talk.outcome is not None
    [mail] = talk.outcome.effects
    assert isinstance(mail, SendMail)
    assert mail.recipients == ("ann@example.com",)
    talk.turn(Refresh())
    assert "We told" in talk.screen.subquestion_html
    assert talk.outcome.effects == []
