"""The commands of DARedis give what redis-py gives (its documentation, and Redis' own, are the reference)."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from appliance import clock
from appliance.interview.stored import QuickError
from appliance.library.redis import COMMANDS as KNOWN_TO_AUTHORS
from appliance.store import quick_groups as _more_commands  # noqa: F401 - makes its commands known
from appliance.store import quick_values
from appliance.store.migrations import MIGRATIONS
from appliance.store.quick_commands import COMMANDS, carry_out
from appliance.store.quick_values import QuickValues
from appliance.store.sealing import unseal

Call = tuple[Any, ...]


class Values:
    """A store in memory to say commands to: ``values.set('a', 1)``."""

    def __init__(self) -> None:
        self.database = Database(memory=True)
        for migration in MIGRATIONS:
            migration(self.database)

    def __getattr__(self, name: str) -> Any:
        return lambda *pargs, **kwargs: carry_out(QuickValues(self.database, b"k" * 32), (name, pargs, kwargs))


def test_authors_are_offered_the_commands_that_there_are() -> None:
    """The library, which cannot look into the store, names the same ones."""
    assert frozenset(COMMANDS) == KNOWN_TO_AUTHORS


def test_strings_and_counters() -> None:
    values = Values()
    assert values.get("a") is None
    assert values.set("a", "zwölf") is True
    assert values.get(b"a") == "zwölf".encode()
    assert values.set("a", 1.5, nx=True) is None
    assert values.set("b", 1.5, xx=True) is None
    assert values.set("a", 2, get=True) == "zwölf".encode()
    assert (values.incr("n"), values.incr("n", 5), values.decr("n", amount=2)) == (1, 6, 4)
    assert values.incrbyfloat("f", 0.5) == 0.5
    assert values.get("n") == b"4"
    assert values.mset({"x": 1, "y": b"\x00\xff"}) is True
    assert values.mget("x", "y", "z") == values.mget(["x", "y", "z"]) == [b"1", b"\x00\xff", None]
    assert (values.append("x", "23"), values.get("x"), values.strlen("x")) == (3, b"123", 3)
    assert (values.setnx("x", 9), values.getset("x", 7), values.getdel("x")) == (False, b"123", b"7")
    assert values.get("x") is None
    assert (values.exists("a", "n", "x"), values.delete("a", "n", "x"), values.exists("a")) == (2, 2, 0)


def test_asking_for_all_keys_again_opens_only_the_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody waits for the store's thread, which must not open a thousand names each time; nor any value."""
    values, opened = Values(), list[str]()

    def counting(key: bytes, sealed: bytes, context: str) -> bytes:
        opened.append(context.partition(":")[0])
        return unseal(key, sealed, context)
    for number in range(1000):
        values.set(f"counted:{number}", number)
    monkeypatch.setattr(quick_values, "unseal", counting)
    assert len(values.keys("counted:*")) == 1000
    assert opened == ["quick name"] * 1000
    values.set("counted:new", 1)
    opened.clear()
    for _ in range(10):
        assert len(values.keys("counted:*")) == len(values.scan(0)[1]) == 1001
    assert opened == ["quick name"]


def test_expiry() -> None:
    """By the appliance's clock; what has gone is as if it had never been, also for who asks for the keys."""
    values, now = Values(), [1_000.0]
    with clock.driven_by(lambda: now[0]):
        values.set("a", 1, ex=10)
        values.setex("b", timedelta(minutes=1), 1)
        values.set("c", 1)
        assert (values.ttl("a"), values.pttl("b"), values.ttl("c"), values.ttl("d")) == (10, 60_000, -1, -2)
        assert (values.expire("c", 5), values.expire("d", 5), values.persist("b")) == (True, False, True)
        values.incr("a")
        assert values.ttl("a") == 10   # counting changes nothing of it
        now[0] += 7
        assert (values.get("c"), values.exists("c"), values.keys("*")) == (None, 0, [b"a", b"b"])
        now[0] += 7
        assert (values.get("a"), values.incr("a"), values.ttl("a"), values.ttl("b")) == (None, 1, -1, -1)
        values.set("b", 2, ex=3)
        values.set("b", 3)
        assert values.ttl("b") == -1
        assert (values.expire("b", 0), values.get("b")) == (True, None)


