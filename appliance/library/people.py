"""Things, people and organizations, and their names."""

from __future__ import annotations

from datetime import date
from email.utils import formataddr
from typing import Any

from dateutil.relativedelta import relativedelta

from appliance.interview.host import current
from appliance.library.languages import language_function, word
from appliance.library.lists import DAList
from appliance.library.objects import DAObject
from appliance.library.phrases import capitalized
from appliance.library.places import Address, City, LatitudeLongitude

__all__ = [
    "ChildList",
    "Event",
    "Individual",
    "IndividualName",
    "Name",
    "OfficeList",
    "Organization",
    "PartyList",
    "Person",
    "Thing",
    "salutation",
]


class Name(DAObject):
    """A name that is one text: ``text``."""

    def __str__(self) -> str:
        return self.full()

    def full(self, **kwargs: Any) -> str:
        """The whole name."""
        return str(self.text)

    def firstlast(self) -> str:
        """The same as :meth:`full`; of an individual, first name and last name."""
        return str(self.text)

    def lastfirst(self) -> str:
        """The same as :meth:`full`; of an individual, last name first."""
        return str(self.text)

    def familiar(self) -> str:
        """The same as :meth:`full`; of an individual, the first name."""
        return str(self.text)

    def middle_initial(self, with_period: bool = True) -> str:
        """Empty; of an individual, the first letter of the middle name."""
        return ""

    def defined(self) -> bool:
        """Whether the name is known."""
        return self.attribute_defined("text")


class IndividualName(Name):
    """A name in parts: ``first``, ``middle``, ``last``, ``suffix``, of which only ``first`` is needed.

    With ``uses_parts = False`` it is one ``text``.
    """

    uses_parts: Any = True

    def _part(self, name: str) -> str:
        value = self.attr(name)
        return "" if value is None else str(value).strip()

    def defined(self) -> bool:
        """Whether the first name is known."""
        return self.attribute_defined("first") if self.uses_parts else super().defined()

    def full(self, middle: Any = "initial", use_suffix: bool = True, **kwargs: Any) -> str:
        """The whole name: *John Q. Adams*.

        :param middle: ``'initial'``, ``'full'`` (or True), or None for no middle name.
        """
        if not self.uses_parts:
            return super().full()
        names = [str(self.first).strip()]
        if middle == "initial":
            names.append(self.middle_initial())
        elif middle:
            names.append(self._part("middle"))
        names.append(self._part("last"))
        return self._with_suffix(" ".join(name for name in names if name), use_suffix)

    def _with_suffix(self, name: str, use_suffix: bool = True) -> str:
        suffix = self._part("suffix") if use_suffix else ""
        if not suffix:
            return name
        return f"{name} {suffix}" if set(suffix) <= set("IVX") else f"{name}, {suffix}"

    def firstlast(self) -> str:
        """*John Adams*."""
        return self.full(middle=None)

    def lastfirst(self) -> str:
        """*Adams, John Q.*"""
        if not self.uses_parts:
            return super().lastfirst()
        parts = (str(self.first).strip(), self.middle_initial(), self._part("suffix"))
        first, last = " ".join(part for part in parts if part), self._part("last")
        return f"{last}, {first}" if last else first

    def familiar(self) -> str:
        """*John*."""
        return str(self.first) if self.uses_parts else super().familiar()

    def middle_initial(self, with_period: bool = True) -> str:
        """*Q.*, or nothing."""
        middle = self._part("middle") if self.uses_parts else ""
        return middle[:1] + ("." if with_period else "") if middle else ""


class Named(DAObject):
    """What has a ``name``. A text that is set as the name becomes the name's ``text``."""

    _name_class: type[Name] = Name

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Has a ``name``."""
        self.initializeAttribute("name", self._name_class)
        super().init(*pargs, **kwargs)

    def __setattr__(self, attribute: str, value: Any) -> None:
        if attribute == "name" and isinstance(value, str) and "name" in self.__dict__:
            self.name.text = value
            if isinstance(self.name, IndividualName):
                self.name.uses_parts = False
        else:
            super().__setattr__(attribute, value)

    def __str__(self) -> str:
        return str(self.name.full())


class Thing(Named):
    """A thing with a name: ``name.text``."""


class Event(DAObject):
    """Something that happens somewhere: has an ``address`` (a City) and a ``location``."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Has an ``address`` and a ``location``."""
        self.initializeAttribute("address", City)
        self.initializeAttribute("location", LatitudeLongitude)
        super().init(*pargs, **kwargs)

    def __str__(self) -> str:
        return str(self.address)


