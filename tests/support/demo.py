"""One tenant's way through the demo interview, as data: browsers, clients and fault tests all walk it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.support.client import Answer

__all__ = ["FACTS_OF_THE_ANSWER", "FILED", "FILING_STEP", "FINAL_QUESTION", "LAST_STEP", "STEPS", "WAITING_QUESTION",
           "Step", "served_on"]


@dataclass(frozen=True)
class Step:
    """A screen, recognised by how its question begins; what is filled in, by label; the button."""

    question: str
    answers: Mapping[str, Answer] = field(default_factory=dict)
    press: str = "Continue"


def served_on() -> date:
    """The day on which the papers came: two days ago, so that the deadline is still ahead."""
    return date.today() - timedelta(days=2)  # noqa: DTZ011 - the person's own calendar


STEPS = (
    Step("Let us answer your eviction case together"),
    Step("What is your name?", {"First name": "Robin", "Last name": "Sample", "How many people live with you?": "2",
                                "Email": "robin@example.com"}),
    Step("Where is your home, Robin?", {"Street and number": "12 Orchard Lane", "Apartment": "3B", "City": "Sampleton",
                                        "State": "Example State", "Zip code": "00012"}),
    Step("Who is your landlord?", {"Name of the landlord": "Hilltop Homes", "The landlord is": "A company"}),
    Step("What is the case about?", {"": "Rent that I did not pay"}),
    Step("When and how did you get the court papers?",
         {"Day you got them": served_on().isoformat(), "How you got them": "They came by mail only",
          "Number of the case, if you see one": "LT-000777"}),
    Step("Your answer is due by"),
    Step("About the rent", {"Rent for one month": "950", "Amount the landlord asks for": "2850",
                            "Is this amount right?": "No", "How much do you think you owe?": "1900"}),
    Step("Which of these things happened?",
         {"What happened": ["I paid some or all of the rent they ask for", "My home needs repairs"],
          "Is there anything else the court should know?": "We have always been good neighbors."}),
    Step("Tell the court about the repairs",
         {"What is broken, and since when?": "Rain comes through the kitchen ceiling since March.",
          "Did you tell the landlord?": "Yes", "How did you tell the landlord?": ["By letter"]}),
    Step("Which court sent you the papers?", {"Court": "Town Court of Sampleton"}),
    Step("Is there a day for a hearing?", {"Do the papers name a day in court?": "No"}),
    Step("What would help you in court?",
         {"Do you want an interpreter?": "No",
          "What do you ask the court for?": ["To end this case and let me stay", "An order that repairs are made"],
          "How sure are you that you can come?": "I will come"}),
)

WAITING_QUESTION = "One moment, Robin"

LAST_STEP = Step("We found reasons that may help you", {"Put these into my answer": [
    "The amount is wrong", "The rent was paid", "The home needs repairs"]})

FINAL_QUESTION = "Your answer is ready, Robin"

FILED = "I have filed my answer"
"""The button of the last screen that leads to the filing, and to a reminder."""

FILING_STEP = Step("When did you file your answer?", {
    "Day you filed it": served_on().isoformat(), "Send me a reminder by email": "Yes"})

FACTS_OF_THE_ANSWER = (
    "Hilltop Homes", "Robin Sample", "12 Orchard Lane", "LT-000777", "Town Court of Sampleton", "2 other people",
    "$950.00", "$2,850.00", "$1,900.00", "The landlord asks for more rent than I owe.",
    "Rain comes through the kitchen ceiling since March.", "We have always been good neighbors.",
    "end this case and let me stay in my home and order the landlord to make the repairs",
)
"""What the last screen must show: something of every screen before it."""