def test_keys() -> None:
    values = Values()
    for key in ("one", "two", "three", "o*e", "docassemble.demo:data/x.yml:count"):
        values.set(key, 1)
    assert values.keys("t*") == [b"three", b"two"]
    assert values.keys("o?e") == [b"o*e", b"one"]
    assert values.keys(r"o\*e") == [b"o*e"]
    assert values.keys("[^ot]*") == [b"docassemble.demo:data/x.yml:count"]
    assert values.scan(match="tw[mo]") == (0, [b"two"])
    assert (values.type("one"), values.type("none")) == (b"string", b"none")
    assert (values.rename("one", "two"), values.exists("one")) == (True, 0)


def test_hashes() -> None:
    values = Values()
    assert (values.hset("h", "a", 1), values.hset("h", mapping={"a": 2, "b": "x"})) == (1, 1)
    assert values.hset("h", "b", 3) == 0
    assert values.hgetall("h") == {b"a": b"2", b"b": b"3"}
    assert (values.hget("h", "a"), values.hmget("h", ["a", "z"]), values.hlen("h")) == (b"2", [b"2", None], 2)
    assert (values.hincrby("h", "a", 5), values.hexists("h", "z"), values.hkeys("h")) == (7, False, [b"a", b"b"])
    assert (values.hdel("h", "a", "b", "z"), values.exists("h"), values.hgetall("h")) == (2, 0, {})


def test_lists() -> None:
    values = Values()
    assert (values.rpush("l", "a", "b"), values.lpush("l", 1, 2)) == (2, 4)
    assert values.lrange("l", 0, -1) == [b"2", b"1", b"a", b"b"]
    assert (values.lrange("l", 1, 2), values.lrange("l", -2, -1), values.lrange("l", 5, 9)) == (
        [b"1", b"a"], [b"a", b"b"], [])
    assert (values.lpop("l"), values.rpop("l"), values.llen("l"), values.lindex("l", -1)) == (b"2", b"b", 2, b"a")
    assert (values.linsert("l", "before", "a", "x"), values.lset("l", 0, "y"), values.lrem("l", 0, "x")) == (3, True, 1)
    assert (values.lpop("l", 5), values.lpop("l"), values.exists("l")) == ([b"y", b"a"], None, 0)
    values.rpush("m", *range(5))
    assert (values.ltrim("m", 1, 3), values.lrange("m", 0, -1)) == (True, [b"1", b"2", b"3"])


def test_sets() -> None:
    values = Values()
    assert (values.sadd("s", "a", "b", "a"), values.sadd("s", "b"), values.scard("s")) == (2, 0, 2)
    assert (values.smembers("s"), values.sismember("s", "a"), values.srem("s", "a", "z")) == ({b"a", b"b"}, True, 1)
    values.sadd("t", "b", "c")
    assert (values.sunion("s", "t"), values.sinter(["s", "t"]), values.sdiff("t", "s")) == (
        {b"b", b"c"}, {b"b"}, {b"c"})
    assert (values.spop("s"), values.spop("s"), values.exists("s")) == (b"b", None, 0)


def test_sorted_sets() -> None:
    values = Values()
    assert (values.zadd("z", {"a": 3, "b": 1, "c": 2}), values.zadd("z", {"a": 4, "d": 0})) == (3, 1)
    assert values.zrange("z", 0, -1, withscores=True) == [(b"d", 0.0), (b"b", 1.0), (b"c", 2.0), (b"a", 4.0)]
    assert (values.zrevrange("z", 0, 1), values.zrank("z", "c"), values.zrevrank("z", "a")) == ([b"a", b"c"], 2, 0)
    assert (values.zincrby("z", 2, "d"), values.zscore("z", "d"), values.zscore("z", "x")) == (2.0, 2.0, None)
    assert values.zrangebyscore("z", "(1", "+inf", start=0, num=2) == [b"c", b"d"]
    assert (values.zcount("z", "-inf", 2), values.zremrangebyscore("z", 2, 2)) == (3, 2)
    assert (values.zrem("z", "a"), values.zcard("z")) == (1, 1)


