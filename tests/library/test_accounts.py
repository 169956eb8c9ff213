"""Accounts as author code sees and changes them: who may, and that a turn reads back what it wrote."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.interview.accounts import Account, ChangePrivilege, ChangeUser, CreateUser, InviteUser
from appliance.interview.errors import CodeFailed
from appliance.interview.host import UserInfo
from appliance.interview.turn import SendMail
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost, MemoryPeople

ADMIN = UserInfo(1, "root@example.com", "Ruth", "Oot", privileges=("admin",))
ADVOCATE = UserInfo(2, "adam@example.com", "Adam", "Smith", privileges=("advocate",))
CLIENT = UserInfo(3, "carol@example.com", "Carol", "Jones", privileges=("user",))
NOBODY = UserInfo()

STORED = [
    Account(1, "root@example.com", ("admin",), profile={"first_name": "Ruth"}),
    Account(2, "adam@example.com", ("advocate",), profile={"first_name": "Adam"}),
    Account(3, "carol@example.com", ("user",), profile={"first_name": "Carol", "language": "es"}),
    Account(4, "gone@example.com", ("user",), active=False),
    Account(5, "cron@localhost", ("cron",), kind="cron"),
    Account(6, "owner@localhost", ("admin", "developer"), kind="owner"),
]


def done(code: str, user: UserInfo = ADMIN, **settings: Any) -> Talk:
    """What `code` comes to; what it puts into `result` is among the answers."""
    lines = "\n".join(f"  {line}" for line in code.strip().splitlines())
    text = f"mandatory: True\ncode: |\n{lines}\n---\nmandatory: True\nquestion: Done\n"
    return Talk(text, host=MemoryHost(user=user, settings=settings, people=MemoryPeople(list(STORED))))


def result(code: str, user: UserInfo = ADMIN, **settings: Any) -> Any:
    return done(f"result = {code}", user, **settings).answers["result"]


def refused(code: str, user: UserInfo, **settings: Any) -> str:
    with pytest.raises(CodeFailed) as caught:
        done(code, user, **settings)
    assert caught.value.error_type in ("DAError", "DANotFoundError"), caught.value
    return caught.value.message


def test_everybody_reads_their_own_account_and_some_all() -> None:
    """get_user_info() gives one's own account to all, others' only to those whose privileges allow it."""
    own = result("get_user_info()", CLIENT)
    assert own == {"id": 3, "email": "carol@example.com", "active": True, "privileges": ["user"],
                   "account_type": "local", "first_name": "Carol", "last_name": "", "country": "",
                   "subdivisionfirst": "", "subdivisionsecond": "", "subdivisionthird": "", "organization": "",
                   "language": "es", "timezone": ""}
    assert result("get_user_info(email='carol@example.com')", CLIENT) == own
    assert result("get_user_info(user_id='3')", ADVOCATE) == own
    assert result("get_user_info(email='carol@example.com')", ADMIN) == own
    assert result("get_user_info(user_id=99)", ADMIN) is None
    assert result("get_user_info()", NOBODY) is None
    for user in (CLIENT, NOBODY):
        for whose in ("user_id=1", "email='root@example.com'", "user_id=99", "email='nobody@example.com'"):
            assert "sufficient privileges" in refused(f"get_user_info({whose})", user)
    assert "is not the number" in refused("get_user_info(user_id='all')", ADMIN)


def test_the_list_leaves_out_who_was_switched_off_and_the_cron_user() -> None:
    """get_user_list() is for those who may see accounts, and leaves out inactive ones unless asked."""
    items, next_id = result("get_user_list()", ADVOCATE)
    assert [item["id"] for item in items] == [1, 2, 3, 6]
    assert next_id is None
    items, _ = result("get_user_list(include_inactive=True)", ADVOCATE)
    assert [item["id"] for item in items] == [1, 2, 3, 4, 6]
    assert "sufficient privileges" in refused("get_user_list()", CLIENT)
    assert "sufficient privileges" in refused("get_user_list()", NOBODY)
    assert len(result("get_user_list()", CLIENT, permissions={"user": ["access_user_info"]})[0]) == 4


def test_long_lists_come_in_pages_with_what_the_turn_made_at_the_end() -> None:
    """Each account comes once, in its order, also those that this very turn has made."""
    people = MemoryPeople([Account(number, f"p{number}@example.com", ("admin",)) for number in range(1, 251)], last=250)
    talk = Talk("""
        mandatory: True
        code: |
          made = create_user('new@example.com', 'secret-secret')
          pages = []
          next_id = None
          while True:
            (items, next_id) = get_user_list(next_id=next_id)
            pages.append([item['id'] for item in items])
            if next_id is None:
              break
        ---
        mandatory: True
        question: Done
        """, host=MemoryHost(user=ADMIN, people=people))
    assert [len(page) for page in talk.answers["pages"]] == [100, 100, 51]
    assert [number for page in talk.answers["pages"] for number in page] == list(range(1, 252))


def test_a_new_account_is_there_at_once() -> None:
    """create_user() gives a number, and the same turn finds, changes and lists what it made; the password is sealed."""
    talk = done("""
