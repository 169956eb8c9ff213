"""Which passwords are taken, in the spirit of NIST SP 800-63B: long ones, whatever they are made of."""

from __future__ import annotations

import re
import unicodedata

from appliance.accounts.errors import BadPassword

__all__ = ["LONGEST", "SHORTEST", "check_password", "normalised"]

SHORTEST = 10
LONGEST = 256
"""Characters; a longer one is refused when it is made, and is wrong when somebody signs in."""

_SHORT_NUMBER = 12
_SOME_LETTERS = 3
_WORDS = ("password", "passwort", "motdepasse", "contrasena", "letmein", "welcome", "iloveyou", "qwerty", "qwertz",
          "azerty", "asdfgh", "monkey", "dragon", "football", "baseball", "princess", "sunshine", "superman", "master",
          "shadow", "trustno", "admin", "administrator", "changeme", "secret", "docassemble", "appliance", "interview",
          "test", "guest", "login", "hello", "summer", "winter", "spring", "autumn", "january", "monday")
_ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "0123456789",
         "abcdefghijklmnopqrstuvwxyz")
_AS_LETTERS = str.maketrans("@4301!$57+", "aaeoiisstt")
_DECORATION = re.compile(r"[\W\d_]+")
_AROUND = re.compile(r"\A[\W\d_]+|[\W\d_]+\Z")


def normalised(password: str) -> str:
    """As it is compared: two keyboards may write the same letter differently (NFC)."""
    return unicodedata.normalize("NFC", password[:LONGEST + 1])


def check_password(password: str, *known: str) -> str:
    """The password as it is kept.

    :param known: what anybody would try first: the person's address and names.
    :raises BadPassword: in words that say what would be taken.
    """
    chosen = normalised(password)
    if len(chosen) < SHORTEST:
        raise BadPassword(f"A password needs at least {SHORTEST} characters. Three or four words are easy to remember "
                          "and hard to guess.")
    if len(chosen) > LONGEST:
        raise BadPassword(f"A password can have at most {LONGEST} characters.")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in chosen):
        raise BadPassword("This password has a character in it that cannot be typed again.")
    if _is_about(chosen, known):
        raise BadPassword("This password is your e-mail address or name, which others would try first. Please choose "
                          "another one.")
    if _is_common(chosen):
        raise BadPassword("This password is one of those that are tried first. Please choose another one; three or "
                          "four words are easy to remember and hard to guess.")
    return chosen


def _is_about(password: str, known: tuple[str, ...]) -> bool:
    """Whether little is left of the password without the person's own address and names."""
    plain = rest = password.casefold()
    texts = [text.casefold() for text in known]
    parts = {part for text in texts for part in (text, *re.split(r"[@\s]", text)) if len(part) > 3}
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "")
    return rest != plain and len(_DECORATION.sub("", rest)) < _SOME_LETTERS


def _is_common(password: str) -> bool:
    """Whether it is a common word with digits and signs around it, a row of keys, or the same again and again."""
    plain = password.casefold()
    if _is_repeated(plain) or _is_row(plain):
        return True
    core = _AROUND.sub("", plain)
    for letters in (_DECORATION.sub("", plain), _DECORATION.sub("", core.translate(_AS_LETTERS))):
        rest = letters
        for word in sorted(_WORDS, key=len, reverse=True):
            rest = rest.replace(word, "")
        if (len(rest) < _SOME_LETTERS and rest != letters) or _is_row(letters) or _is_repeated(letters):
            return True
    return _is_short_number(plain)


def _is_repeated(text: str) -> bool:
    """``aaaaaaaaaa``, ``abcabcabcabc``: up to four characters, again and again."""
    return any(len(text) > 2 * size and (text[:size] * len(text))[:len(text)] == text for size in range(1, 5))


def _is_row(text: str) -> bool:
    """Keys beside each other, forwards or backwards, once or more often."""
    if len(text) < 5:
        return False
    for row in _ROWS:
        for way in (row, row[::-1]):
            if text in way * 8:
                return True
    return False


def _is_short_number(text: str) -> bool:
    """Only digits with signs around them, as in dates and telephone numbers."""
    return re.fullmatch(r"[\d\s./()+*#!?-]+", text) is not None and len(re.sub(r"\D", "", text)) <= _SHORT_NUMBER
