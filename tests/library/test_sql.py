"""docassemble.base.sql: objects that are rows in author.db, as docassemble's documentation describes them."""

from __future__ import annotations

import importlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance import author_db
from appliance.interview.answers import freeze, thaw
from appliance.interview.errors import CodeFailed
from appliance.interview.turn import Action, Refresh, ShowScreen
from tests.interview.talk import Talk

MODULE = """
from docassemble.base.util import Individual, Person, DAObject
from docassemble.base.sql import (register_db, create_objects, SQLObject, SQLObjectRelationship,
                                  StandardRelationshipList)
from sqlalchemy import Column, ForeignKey, Integer, String

__all__ = ['Bank', 'Customer', 'Account', 'StandardRelationshipList']

db = register_db('my db')

class BankModel(db.Model):
    __tablename__ = 'bank'
    id = Column(Integer, primary_key=True)
    name = Column(String(250), unique=True)

class CustomerModel(db.Model):
    __tablename__ = 'customer'
    id = Column(Integer, primary_key=True)
    ssn = Column(String(250), unique=True)
    first_name = Column(String(250))
    city = Column(String(250))

class AccountModel(db.Model):
    __tablename__ = 'account'
    id = Column(Integer, primary_key=True)
    bank_id = Column(Integer, ForeignKey('bank.id', ondelete='CASCADE'), nullable=False)
    customer_id = Column(Integer, ForeignKey('customer.id', ondelete='CASCADE'), nullable=False)

create_objects(__file__, 'my db')

class Bank(Person, SQLObject):
    _model = BankModel
    _session = db.session
    _required = ['name']
    _uid = 'name'
    def init(self, *pargs, **kwargs):
        super().init(*pargs, **kwargs)
        self.sql_init()
    def db_get(self, column):
        if column == 'name':
            return self.name.text
    def db_set(self, column, value):
        if column == 'name':
            self.name.text = value
    def db_null(self, column):
        if column == 'name':
            del self.name.text

class Customer(Individual, SQLObject):
    _model = CustomerModel
    _session = db.session
    _required = ['first_name']
    _uid = 'ssn'
    def init(self, *pargs, **kwargs):
        super().init(*pargs, **kwargs)
        self.sql_init()
    def db_get(self, column):
        if column == 'ssn':
            return self.ssn
        elif column == 'first_name':
            return self.name.first
        elif column == 'city':
            return self.address.city
    def db_set(self, column, value):
        if column == 'ssn':
            self.ssn = value
        elif column == 'first_name':
            self.name.first = value
        elif column == 'city':
            self.address.city = value
    def db_null(self, column):
        if column == 'ssn':
            del self.ssn
        elif column == 'first_name':
            del self.name.first
        elif column == 'city':
            del self.address.city

class Account(DAObject, SQLObjectRelationship):
    _model = AccountModel
    _session = db.session
    _parent = [Bank, 'bank', 'bank_id']
    _child = [Customer, 'customer', 'customer_id']
    def init(self, *pargs, **kwargs):
        super().init(*pargs, **kwargs)
        self.rel_init(*pargs, **kwargs)
"""