number = create_user('Dora@example.com', 'long enough', privileges=['user', 'advocate'], info={'first_name': 'Dora'})
set_user_info(email='dora@example.com', last_name='Diaz', active=False)
seen = get_user_info(email='DORA@example.com')
listed = [item['id'] for item in get_user_list(include_inactive=True)[0]]
""")
    assert talk.answers["number"] == 101
    seen = talk.answers["seen"]
    assert (seen["id"], seen["first_name"], seen["last_name"], seen["active"]) == (101, "Dora", "Diaz", False)
    assert seen["privileges"] == ["user", "advocate"]
    assert talk.answers["listed"][-1] == 101
    assert talk.outcome is not None
    made, changed = talk.outcome.effects
    assert made == CreateUser(Account(101, "Dora@example.com", ("user", "advocate"), profile={"first_name": "Dora"}),
                              ("lock", "long enough"))
    assert changed == ChangeUser(101, {"last_name": "Diaz"}, active=False)
    assert "long enough" not in repr(talk.outcome.effects)


@pytest.mark.parametrize(("code", "words"), [
    ("create_user('carol@example.com', 'long enough')", "already an account"),
    ("create_user('CAROL@example.com ', 'long enough')", "already an account"),
    ("create_user('carol', 'long enough')", "not an e-mail address"),
    ("create_user('x@example.com', 'abc')", "too short"),
    ("create_user('x@example.com', 'long enough', 'boss')", "no privilege 'boss'"),
    ("create_user('x@example.com', 'long enough', ['cron'])", "scheduled events alone"),
    ("create_user('x@example.com', 'long enough', info={'firstname': 'X'})", "did you mean 'first_name'"),
    ("create_user('x@example.com', 'long enough')\ncreate_user('X@example.com', 'long enough')", "already an account"),
    ("invite_user('carol@example.com', send=False)", "already an account"),
    ("set_user_info(user_id=99, first_name='X')", "no such account"),
    ("set_user_info(first='X')", "did you mean 'first_name'"),
    ("set_user_info(active=False)", "their own account off"),
    ("set_user_info(privileges=['user'])", "your own admin privilege"),
    ("set_user_info(user_id=6, privileges=['user'])", "owner"),
    ("set_user_info(user_id=6, password='long enough')", "owner"),
    ("set_user_info(user_id=5, active=False)", "scheduled events"),
    ("set_user_info(user_id=3, password='abc')", "too short"),
    ("set_user_info(password='long enough', old_password='wrong')", "not the password"),
    ("manage_privileges('grant', 'x')", "knows no 'grant'"),
    ("manage_privileges('add', 'user')", "already exists"),
    ("manage_privileges('add', ' ')", "needs a name"),
    ("manage_privileges('remove', 'admin')", "cannot be removed"),
    ("manage_privileges('remove', 'boss')", "no privilege 'boss'"),
    ("manage_privileges('inspect', 'boss')", "no privilege 'boss'"),
    ("get_user_secret('carol@example.com', 'secret')", "multi_user"),
])
def test_what_cannot_be_is_said(code: str, words: str) -> None:
    """An administrator is told what is wrong."""
    assert words in refused(code, ADMIN)


@pytest.mark.parametrize("user", [CLIENT, ADVOCATE, NOBODY], ids=["client", "advocate", "nobody"])
@pytest.mark.parametrize("code", [
    "create_user('x@example.com', 'long enough')",
    "create_user('root@example.com', 'long enough')",
    "invite_user('x@example.com')",
    "set_user_info(user_id=1, first_name='X')",
    "set_user_info(user_id=4, last_name='X')",
    "set_user_info(email='gone@example.com', active=True)",
    "set_user_info(user_id=4, privileges=['admin'])",
    "set_user_info(user_id=1, password='long enough')",
    "set_user_info(user_id=1, password='long enough', old_password='right')",
    "set_user_info(privileges=['admin'])",
    "set_user_info(privileges=['developer', 'user'])",
    "set_user_info(active=True)",
    "set_user_info(password='long enough')",
    "manage_privileges('list')",
    "manage_privileges('add', 'intake')",
    "manage_privileges('remove', 'intake')",
])
def test_what_others_may_not(code: str, user: UserInfo) -> None:
    """Nobody but administrators makes accounts, changes others, or gives themselves anything."""
    refused(code, user)


def test_people_change_their_own_profile_and_password() -> None:
    """People may change their names and the like, and with the old password set a new one; that shows at once."""
    talk = done("""
