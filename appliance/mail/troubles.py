"""What went wrong with a mail server: the kind, which logs and ``/health`` may tell, and the words, which quote."""

from __future__ import annotations

import smtplib
import ssl

from appliance.store.errors import WrongKey

__all__ = ["kind_of", "words_of"]


def kind_of(problem: Exception) -> str:
    """What went wrong, without any value."""
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return f"the user name or password was refused ({problem.smtp_code})"
    if isinstance(problem, WrongKey):
        return "its content cannot be opened: this is not the appliance's key that it was sealed under"
    if isinstance(problem, UnicodeError):
        return "the server's name, the user name or the password has letters that mail servers cannot take"
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"{type(problem).__name__} ({problem.smtp_code})"
    if isinstance(problem, smtplib.SMTPNotSupportedError) or type(problem) is smtplib.SMTPException:
        # The latter is what smtplib raises where there is no way to sign in that it knows.
        return "the mail server does not offer STARTTLS, or no way to sign in"
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "the mail server's certificate is not trusted"
    if isinstance(problem, ValueError):
        return "the mail server said something that cannot be understood"
    return type(problem).__name__


def words_of(problem: Exception) -> str:
    """What the mail server, or the way to it, said."""
    if isinstance(problem, smtplib.SMTPResponseException):
        said = problem.smtp_error
        return f"{problem.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    if isinstance(problem, UnicodeError | WrongKey):
        return kind_of(problem)   # the words of the first quote the password
    return str(problem)
