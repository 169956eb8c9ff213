"""DARedis: counters, lists and other quick values that act at once and are shared by all interviews.

docassemble keeps them in a Redis server; here they are in the appliance's own store, under the commands and with the
results of redis-py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Self

from appliance.interview.host import current
from appliance.interview.stored import Command, QuickError
from appliance.library import overlay
from appliance.library.errors import DAError
from appliance.library.objects import DAObject

__all__ = ["COMMANDS", "DARedis"]

COMMANDS = frozenset({
    "append", "decr", "decrby", "delete", "exists", "expire", "expireat", "get", "getdel", "getset", "hdel", "hexists",
    "hget", "hgetall", "hincrby", "hincrbyfloat", "hkeys", "hlen", "hmget", "hmset", "hset", "hsetnx", "hvals", "incr",
    "incrby", "incrbyfloat", "keys", "lindex", "linsert", "llen", "lpop", "lpush", "lpushx", "lrange", "lrem", "lset",
    "ltrim", "mget", "mset", "persist", "pexpire", "ping", "psetex", "pttl", "rename", "rpop", "rpoplpush", "rpush",
    "rpushx", "sadd", "scan", "scan_iter", "scard", "sdiff", "set", "setex", "setnx", "sinter", "sismember",
    "smembers", "spop", "srandmember", "srem", "strlen", "sunion", "ttl", "type", "unlink", "zadd", "zcard", "zcount",
    "zincrby", "zrange", "zrangebyscore", "zrank", "zrem", "zremrangebyscore", "zrevrange", "zrevrank", "zscore",
})
"""Those of :mod:`appliance.store.quick_commands`, which carries them out."""


class DARedis(DAObject):
    """Commands as of ``redis.StrictRedis()``: ``r.set('a', 1)``, ``r.incr('a')``, ``r.get('a')`` gives ``b'2'``.

    They are no part of the turn: each acts at once, is seen by all others at once, and stays where the turn fails.
    """

    def key(self, keyname: str) -> str:
        """A key that no other interview uses: the interview's name, a colon and `keyname`."""
        return f"{current().interview.reference}:{keyname}"

    def get_data(self, key: Any) -> Any:
        """What ``set_data()`` has kept; None if there is nothing (any more), or nothing that can be opened."""
        found = _run([("get", (key,), {})])[0]
        return None if found is None else overlay.opened_if_possible(found, f"What is kept as {key!r}")

    def set_data(self, key: Any, data: Any, expire: Any = None) -> None:
        """Keep any value that can be pickled.

        :param expire: seconds (or a timedelta) after which it goes.
        """
        value = overlay.pickled(data, f"What is kept as {key!r}")
        _run([("set", (key, value), {} if expire is None else {"ex": expire})])

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        """Collects commands, and carries them out together with ``execute()``."""
        return Pipeline()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "instanceName" not in self.__dict__:
            raise AttributeError(name)
        if name not in COMMANDS:
            _unknown(name)
        return _command(name)


class Pipeline:
    """Commands that are carried out together: nobody else's comes between them, and if one fails, none of them acts."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Carry them out; the results in their order."""
        commands, self._commands = self._commands, []
        return _run(commands) if commands else []

    def reset(self) -> None:
        """Forget what was collected."""
        self._commands = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.reset()

    def __len__(self) -> int:
        return len(self._commands)

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Callable[..., Pipeline]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in COMMANDS:
            _unknown(name)

        def collect(*pargs: Any, **kwargs: Any) -> Pipeline:
            self._commands.append((name, pargs, kwargs))
            return self
        return collect


def _command(name: str) -> Callable[..., Any]:
    def run(*pargs: Any, **kwargs: Any) -> Any:
        result = _run([(name, pargs, kwargs)])[0]
        return iter(result) if name == "scan_iter" else result
    run.__name__ = name
    return run


def _run(commands: list[Command]) -> list[Any]:
    try:
        return current().host.stores.quick(commands)
    except QuickError as error:
        raise DAError(str(error)) from error


def _unknown(name: str) -> NoReturn:
    raise AttributeError(f"DARedis has no command {name!r} here. These are there: {', '.join(sorted(COMMANDS))}.")