INTERVIEW = """
modules:
  - tables_of_a_test
---
objects:
  - customer: Customer
---
question: SSN?
fields:
  - SSN: customer.ssn
validation code: |
  customer.db_read()
---
question: First name?
fields:
  - First name: customer.name.first
---
question: City?
fields:
  - City: customer.address.city
---
mandatory: True
code: |
  customer.ssn
  customer.name.first
  customer.address.city
---
mandatory: True
question: ${ customer.name.first } of ${ customer.address.city }
"""


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of an author, imported anew, and an author.db of its own; gives the file."""
    (tmp_path / "tables_of_a_test.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    author_db.prepare(tmp_path)
    importlib.import_module("tables_of_a_test")
    yield tmp_path / author_db.FILE_NAME
    sys.modules.pop("tables_of_a_test", None)


def rows(file: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def change(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(sql)


def test_an_interview_fills_a_row_and_finds_it_again(tables: Path) -> None:
    """The row is made when what it needs is known, follows what is entered, and answers the questions of the next."""
    talk = Talk(INTERVIEW)
    talk.submit(**{"customer.ssn": "111"})
    assert rows(tables, "SELECT COUNT(*) FROM customer") == [(0,)]
    talk.submit(**{"customer.name.first": "Ann"})
    assert rows(tables, "SELECT ssn, first_name, city FROM customer") == [("111", "Ann", None)]
    talk.submit(**{"customer.address.city": "Boston"})
    assert talk.question == "Ann of Boston"
    assert rows(tables, "SELECT ssn, first_name, city FROM customer") == [("111", "Ann", "Boston")]
    again = Talk(INTERVIEW)
    again.submit(**{"customer.ssn": "111"})
    assert again.question == "Ann of Boston"
    change(tables, "UPDATE customer SET city = 'Salem'")
    talk.turn(Refresh())
    assert talk.question == "Ann of Salem"
    change(tables, "UPDATE customer SET city = NULL")
    talk.turn(Refresh())
    assert talk.question == "City?"


def test_objects_and_rows(tables: Path) -> None:
    """Classes find, list and delete rows; a row that is gone leaves a zombie, which writes nothing."""
    made = importlib.import_module("tables_of_a_test")
    ann = made.Customer("ann", ssn="1")
    assert not ann.ready()
    assert ann._nascent
    ann.name.first = "Ann"
    assert ann.ready()
    assert ann.id == 1
    assert [made.Customer.id_exists(number) for number in (1, 2)] == [True, False]
    assert made.Customer.uid_exists("1")
    other = made.Customer.by_uid("1")
    assert other.name.first == "Ann"
    assert other.id == 1
    assert made.Customer.by_id(7) is None
    assert made.Customer.by_uid("7") is None
    bob = made.Customer("bob", ssn="2")
    bob.name.first = "Bob"
    bob.db_save()
    assert [one.name.first for one in made.Customer.all()] == ["Ann", "Bob"]
    assert [one.ssn for one in made.Customer.filter(first_name="Bob")] == ["2"]
    assert (made.Customer.any(first_name="Bob"), made.Customer.any(first_name="Zoe")) == (True, False)
    known = made.Customer("known", id=2)
    assert known.name.first == "Bob"
    assert not known._nascent
    made.Customer.delete_by_uid("2")
    bob.db_read()
    assert bob._zombie
    assert bob.name.first == "Bob"
    assert not bob.ready()
    bob.db_save()
    assert rows(tables, "SELECT ssn FROM customer") == [("1",)]
    ann.db_delete()
    assert ann._zombie
    assert rows(tables, "SELECT COUNT(*) FROM customer") == [(0,)]
    # An object that turns out to be a row: what it knows is written, the rest is taken over.
    change(tables, "INSERT INTO customer (ssn, first_name, city) VALUES ('3', 'Zoe', 'Salem')")
    zoe = made.Customer("zoe", ssn="3")
    assert zoe.name.first == "Zoe"
    late = made.Customer("late")
    late.ssn, late.name.first = "3", "Zoey"
    late.db_save()
    assert late.address.city == "Salem"
    assert rows(tables, "SELECT first_name, city FROM customer") == [("Zoey", "Salem")]


def test_relationships(tables: Path) -> None:
    """A list of a bank's accounts is read from the table, grows and shrinks with it, and deletes no customers."""
    made = importlib.import_module("tables_of_a_test")
    bank = made.Bank("bank")
    bank.name.text = "First"
    assert bank.ready()
    accounts = made.StandardRelationshipList("accounts", object_type=made.Account, parent=bank)
    assert accounts.gathered
    assert len(accounts) == 0
    account = accounts.appendObject()
    account.customer.ssn, account.customer.name.first = "1", "Ann"
    account.db_save()
    assert account.bank is bank
    assert rows(tables, "SELECT bank_id, customer_id FROM account") == [(bank.id, account.customer.id)]
    again = made.StandardRelationshipList("again", object_type=made.Account, parent=bank)
    assert [one.customer.name.first for one in again] == ["Ann"]
    assert again[0].complete
    stored = freeze({"accounts": accounts, "bank": bank})
    change(tables, "INSERT INTO customer (ssn, first_name) VALUES ('2', 'Bob')")
    change(tables, "INSERT INTO account (bank_id, customer_id) SELECT 1, id FROM customer WHERE ssn = '2'")
    loaded = thaw(stored)["accounts"]
    assert [one.customer.name.first for one in loaded] == ["Ann", "Bob"]
    assert [one.instanceName for one in loaded] == ["accounts[0]", "accounts[1]"]
    loaded.remove(loaded[0])
    assert rows(tables, "SELECT COUNT(*) FROM account") == [(1,)]
    assert rows(tables, "SELECT COUNT(*) FROM customer") == [(2,)]
    made.Bank.delete_by_id(bank.id)
    assert rows(tables, "SELECT COUNT(*) FROM account") == [(0,)]   # ON DELETE CASCADE holds