class Person(Named):
    """A person in the law's sense: a human being or a company. Has a ``name``, an ``address`` and a ``location``."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Has a ``name``, an ``address`` and a ``location``."""
        self.initializeAttribute("address", Address)
        self.initializeAttribute("location", LatitudeLongitude)
        super().init(*pargs, **kwargs)

    def subject(self, **kwargs: Any) -> str:
        """*you* of the user, the name of others."""
        return self.subjective_pronoun_or_name(**kwargs)

    def identified(self) -> bool:
        """Whether the name is known."""
        return bool(self.name.defined())

    def address_block(
        self, language: str | None = None, international: bool = False, show_country: bool | None = False
    ) -> str:
        """Name and address, for a letter."""
        block = self.address.block(language=language, international=international, show_country=show_country)
        return f"[FLUSHLEFT] {self.name.full()} [NEWLINE] {block}"

    def email_address(self, include_name: bool | None = None) -> str:
        """*NAME <e-mail address>*; the name where it is known, or as `include_name` says."""
        if include_name or (include_name is None and self.identified()):
            return formataddr((str(self.name.full()), str(self.email)))
        return str(self.email)


class Individual(Person):
    """A human being. ``gender`` (``male``, ``female``, other) makes the pronouns, ``birthdate`` or ``age`` the age."""

    _name_class = IndividualName
    use_familiar: Any = False

    def __str__(self) -> str:
        return self.familiar() if self.use_familiar else str(self.name.full())

    def _gender(self) -> str | None:
        return str(self.gender).lower()

    def familiar(self) -> str:
        """The first name."""
        return str(self.name.familiar())

    def age_in_years(self, decimals: bool = False, as_of: Any = None) -> Any:
        """The ``age`` where it is set, else the years since the ``birthdate``.

        :param decimals: with the fraction of the year. `as_of`: on this date rather than today.
        """
        if "age" in self.__dict__:
            return float(self.age) if decimals else int(self.age)
        months, part = self._age(as_of)
        return (months + part) / 12 if decimals else months // 12

    def age_in_months(self, decimals: bool = False, as_of: Any = None) -> Any:
        """The months since the ``birthdate``."""
        months, part = self._age(as_of)
        return months + part if decimals else months

    def _age(self, as_of: Any) -> tuple[int, float]:
        from appliance.library.dates import as_datetime, current_datetime

        born: date = as_datetime(self.birthdate).date()
        then: date = current_datetime().date() if as_of is None else as_datetime(as_of).date()
        age = relativedelta(then, born)
        months = age.years * 12 + age.months
        begun = born + relativedelta(months=months)
        return months, (then - begun).days / ((born + relativedelta(months=months + 1)) - begun).days

    def first_name_hint(self) -> str:
        """The first name of the person who is signed in, where this is the user."""
        return current().user.first_name if self._is_signed_in() else ""

    def last_name_hint(self) -> str:
        """The last name of the person who is signed in, where this is the user."""
        return current().user.last_name if self._is_signed_in() else ""

    def _is_signed_in(self) -> bool:
        return self.is_user() and current().user.logged_in

    def salutation(self, **kwargs: Any) -> str:
        """*Mr.*, *Ms.*, *Dr.* …, or what ``salutation_to_use`` says.

        :param with_name: with the last name.
        :param with_name_and_punctuation: with a colon too, or a comma if ``is_friendly``.
        """
        return capitalized(str(salutation(self, **kwargs)), kwargs)


@language_function
def salutation(indiv: Any, with_name: bool = False, with_name_and_punctuation: bool = False, **_kwargs: Any) -> str:
    """How a letter to `indiv` begins; :meth:`Individual.salutation` for the language in use."""
    title = _title(indiv)
    if not with_name and not with_name_and_punctuation:
        return title or word("Mx.")
    said = f"{title} {indiv.name.last}" if title else str(indiv.name.full())
    if not with_name_and_punctuation:
        return said
    return said + ("," if indiv.attr("is_friendly") else ":")


def _title(indiv: Any) -> str:
    """Empty for somebody who is neither male nor female, and of whom no title is known."""
    suffix = indiv.name.attr("suffix")
    if indiv.attr("salutation_to_use") is not None:
        return str(indiv.salutation_to_use)
    if indiv.attr("is_doctor"):
        return word("Dr.")
    if indiv.attr("is_judge"):
        return word("Judge")
    if suffix in ("MD", "PhD"):
        return word("Dr.")
    if suffix == "J":
        return word("Judge")
    return {"female": word("Ms."), "male": word("Mr.")}.get(str(indiv.gender).lower(), "")


class OfficeList(DAList):
    """A list of addresses: the offices of an organization."""

    object_type = Address


class PartyList(DAList):
    """A list of people who are parties to a case; individuals unless made otherwise."""

    object_type = Individual


class ChildList(DAList):
    """A list of children."""

    object_type = Individual


class Organization(Person):
    """A company or an office: ``office`` is a list of addresses; it ``handles`` problems and ``serves`` counties."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Has an ``office``, a list."""
        self.initializeAttribute("office", OfficeList)
        super().init(*pargs, **kwargs)

    def will_handle(self, problem: str | None = None, county: str | None = None) -> bool:
        """Whether it handles a problem and serves a county, as far as these are given and it says what it does."""
        for wanted, name in ((problem, "handles"), (county, "serves")):
            if wanted and (offered := self.attr(name)) is not None and wanted not in offered:
                return False
        return True
