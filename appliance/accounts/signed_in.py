"""Who is signed in, in which browser."""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.interview.host import UserInfo

__all__ = ["Device", "SignedIn"]


@dataclass(frozen=True)
class Device:
    """Where a request comes from.

    :param address: the IP address.
    :param from_network: it did not come over the loopback interface.
    """

    address: str = field(default="", repr=False)
    user_agent: str = field(default="", repr=False)
    from_network: bool = False


@dataclass(frozen=True)
class SignedIn:
    """A browser that is signed in.

    :param cookie: what the cookie ``user`` holds; whoever has it is the user.
    :param user_key: opens the user's sessions; None for the owner, whose key the appliance opens.
    """

    cookie: str = field(repr=False)
    user: UserInfo
    user_key: bytes | None = field(default=None, repr=False)

    @property
    def user_id(self) -> int:
        return self.user.user_id or 0
