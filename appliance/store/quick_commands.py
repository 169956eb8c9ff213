"""The commands of DARedis: those of redis-py that interviews use, with its arguments and what it returns.

Each is a function of the values and its arguments. Texts and numbers become bytes on the way in, and bytes come out, as
from ``redis.StrictRedis()``. (redis-py's documentation is the reference, and Redis' own of what a command does.)
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from appliance.interview.stored import Command, QuickError
from appliance.store.quick_values import QuickValues

__all__ = ["COMMANDS", "READING", "as_bytes", "carry_out", "command", "reading"]

COMMANDS: dict[str, Callable[..., Any]] = {}
READING: set[str] = set()
"""Those that change nothing."""


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command under the function's name (without an underscore at its end)."""
    COMMANDS[function.__name__.rstrip("_")] = function
    return function


def reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command that changes nothing."""
    READING.add(function.__name__.rstrip("_"))
    return command(function)


def carry_out(values: QuickValues, one: Command) -> Any:
    """Run a command.

    :raises QuickError: if there is none of this name, its arguments are wrong, or it cannot be carried out.
    """
    name, arguments, options = one
    function = COMMANDS.get(name)
    if function is None:
        raise QuickError(f"DARedis has no command {name!r} here. These are there: {', '.join(sorted(COMMANDS))}.")
    try:
        return function(values, *arguments, **options)
    except (TypeError, ValueError, OverflowError) as error:
        # Of author's arguments: too few, too many, or not of a kind that can be used so.
        told = re.sub(r"^\w+\(\)", f"{name}()", str(error))
        raise QuickError(f"DARedis cannot carry out this {name}(): {told}.") from error


def as_bytes(value: Any) -> bytes:
    """A value or key as redis-py sends it.

    :raises QuickError: for what redis-py would refuse too.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise QuickError(f"DARedis keeps bytes, texts and numbers, and this is a {type(value).__name__}: use "
                         "set_data() and get_data() for it.")
    text = repr(value) if isinstance(value, float) else str(value)
    return text.encode("utf-8", "surrogatepass")


def seconds(time: Any) -> float:
    """A span of time, as a number of seconds or a timedelta."""
    return time.total_seconds() if isinstance(time, timedelta) else float(time)


def flattened(first: Any, others: tuple[Any, ...] = ()) -> list[Any]:
    """``'a', 'b'`` and ``['a', 'b']`` are the same."""
    group = first if isinstance(first, list | tuple | set | frozenset) else [first]
    return [*group, *others]


# -- keys ----------------------------------------------------------------------------------------------------


@command
def delete(values: QuickValues, *names: Any) -> int:
    return sum(values.drop(as_bytes(name)) for name in names)


unlink = delete
COMMANDS["unlink"] = delete


@reading
def exists(values: QuickValues, *names: Any) -> int:
    return sum(values.exists(as_bytes(name)) for name in names)


@reading
def type_(values: QuickValues, name: Any) -> bytes:
    return values.kind(as_bytes(name)).encode()


@command
def expire(values: QuickValues, name: Any, time: Any) -> bool:
    return values.expire(as_bytes(name), values.now + seconds(time))


@command
def pexpire(values: QuickValues, name: Any, time: Any) -> bool:
    after = time.total_seconds() if isinstance(time, timedelta) else float(time) / 1000
    return values.expire(as_bytes(name), values.now + after)


@command
def expireat(values: QuickValues, name: Any, when: Any) -> bool:
    at = when.timestamp() if isinstance(when, datetime) else float(when)
    return values.expire(as_bytes(name), at)


@command
def persist(values: QuickValues, name: Any) -> bool:
    key = as_bytes(name)
    return values.expires(key) is not None and values.expire(key, None)


@reading
def pttl(values: QuickValues, name: Any) -> int:
    key = as_bytes(name)
    if not values.exists(key):
        return -2
    at = values.expires(key)
    return -1 if at is None else round((at - values.now) * 1000)


@reading
def ttl(values: QuickValues, name: Any) -> int:
    left: int = pttl(values, name)
    return left if left < 0 else round(left / 1000)


