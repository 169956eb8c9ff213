"""Addresses, cities and positions on the map."""

from __future__ import annotations

import re
from typing import Any

from appliance.interview.host import current
from appliance.library.countries import name_of_country
from appliance.library.languages import get_country, get_language, word
from appliance.library.objects import DAObject

__all__ = ["Address", "City", "LatitudeLongitude"]

NEWLINE = " [NEWLINE] "

# A unit that is only a number or a letter needs a word before it: 2000, 12B, A, #4.
_BARE_UNIT = re.compile(r"#?\s*(?:\d+\s*-?\s*\w?|\w)", re.ASCII)


class LatitudeLongitude(DAObject):
    """A position: ``latitude``, ``longitude``, ``description``; ``known``, and ``gathered`` once it was asked for."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Starts as neither known nor gathered."""
        self.gathered = False
        self.known = False
        super().init(*pargs, **kwargs)

    def status(self) -> bool:
        """Whether the browser has still to be asked where it is; takes over its answer."""
        if self.gathered:
            return False
        place = current().host.device.get("location")
        if not isinstance(place, dict):
            return True
        self.gathered = True
        self.known = "latitude" in place and "longitude" in place
        if self.known:
            self.latitude, self.longitude = place["latitude"], place["longitude"]
        self.description = str(place.get("error", "")) if not self.known else str(self)
        return False

    def __str__(self) -> str:
        return f"{self.latitude}, {self.longitude}" if self.known else word("Unknown")


class Address(DAObject):
    """An address: ``address``, ``unit`` (or ``floor``, ``room``), ``city``, ``state``, ``zip`` (or ``postal_code``),
    ``county`` and ``country`` (two letters). Only ``address`` and ``city`` are sought when it is shown.
    """

    city_only: Any = False

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Has a ``location`` (a LatitudeLongitude)."""
        self.initializeAttribute("location", LatitudeLongitude)
        super().init(*pargs, **kwargs)

    def __str__(self) -> str:
        return self.block()

    def _optional(self, *names: str) -> str:
        """The first of these attributes that is there and not empty."""
        for name in names:
            value = self.attr(name)
            if value not in (None, ""):
                return str(value)
        return ""

    def formatted_unit(self, language: str | None = None, require: bool = False) -> str:
        """*Unit 2000*, *Suite 2000*, *Floor 3*, or nothing; with `require`, ``unit`` is sought."""
        unit = self._optional("unit")
        if unit:
            return f"{word('Unit', language=language)} {unit}" if _BARE_UNIT.fullmatch(unit.strip()) else unit
        for name, label in (("floor", "Floor"), ("room", "Room")):
            value = self._optional(name)
            if value:
                return f"{word(label, language=language)} {value}"
        return str(self.unit) if require else ""

    def line_one(self, language: str | None = None, bare: bool = False) -> str:
        """The street address with the unit."""
        if self.city_only:
            return ""
        unit = self.formatted_unit(language=language)
        return f"{self.address}, {unit}" if unit else str(self.address)

    def line_two(self, language: str | None = None) -> str:
        """City, state and zip code."""
        text = str(self.city)
        state, postcode = self._optional("state"), self._optional("zip", "postal_code")
        if state:
            text += f", {state}"
        return f"{text} {postcode}" if postcode else text

    def _country(self, show_country: bool | None, language: str | None) -> str:
        """The name of the country, where it is to be shown: if asked for, or if it is another than the usual one."""
        code = self._optional("country")
        usual = get_country()
        if show_country is False or (show_country is None and code in ("", usual)):
            return ""
        return name_of_country(code or usual, language or get_language())

    def block(self, language: str | None = None, international: bool = False, show_country: bool | None = None) -> str:
        """The address on several lines.

        :param show_country: always or never; None: only if it is not the usual country.
        :param international: always with the country.
        """
        lines = []
        if not self.city_only:
            lines += [str(self.address), self.formatted_unit(language=language)]
        lines += [self.line_two(language=language), self._country(True if international else show_country, language)]
        return NEWLINE.join(line for line in lines if line)

    def on_one_line(
        self,
        include_unit: bool = True,
        omit_default_country: bool = True,
        language: str | None = None,
        show_country: bool | None = None,
    ) -> str:
        """The address on one line."""
        if show_country is None and not omit_default_country:
            show_country = True
        parts = []
        if not self.city_only:
            parts.append(self.line_one(language=language) if include_unit else str(self.address))
        parts += [self.line_two(language=language), self._country(show_country, language)]
        return ", ".join(part for part in parts if part)


class City(Address):
    """An address of which only city, state and zip code are shown."""

    city_only = True
