"""Why somebody is not let in, or an account not changed; each in words for the person who asked."""

from __future__ import annotations

from appliance.accounts.waiting_words import in_words

__all__ = ["AccountError", "AccountInactive", "AddressTaken", "BadAddress", "BadDetail", "BadPassword",
           "ForeignAddress", "LinkNotValid", "NoSuchAccount", "NotAllowed", "RegistrationClosed", "SessionsInUse",
           "TooManyTries", "WrongCode", "WrongPassword"]


class AccountError(Exception):
    """What was asked for is not done, and nothing was changed. The message is for the person who asked.

    :cvar field: the form's field that it is about: ``email``, ``password``, ``code`` …, or an empty text.
    """

    field = ""
    words = ""

    def __init__(self, words: str = "") -> None:
        super().__init__(words or self.words)


class WrongPassword(AccountError):
    """The address or the password is not right. It does not say which."""

    field = "password"
    words = "The e-mail address or the password is not right."


class TooManyTries(AccountError):
    """Wrong passwords were tried too often; the next try counts in so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"There were too many wrong tries. Please try again in {in_words(seconds)}.")
        self.seconds = seconds


class AccountInactive(AccountError):
    """Said only to somebody who knows the password."""

    words = "This account was switched off. Please ask the person who looks after the appliance."


class RegistrationClosed(AccountError):
    words = "Accounts are made by invitation here. Please ask the person who looks after the appliance."


class AddressTaken(AccountError):
    field = "email"
    words = "There is already an account with this e-mail address."


class BadAddress(AccountError):
    field = "email"
    words = "This is not an e-mail address."


class ForeignAddress(AccountError):
    """Only people with an address at one of the `domains` may make an account for themselves."""

    field = "email"

    def __init__(self, domains: list[str]) -> None:
        super().__init__(f"Accounts can be made here with an e-mail address at {' or '.join(domains)} only. Others are "
                         "invited by the person who looks after the appliance.")


class BadPassword(AccountError):
    """The password cannot be taken; the message says what would be."""

    field = "password"


class BadDetail(AccountError):
    """Something else that was typed cannot be taken."""


class LinkNotValid(AccountError):
    words = "This link was used already, or is too old. Please ask for a new one."


class WrongCode(AccountError):
    field = "code"
    words = "This is not the recovery code of this account."


class NotAllowed(AccountError):
    words = "You may not do this."


class NoSuchAccount(AccountError):
    words = "There is no such account any more."


class SessionsInUse(AccountError):
    words = ("Somebody is in an interview of this account just now. Please try again in a minute.")