@reading
def keys(values: QuickValues, pattern: Any = "*") -> list[bytes]:
    matches = _matching(pattern)
    return [key for key in values.keys() if matches(key)]  # noqa: SIM118 - not a dictionary


@reading
def scan(values: QuickValues, cursor: int = 0, match: Any = None, count: int | None = None,  # noqa: ARG001
         _type: str | None = None) -> tuple[int, list[bytes]]:
    """All at once: the cursor is always at its end."""
    found = keys(values, "*" if match is None else match)
    return 0, [key for key in found if _type is None or values.kind(key) == str(_type).lower()]


@reading
def scan_iter(values: QuickValues, match: Any = None, count: int | None = None,
              _type: str | None = None) -> list[bytes]:
    return list(scan(values, 0, match, count, _type)[1])


@command
def rename(values: QuickValues, src: Any, dst: Any) -> bool:
    before, after = as_bytes(src), as_bytes(dst)
    if not values.exists(before):
        raise QuickError("no such key")
    values.rename(before, after)
    return True


@reading
def ping(values: QuickValues) -> bool:  # noqa: ARG001 - as all commands
    return True


def _matching(pattern: Any) -> Callable[[bytes], bool]:
    """Redis' patterns: ``*``, ``?``, ``[abc]``, ``[^a]``, and a backslash before what is meant as it is."""
    text = as_bytes(pattern).decode("latin-1").replace("[^", "[!")
    text = re.sub(r"\\(.)", lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], text)
    expression = re.compile(fnmatch.translate(text), re.DOTALL)
    return lambda key: expression.match(key.decode("latin-1")) is not None


# -- strings -------------------------------------------------------------------------------------------------


@command
def set_(values: QuickValues, name: Any, value: Any, ex: Any = None, px: Any = None, nx: bool = False,
         xx: bool = False, keepttl: bool = False, get: bool = False, exat: Any = None, pxat: Any = None) -> Any:
    key, there = as_bytes(name), values.exists(as_bytes(name))
    before = values.get(key, "string") if get else None
    if (nx and there) or (xx and not there):
        return before if get else None
    at = values.expires(key) if keepttl else None
    if ex is not None:
        at = values.now + seconds(ex)
    elif px is not None:
        at = values.now + (px.total_seconds() if isinstance(px, timedelta) else float(px) / 1000)
    elif exat is not None:
        at = exat.timestamp() if isinstance(exat, datetime) else float(exat)
    elif pxat is not None:
        at = pxat.timestamp() if isinstance(pxat, datetime) else float(pxat) / 1000
    values.drop(key)
    values.put(key, "string", as_bytes(value))
    values.expire(key, at)
    return before if get else True


@command
def setex(values: QuickValues, name: Any, time: Any, value: Any) -> bool:
    return bool(set_(values, name, value, ex=time))


@command
def psetex(values: QuickValues, name: Any, time_ms: Any, value: Any) -> bool:
    return bool(set_(values, name, value, px=time_ms))


@command
def setnx(values: QuickValues, name: Any, value: Any) -> bool:
    return bool(set_(values, name, value, nx=True))


@reading
def get(values: QuickValues, name: Any) -> bytes | None:
    found: bytes | None = values.get(as_bytes(name), "string")
    return found


@command
def getset(values: QuickValues, name: Any, value: Any) -> Any:
    return set_(values, name, value, get=True)


@command
def getdel(values: QuickValues, name: Any) -> bytes | None:
    found: bytes | None = get(values, name)
    values.drop(as_bytes(name))
    return found


@reading
def mget(values: QuickValues, keys: Any, *args: Any) -> list[bytes | None]:
    wanted = [as_bytes(name) for name in flattened(keys, args)]
    return [values.get(key, "string") if values.kind(key) == "string" else None for key in wanted]


@command
def mset(values: QuickValues, mapping: dict[Any, Any]) -> bool:
    for name, value in mapping.items():
        set_(values, name, value)
    return True


@command
def append(values: QuickValues, key: Any, value: Any) -> int:
    joined = (get(values, key) or b"") + as_bytes(value)
    values.put(as_bytes(key), "string", joined)
    return len(joined)