def test_turns_beside_each_other_have_sessions_of_their_own(tables: Path) -> None:
    """Eight threads save and read objects of one class at once; each row is there, once."""
    made = importlib.import_module("tables_of_a_test")
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for each in range(5):
                one = made.Customer(f"c{number}{each}", ssn=f"{number}/{each}")
                one.name.first = "Ann"
                one.db_save()
                assert made.Customer.by_uid(f"{number}/{each}").id == one.id
        except BaseException as problem:  # noqa: BLE001 - told by the test's own thread
            problems.append(problem)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert rows(tables, "SELECT COUNT(*), COUNT(DISTINCT ssn) FROM customer") == [(40, 40)]


def test_what_a_turn_leaves_open_is_undone(tables: Path) -> None:
    """A row that was added without commit() is not there afterwards, and keeps nobody else from writing."""
    talk = Talk("""
    modules:
      - tables_of_a_test
    ---
    mandatory: True
    question: Hello
    ---
    event: add
    code: |
      session = Customer._session
      session.add(Customer._model(ssn='9', first_name='Zoe'))
      session.flush()
      del session
    ---
    event: add_and_fail
    code: |
      Customer._session.add(Customer._model(ssn='8', first_name='Zoe'))
      Customer._session.flush()
      1 / 0
    """)
    talk.turn(Action("add"))
    assert isinstance(talk.ending, ShowScreen)
    with pytest.raises(CodeFailed) as failure:
        talk.turn(Action("add_and_fail"))
    assert failure.value.error_type == "ZeroDivisionError"
    change(tables, "INSERT INTO customer (ssn) VALUES ('free')")
    assert rows(tables, "SELECT ssn FROM customer") == [("free",)]


OLDER_WAY = """
from docassemble.base.sql import alchemy_url, connect_args, upgrade_db
from sqlalchemy import Column, Integer, String, create_engine
from sqlalchemy.orm import declarative_base, sessionmaker
Base = declarative_base()
class Note(Base):
    __tablename__ = 'note'
    id = Column(Integer, primary_key=True)
    text = Column(String(250))
url = alchemy_url('my db')
engine = create_engine(url, connect_args=connect_args('my db'))
Base.metadata.create_all(engine)
DBSession = sessionmaker(bind=engine)()
upgrade_db(url, __file__, engine)
DBSession.add(Note(text='kept'))
DBSession.commit()
"""

UPGRADE = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = 'one', None
def upgrade():
    op.add_column('note', sa.Column('colour', sa.String(20)))
"""


def test_the_older_way_and_upgrades(tmp_path: Path) -> None:
    """alchemy_url() for an engine of the author's own; Alembic scripts beside the module run, and each only once."""
    (tmp_path / "older_way.py").write_text(OLDER_WAY, encoding="utf-8")
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = alembic\n", encoding="utf-8")
    (tmp_path / "alembic" / "versions").mkdir(parents=True)
    (tmp_path / "alembic" / "versions" / "one.py").write_text(UPGRADE, encoding="utf-8")
    author_db.prepare(tmp_path)
    program = ("import sys, pathlib; sys.path.insert(0, sys.argv[1])\n"
               "from appliance import author_db\n"
               "from appliance.library.modules import install_import_hook\n"
               "install_import_hook(None); author_db.prepare(pathlib.Path(sys.argv[1])); import older_way\n"
               "older_way.upgrade_db(older_way.url, older_way.__file__, older_way.engine)")
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=60,
                   cwd=Path(__file__).parent.parent.parent)
    assert rows(tmp_path / "author.db", "SELECT text, colour FROM note") == [("kept", None)]


def test_another_machine_s_file_is_not_taken_for_ours(tmp_path: Path) -> None:
    """A task elsewhere meets a clear error, also where a file lies at the same path; an object travels as it was."""
    ours = author_db.prepare(tmp_path)
    try:
        author_db.use(author_db.AuthorDatabase(ours.path, ours.mark + 1))
        with pytest.raises(author_db.NoAuthorDatabase, match="on another machine"):
            author_db.where()
        sql = importlib.import_module("docassemble.base.sql")
        with pytest.raises(author_db.NoAuthorDatabase, match="on another machine"):
            sql.alchemy_url("my db")
        author_db.use(author_db.AuthorDatabase(str(tmp_path / "gone.db"), 1))
        with pytest.raises(author_db.NoAuthorDatabase):
            author_db.where()
        author_db.use(ours)
        assert author_db.where() == tmp_path / "author.db"
    finally:
        author_db.use(ours)