@pytest.mark.parametrize(("call", "words"), [
    (("rpush", "text", 1), "WRONGTYPE"),
    (("incr", "text"), "not an integer"),
    (("set", "x", None), "NoneType: use set_data"),
    (("set", "x", True), "bool: use set_data"),
    (("set", "x", {"a": 1}), "dict: use set_data"),
    (("blpop", "x"), "has no command 'blpop' here. These are there: append,"),
    (("lset", "x", 0, 1), "no such key"),
    (("hset", "x"), "no key value pairs"),
    (("get",), "cannot carry out this get"),
    (("get", "a", "b"), "cannot carry out this get"),
])
def test_what_cannot_be_done_is_told(call: Call, words: str) -> None:
    """In words that say what it is about, as an error that the library makes an author's."""
    values = Values()
    values.set("text", "abc")
    with pytest.raises(QuickError, match=words):
        getattr(values, call[0])(*call[1:])


def test_the_page_for_authors_names_each_command() -> None:
    """docs/stored-values.md lists what there is."""
    page = (Path(__file__).parent.parent.parent / "docs" / "stored-values.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(\w+)`", page.partition("## DARedis")[2].partition("## SQL")[0]))
    assert set(COMMANDS) <= listed


def test_spans_count_from_either_end_and_may_be_empty() -> None:
    """As Redis says of LRANGE: both ends belong to it, and what lies outside is nothing."""
    values = Values()
    values.rpush("a", *range(5))
    values.zadd("z", {place: place for place in range(5)})
    for start, end in itertools.product(range(-8, 8), repeat=2):
        first, last = (place + 5 if place < 0 else place for place in (start, end))
        wanted = [b"%d" % place for place in range(5) if first <= place <= last]
        assert values.lrange("a", start, end) == values.zrange("z", start, end) == wanted
    values.ltrim("a", 1, -7)
    assert values.exists("a") == 0


@pytest.mark.parametrize("call", [
    ("expire", "a", "soon"), ("expire", "a", float("nan")), ("set", "a", 1, float("inf")), ("zadd", "z", {"m": "much"}),
    ("hset", "h", None, None, None, [1, 2, 3]), ("zcount", "z", "x", "y"), ("incr", "a", float("inf")),
    ("lpop", "l", -1), ("rpop", "l", -1), ("spop", "s", -1), ("lset", "l", "first", 1), ("zcount", "z", b"\xff", 1),
], ids=lambda call: "".join(map(repr, call)))
def test_arguments_of_no_use_are_refused_in_words(call: Call) -> None:
    """By the error that authors are told, also in tasks; and nothing has changed."""
    values = Values()
    values.set("a", 1)
    values.rpush("l", 1, 2, 3)
    values.sadd("s", 1, 2)
    values.zadd("z", {"m": 1})
    with pytest.raises(QuickError):
        getattr(values, call[0])(*call[1:])
    assert (values.get("a"), values.ttl("a"), values.llen("l"), values.scard("s")) == (b"1", -1, 3, 2)


@pytest.mark.parametrize("call", [
    ("zadd", "z", {"a": float("nan")}), ("zincrby", "infinite", float("-inf"), "a"), ("incrbyfloat", "f", float("nan")),
    ("incrbyfloat", "f", float("inf")), ("hincrbyfloat", "h", "a", float("nan")), ("srandmember", "s", -10**9),
])
def test_no_value_is_made_that_is_no_number_and_no_endless_draw(call: Call) -> None:
    """As in Redis: such a score would have no place in the order, such a counter would stay so for ever."""
    values = Values()
    values.zadd("infinite", {"a": float("inf")})
    values.sadd("s", 1)
    name, *arguments = call
    with pytest.raises(QuickError, match=r"NaN|range"):
        getattr(values, name)(*arguments)
    assert values.srandmember("nobody", -3) == []