@reading
def strlen(values: QuickValues, name: Any) -> int:
    return len(get(values, name) or b"")


@command
def incr(values: QuickValues, name: Any, amount: int = 1) -> int:
    key = as_bytes(name)
    number = _number(values.get(key, "string") or b"0") + int(amount)
    values.put(key, "string", str(number).encode())
    return number


COMMANDS["incrby"] = incr


@command
def decr(values: QuickValues, name: Any, amount: int = 1) -> int:
    return int(incr(values, name, -int(amount)))


COMMANDS["decrby"] = decr


@command
def incrbyfloat(values: QuickValues, name: Any, amount: float = 1.0) -> float:
    key = as_bytes(name)
    number = _sum(values.get(key, "string"), amount)
    values.put(key, "string", as_bytes(number))
    return number


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise QuickError("value is not an integer or out of range") from error


def _sum(text: bytes | None, amount: float) -> float:
    try:
        number = float(text or b"0") + float(amount)
    except ValueError as error:
        raise QuickError("value is not a valid float") from error
    if not math.isfinite(number):   # and would stay so for ever
        raise QuickError("increment would produce NaN or Infinity")
    return number


# -- hashes --------------------------------------------------------------------------------------------------


def _hash(values: QuickValues, name: Any) -> dict[bytes, bytes]:
    return values.get(as_bytes(name), "hash") or {}


@command
def hset(values: QuickValues, name: Any, key: Any = None, value: Any = None, mapping: dict[Any, Any] | None = None,
         items: list[Any] | None = None) -> int:
    pairs = dict(mapping or {})
    if items:
        pairs.update(zip(items[::2], items[1::2], strict=True))
    if key is not None:
        pairs[key] = value
    if not pairs:
        raise QuickError("'hset' with no key value pairs")
    fields = _hash(values, name)
    new = {as_bytes(one): as_bytes(what) for one, what in pairs.items()}
    added = len(new.keys() - fields.keys())
    values.put(as_bytes(name), "hash", fields | new)
    return added


@command
def hmset(values: QuickValues, name: Any, mapping: dict[Any, Any]) -> bool:
    hset(values, name, mapping=mapping)
    return True


@command
def hsetnx(values: QuickValues, name: Any, key: Any, value: Any) -> int:
    return 0 if hexists(values, name, key) else int(hset(values, name, key, value))


@reading
def hget(values: QuickValues, name: Any, key: Any) -> bytes | None:
    return _hash(values, name).get(as_bytes(key))


@reading
def hmget(values: QuickValues, name: Any, keys: Any, *args: Any) -> list[bytes | None]:
    fields = _hash(values, name)
    return [fields.get(as_bytes(key)) for key in flattened(keys, args)]


@reading
def hgetall(values: QuickValues, name: Any) -> dict[bytes, bytes]:
    return _hash(values, name)


@reading
def hkeys(values: QuickValues, name: Any) -> list[bytes]:
    return list(_hash(values, name))


@reading
def hvals(values: QuickValues, name: Any) -> list[bytes]:
    return list(_hash(values, name).values())


@reading
def hlen(values: QuickValues, name: Any) -> int:
    return len(_hash(values, name))


@reading
def hexists(values: QuickValues, name: Any, key: Any) -> bool:
    return as_bytes(key) in _hash(values, name)


@command
def hdel(values: QuickValues, name: Any, *keys: Any) -> int:
    fields, gone = _hash(values, name), {as_bytes(key) for key in keys}
    left = {key: value for key, value in fields.items() if key not in gone}
    values.put(as_bytes(name), "hash", left)
    return len(fields) - len(left)


@command
def hincrby(values: QuickValues, name: Any, key: Any, amount: int = 1) -> int:
    number = _number(hget(values, name, key) or b"0") + int(amount)
    hset(values, name, key, number)
    return number


@command
def hincrbyfloat(values: QuickValues, name: Any, key: Any, amount: float = 1.0) -> float:
    number = _sum(hget(values, name, key), amount)
    hset(values, name, key, number)
    return number