set_user_info(first_name='Caroline', timezone='Europe/Berlin')
set_user_info(password='long enough', old_password='right')
name = user_info().first_name
zone = user_info().timezone
""", CLIENT)
    assert (talk.answers["name"], talk.answers["zone"]) == ("Caroline", "Europe/Berlin")
    assert talk.outcome is not None
    assert talk.outcome.effects == [
        ChangeUser(3, {"first_name": "Caroline", "timezone": "Europe/Berlin"}),
        ChangeUser(3, new_password=(("lock", "long enough"), "right"), knows_password=True)]


def test_permissions_of_the_configuration_stop_short_of_administrators() -> None:
    """A privilege that may make accounts and change privileges makes no administrators of itself or of others."""
    allowed = {"permissions": {"user": ["create_user", "edit_user_info", "edit_user_privileges",
                                        "edit_user_active_status", "edit_user_password"]}}
    assert result("create_user('x@example.com', 'long enough', 'advocate')", CLIENT, **allowed) == 101
    done("set_user_info(user_id=2, privileges=['user'], active=False, first_name='Al')", CLIENT, **allowed)
    for code in ("create_user('x@example.com', 'long enough', 'admin')", "set_user_info(privileges=['user', 'admin'])",
                 "set_user_info(user_id=2, privileges=['advocate', 'developer'])",
                 "set_user_info(user_id=1, first_name='X')", "set_user_info(user_id=1, password='long enough')",
                 "set_user_info(user_id=1, privileges=[])"):
        assert "dministrator" in refused(code, CLIENT, **allowed)


def test_privileges_come_and_go_with_those_who_have_them() -> None:
    """manage_privileges() adds, lists, inspects and removes; who had a removed privilege has it no more."""
    talk = done("""
manage_privileges('add', 'intake', 'night shift')
after_adding = manage_privileges('list')
set_user_info(user_id=3, privileges=['user', 'intake'])
manage_privileges('remove', 'intake')
hers = get_user_info(user_id=3)['privileges']
after_removing = manage_privileges('list')
permits = manage_privileges('inspect', 'advocate')
""", permissions={"advocate": ["create_user"]})
    answers = talk.answers
    assert answers["after_adding"] == ["admin", "advocate", "cron", "developer", "intake", "night shift", "user"]
    assert answers["hers"] == ["user"]
    assert answers["after_removing"] == ["admin", "advocate", "cron", "developer", "night shift", "user"]
    assert answers["permits"] == ["access_sessions", "access_user_info", "create_user", "edit_sessions"]
    assert talk.outcome is not None
    assert talk.outcome.effects[-1] == ChangePrivilege("intake", there=False)


def test_an_invitation_is_an_address_or_a_mail_with_one() -> None:
    """invite_user() reserves the account and gives the address, or mails it."""
    talk = done("url = invite_user('new@example.com', 'advocate', send=False)")
    assert talk.answers["url"] == "http://127.0.0.1:8080/user/invitation?token=token-101"
    assert talk.outcome is not None
    assert talk.outcome.effects == [InviteUser(Account(101, "new@example.com", ("advocate",)), "token-101")]
    talk = done("url = invite_user('new@example.com')")
    assert talk.answers["url"] is None
    assert talk.outcome is not None
    invited, mail = talk.outcome.effects
    assert isinstance(invited, InviteUser)
    assert isinstance(mail, SendMail)
    assert mail.recipients == ("new@example.com",)
    assert b"token-101" in mail.message


def test_user_info_and_the_context_name_what_is_going_on() -> None:
    """user_info() and current_context() have the documented attributes, also those of the question being drawn."""
    text = """
        mandatory: True
        code: |
          outside = (user_info().id, user_info().subdivision_first, current_context().question_id)
          final
        ---
        id: the last one
        event: final
        section: end
        question: |
          ${ user_info().email } ${ user_info().question_id } ${ current_context().variable }
        subquestion: |
          ${ current_context().current_filename } ${ user_info().current_package } ${ user_info().current_section }
        """
    talk = Talk(text, host=MemoryHost(user=CLIENT))
    assert talk.question == "carol@example.com the last one final"
    assert "tests:data/questions/main.yml tests end" in talk.screen.subquestion_html
    assert talk.answers["outside"] == (3, "", None)
    talk = Talk(text, host=MemoryHost())
    assert talk.question == "the last one final"
    assert talk.answers["outside"] == (None, "", None)


def test_what_privileges_a_turn_changes_hold_in_it() -> None:
    """user_privileges() knows what the same turn has changed of one's own."""
    talk = done("""
set_user_info(privileges=['admin', 'developer'])
mine = user_privileges()
""")
    assert talk.answers["mine"] == ["admin", "developer"]
