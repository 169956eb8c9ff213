"""How objects speak of themselves: pronouns, possessives and questions, by point of view.

The points of view are ``1`` (I), ``2`` (you), ``3`` (the name of the object), and their plurals ``1p``, ``2p``, ``3p``.
The words pass through ``word()``, so a translation of *are you*, *his* … in a word collection is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.library.languages import word

__all__ = ["Pronouns", "Spoken", "capitalized", "point_of", "pronouns"]


@dataclass(frozen=True)
class Pronouns:
    subjective: str
    objective: str
    possessive: str
    reflexive: str


_BY_POINT = {
    "1": Pronouns("I", "me", "my", "myself"),
    "1p": Pronouns("we", "us", "our", "ourselves"),
    "2": Pronouns("you", "you", "your", "yourself"),
    "2p": Pronouns("you", "you", "your", "yourselves"),
    "3p": Pronouns("they", "them", "their", "themselves"),
}
_IT = Pronouns("it", "it", "its", "itself")
_BY_GENDER = {
    "female": Pronouns("she", "her", "her", "herself"),
    "male": Pronouns("he", "him", "his", "himself"),
}

# Questions: what asks *you*, what asks of a name (both can be given for another language with
# update_language_function), and what stands before the subject from the other points of view.
_QUESTIONS = {
    "do": ("do_you", "does_a_b", {"1": "do I", "1p": "do we", "3p": "do"}),
    "did": ("did_you", "did_a_b", {"1": "did I", "1p": "did we", "3p": "did"}),
    "were": ("were_you", "was_a_b", {"1": "was I", "1p": "were we", "3p": "were"}),
    "have": ("have_you", "has_a_b", {"1": "have I", "1p": "have we", "3p": "have"}),
}
_ARE = {"1": "am I", "1p": "are we", "2": "are you", "2p": "are you", "3": "is", "3p": "are"}
# What verb_present() and verb_past() call these persons.
_PRESENT = {"1": "1sg", "2": "2sg", "3": "3sg", "1p": "pl", "2p": "pl", "3p": "pl"}
_PAST = {"1": "1sgp", "2": "2sgp", "3": "3sgp", "1p": "ppl", "2p": "ppl", "3p": "ppl"}


def capitalized(text: str, options: dict[str, Any]) -> str:
    """`text`, with a capital letter where the options ask for ``capitalize=True``."""
    return text[:1].upper() + text[1:] if options.get("capitalize") else text


def point_of(options: dict[str, Any], otherwise: str) -> str:
    """The point of view that ``person=`` or ``third_person=True`` asks for, else `otherwise`."""
    if options.get("third_person") or options.get("thirdperson"):
        return "3p" if otherwise.endswith("p") else "3"
    asked = str(options.get("person") or otherwise)
    return asked if asked in _PRESENT else otherwise


def pronouns(point: str, gender: str | None) -> Pronouns:
    """The pronouns of a point of view.

    :param gender: counts in the third person: None is a thing, and who is neither male nor female is *they*.
    """
    if point == "3":
        return _IT if gender is None else _BY_GENDER.get(gender, _BY_POINT["3p"])
    return _BY_POINT[point]


class Spoken:
    """What can be said of any object. Subclasses say from which point of view, and of which gender.

    All methods take ``capitalize=True``, ``person='1'`` … and ``third_person=True``.
    """

    def get_point_of_view(self) -> str:
        return "3"

    def _gender(self) -> str | None:
        """None for a thing. May need the answer to a question, so it is asked for in the third person only."""
        return None

    def _pronouns(self, options: dict[str, Any]) -> Pronouns:
        point = point_of(options, self.get_point_of_view())
        return pronouns(point, self._gender() if point == "3" else None)

    def _ask(self, question: str, rest: str, options: dict[str, Any]) -> str:
        from appliance.library import words

        of_you, of_a_name, before = _QUESTIONS[question]
        point = point_of(options, self.get_point_of_view())
        if point in ("2", "2p"):
            asked = str(getattr(words, of_you)(rest))
        elif point == "3":
            asked = str(getattr(words, of_a_name)(str(self), rest))
        else:
            asked = f"{word(before[point])} {self} {rest}" if point == "3p" else f"{word(before[point])} {rest}"
        return capitalized(asked, options)

    def is_are_you(self, **kwargs: Any) -> str:
        """*are you* of the user, *is NAME* of others."""
        point = point_of(kwargs, self.get_point_of_view())
        said = word(_ARE[point])
        return capitalized(f"{said} {self}" if point in ("3", "3p") else said, kwargs)

    def do_question(self, the_verb: str, **kwargs: Any) -> str:
        """*do you testify*, *does NAME testify*."""
        return self._ask("do", the_verb, kwargs)

    def did_question(self, the_verb: str, **kwargs: Any) -> str:
        """*did you testify*, *did NAME testify*."""
        return self._ask("did", the_verb, kwargs)

    def were_question(self, the_target: str, **kwargs: Any) -> str:
        """*were you guilty*, *was NAME guilty*."""
        return self._ask("were", the_target, kwargs)

    def have_question(self, the_target: str, **kwargs: Any) -> str:
        """*have you lied*, *has NAME lied*."""
        return self._ask("have", the_target, kwargs)

    def does_verb(self, the_verb: str, **kwargs: Any) -> str:
        """The present form that follows the name or pronoun; the past form with ``past=True``."""
        from appliance.library.words import verb_present

        if kwargs.get("past"):
            return self.did_verb(the_verb, **kwargs)
        point = point_of(kwargs, self.get_point_of_view())
        return capitalized(str(verb_present(the_verb, person=_PRESENT[point])), kwargs)

    def did_verb(self, the_verb: str, **kwargs: Any) -> str:
        """The past form that follows the name or pronoun; the present form with ``present=True``."""
        from appliance.library.words import verb_past

        if kwargs.pop("present", False):
            return self.does_verb(the_verb, **{key: value for key, value in kwargs.items() if key != "past"})
        point = point_of(kwargs, self.get_point_of_view())
        return capitalized(str(verb_past(the_verb, person=_PAST[point])), kwargs)

    def pronoun(self, **kwargs: Any) -> str:
        """The pronoun that receives something: *you*, *her*, *him*, *it*, *them*."""
        return capitalized(word(self._pronouns(kwargs).objective), kwargs)

    def pronoun_objective(self, **kwargs: Any) -> str:
        """The same as :meth:`pronoun`."""
        return self.pronoun(**kwargs)

    def pronoun_subjective(self, **kwargs: Any) -> str:
        """The pronoun that does something: *you*, *she*, *he*, *it*, *they*."""
        return capitalized(word(self._pronouns(kwargs).subjective), kwargs)

    def pronoun_possessive(self, target: Any, **kwargs: Any) -> str:
        """*your fish*, *her fish*, *its fish*."""
        from appliance.library import words

        pronoun = self._pronouns(kwargs).possessive
        function = getattr(words, pronoun, None)
        return capitalized(f"{word(pronoun)} {target}" if function is None else str(function(target)), kwargs)

    def itself(self, **kwargs: Any) -> str:
        """*yourself*, *herself*, *itself*, *themselves*."""
        return capitalized(word(self._pronouns(kwargs).reflexive), kwargs)

    def possessive(self, target: Any, **kwargs: Any) -> str:
        """*your fish* of the user, *NAME's fish* of others."""
        from appliance.library.words import possessify

        if self._by_name(kwargs):
            return capitalized(str(possessify(str(self), target)), kwargs)
        return self.pronoun_possessive(target, **kwargs)

    def _by_name(self, options: dict[str, Any]) -> bool:
        """Whether this object is spoken of by its name rather than as *I*, *you* or *we*."""
        return point_of(options, self.get_point_of_view()) in ("3", "3p")

    def pronoun_or_name(self, **kwargs: Any) -> str:
        """*you* of the user, the name of others."""
        return capitalized(str(self), kwargs) if self._by_name(kwargs) else self.pronoun(**kwargs)

    def subjective_pronoun_or_name(self, **kwargs: Any) -> str:
        """*you* of the user, the name of others, as the one who does something."""
        return capitalized(str(self), kwargs) if self._by_name(kwargs) else self.pronoun_subjective(**kwargs)

    def yourself_or_name(self, **kwargs: Any) -> str:
        """*yourself* of the user, the name of others."""
        return capitalized(str(self), kwargs) if self._by_name(kwargs) else self.itself(**kwargs)
