"""The commands of DARedis on lists, sets and sorted sets (:mod:`appliance.store.quick_commands`)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from appliance.interview.stored import QuickError
from appliance.store.quick_commands import as_bytes, command, flattened, reading
from appliance.store.quick_values import QuickValues

__all__: list[str] = []

_MOST_DRAWN = 100_000
"""Members that may be drawn at once where each may come again: nobody else gets to the store meanwhile."""

# -- lists ---------------------------------------------------------------------------------------------------


def _list(values: QuickValues, name: Any) -> list[bytes]:
    return values.get(as_bytes(name), "list") or []


@command
def rpush(values: QuickValues, name: Any, *items: Any) -> int:
    joined = [*_list(values, name), *(as_bytes(item) for item in items)]
    values.put(as_bytes(name), "list", joined)
    return len(joined)


@command
def lpush(values: QuickValues, name: Any, *items: Any) -> int:
    joined = [*(as_bytes(item) for item in reversed(items)), *_list(values, name)]
    values.put(as_bytes(name), "list", joined)
    return len(joined)


@command
def rpushx(values: QuickValues, name: Any, *items: Any) -> int:
    return int(rpush(values, name, *items)) if _list(values, name) else 0


@command
def lpushx(values: QuickValues, name: Any, *items: Any) -> int:
    return int(lpush(values, name, *items)) if _list(values, name) else 0


@command
def lpop(values: QuickValues, name: Any, count: int | None = None) -> bytes | list[bytes] | None:
    items, taken = _list(values, name), _how_many(count)
    return _popped(values, name, items[:taken], items[taken:], count)


@command
def rpop(values: QuickValues, name: Any, count: int | None = None) -> bytes | list[bytes] | None:
    items = _list(values, name)
    left = max(len(items) - _how_many(count), 0)
    return _popped(values, name, items[left:][::-1], items[:left], count)


def _how_many(count: int | None) -> int:
    """:raises QuickError: if it is less than nothing."""
    if count is not None and count < 0:
        raise QuickError("value is out of range, must be positive")
    return 1 if count is None else count


def _popped(values: QuickValues, name: Any, taken: list[bytes], left: list[bytes],
            count: int | None) -> bytes | list[bytes] | None:
    if not taken:
        return None
    values.put(as_bytes(name), "list", left)
    return taken[0] if count is None else taken


@command
def rpoplpush(values: QuickValues, src: Any, dst: Any) -> bytes | None:
    item = rpop(values, src)
    if isinstance(item, bytes):
        lpush(values, dst, item)
        return item
    return None


@reading
def llen(values: QuickValues, name: Any) -> int:
    return len(_list(values, name))


@reading
def lrange(values: QuickValues, name: Any, start: int, end: int) -> list[bytes]:
    return _span(_list(values, name), start, end)


@reading
def lindex(values: QuickValues, name: Any, index: int) -> bytes | None:
    items = _list(values, name)
    return items[index] if -len(items) <= index < len(items) else None


@command
def lset(values: QuickValues, name: Any, index: int, value: Any) -> bool:
    items = _list(values, name)
    if not -len(items) <= index < len(items):
        raise QuickError("index out of range" if items else "no such key")
    items[index] = as_bytes(value)
    values.put(as_bytes(name), "list", items)
    return True


@command
def ltrim(values: QuickValues, name: Any, start: int, end: int) -> bool:
    values.put(as_bytes(name), "list", _span(_list(values, name), start, end))
    return True


@command
def lrem(values: QuickValues, name: Any, count: int, value: Any) -> int:
    """`count` of them from the left, from the right if it is negative, all if it is 0."""
    items, wanted = _list(values, name), as_bytes(value)
    places = [place for place, item in enumerate(items) if item == wanted]
    if count:
        places = places[:count] if count > 0 else places[count:]
    gone = set(places)
    values.put(as_bytes(name), "list", [item for place, item in enumerate(items) if place not in gone])
    return len(gone)


@command
def linsert(values: QuickValues, name: Any, where: str, refvalue: Any, value: Any) -> int:
    items, wanted = _list(values, name), as_bytes(refvalue)
    if not items:
        return 0
    if wanted not in items:
        return -1
    items.insert(items.index(wanted) + (0 if str(where).lower() == "before" else 1), as_bytes(value))
    values.put(as_bytes(name), "list", items)
    return len(items)


def _span(items: list[Any], start: int, end: int) -> list[Any]:
    """Redis counts the end too, and what lies before the beginning is nothing."""
    first, last = (len(items) + place if place < 0 else place for place in (start, end))
    return items[max(first, 0):max(last + 1, 0)]


# -- sets ----------------------------------------------------------------------------------------------------


def _set(values: QuickValues, name: Any) -> set[bytes]:
    return values.get(as_bytes(name), "set") or set()


@command
def sadd(values: QuickValues, name: Any, *members: Any) -> int:
    there = _set(values, name)
    joined = there | {as_bytes(member) for member in members}
    values.put(as_bytes(name), "set", joined)
    return len(joined) - len(there)


@command
def srem(values: QuickValues, name: Any, *members: Any) -> int:
    there = _set(values, name)
    left = there - {as_bytes(member) for member in members}
    values.put(as_bytes(name), "set", left)
    return len(there) - len(left)


@reading
def smembers(values: QuickValues, name: Any) -> set[bytes]:
    return _set(values, name)


@reading
def sismember(values: QuickValues, name: Any, value: Any) -> bool:
    return as_bytes(value) in _set(values, name)


@reading
def scard(values: QuickValues, name: Any) -> int:
    return len(_set(values, name))


@command
def spop(values: QuickValues, name: Any, count: int | None = None) -> bytes | list[bytes] | None:
    there = sorted(_set(values, name))
    taken = random.sample(there, min(_how_many(count), len(there)))
    values.put(as_bytes(name), "set", set(there) - set(taken))
    if count is not None:
        return taken
    return taken[0] if taken else None


@reading
def srandmember(values: QuickValues, name: Any, number: int | None = None) -> bytes | list[bytes] | None:
    there = sorted(_set(values, name))
    if number is not None and number < -_MOST_DRAWN:
        raise QuickError("value is out of range")
    if number is not None and not there:
        return []
    if number is not None:
        return random.sample(there, min(number, len(there))) if number >= 0 else random.choices(there, k=-number)
    return random.choice(there) if there else None


@reading
def sunion(values: QuickValues, keys: Any, *args: Any) -> set[bytes]:
    return set().union(*(_set(values, key) for key in flattened(keys, args)))


@reading
def sinter(values: QuickValues, keys: Any, *args: Any) -> set[bytes]:
    first, *others = [_set(values, key) for key in flattened(keys, args)]
    return first.intersection(*others)


@reading
def sdiff(values: QuickValues, keys: Any, *args: Any) -> set[bytes]:
    first, *others = [_set(values, key) for key in flattened(keys, args)]
    return first.difference(*others)


# -- sorted sets ---------------------------------------------------------------------------------------------


def _scores(values: QuickValues, name: Any) -> dict[bytes, float]:
    return values.get(as_bytes(name), "zset") or {}


def _sorted(values: QuickValues, name: Any) -> list[tuple[bytes, float]]:
    return sorted(_scores(values, name).items(), key=lambda pair: (pair[1], pair[0]))


@command
def zadd(values: QuickValues, name: Any, mapping: dict[Any, Any], nx: bool = False, xx: bool = False,
         ch: bool = False, incr: bool = False) -> int | float:
    scores = _scores(values, name)
    new = {as_bytes(member): float(score) for member, score in mapping.items()
           if not (nx and as_bytes(member) in scores) and not (xx and as_bytes(member) not in scores)}
    if incr:
        new = {member: scores.get(member, 0.0) + score for member, score in new.items()}
    if any(math.isnan(score) for score in new.values()):   # which is before and after all others
        raise QuickError("resulting score is not a number (NaN)")
    added = len(new.keys() - scores.keys())
    changed = sum(scores.get(member) != score for member, score in new.items())
    values.put(as_bytes(name), "zset", scores | new)
    if incr:
        return next(iter(new.values()), 0.0)
    return changed if ch else added


@command
def zincrby(values: QuickValues, name: Any, amount: float, value: Any) -> float:
    return float(zadd(values, name, {value: amount}, incr=True))


@command
def zrem(values: QuickValues, name: Any, *members: Any) -> int:
    scores = _scores(values, name)
    gone = scores.keys() & {as_bytes(member) for member in members}
    values.put(as_bytes(name), "zset", {member: score for member, score in scores.items() if member not in gone})
    return len(gone)


@reading
def zscore(values: QuickValues, name: Any, value: Any) -> float | None:
    return _scores(values, name).get(as_bytes(value))


@reading
def zcard(values: QuickValues, name: Any) -> int:
    return len(_scores(values, name))


@reading
def zrank(values: QuickValues, name: Any, value: Any) -> int | None:
    members = [member for member, _ in _sorted(values, name)]
    return members.index(as_bytes(value)) if as_bytes(value) in members else None


@reading
def zrevrank(values: QuickValues, name: Any, value: Any) -> int | None:
    place = zrank(values, name, value)
    return None if place is None else len(_scores(values, name)) - 1 - place


@reading
def zrange(values: QuickValues, name: Any, start: int, end: int, desc: bool = False, withscores: bool = False,
           score_cast_func: Callable[[float], Any] = float) -> list[Any]:
    pairs = _sorted(values, name)
    return _members(_span(pairs[::-1] if desc else pairs, start, end), withscores, score_cast_func)


@reading
def zrevrange(values: QuickValues, name: Any, start: int, end: int, withscores: bool = False,
              score_cast_func: Callable[[float], Any] = float) -> list[Any]:
    return list(zrange(values, name, start, end, True, withscores, score_cast_func))


@reading
def zrangebyscore(values: QuickValues, name: Any, min: Any, max: Any,  # noqa: A002 - redis-py's names
                  start: int | None = None, num: int | None = None, withscores: bool = False,
                  score_cast_func: Callable[[float], Any] = float) -> list[Any]:
    pairs = [pair for pair in _sorted(values, name) if _between(pair[1], min, max)]
    if start is not None and num is not None:
        pairs = pairs[start:] if num < 0 else pairs[start:start + num]
    return _members(pairs, withscores, score_cast_func)


@reading
def zcount(values: QuickValues, name: Any, min: Any, max: Any) -> int:  # noqa: A002 - redis-py's names
    return sum(_between(score, min, max) for score in _scores(values, name).values())


@command
def zremrangebyscore(values: QuickValues, name: Any, min: Any, max: Any) -> int:  # noqa: A002 - redis-py's names
    scores = _scores(values, name)
    left = {member: score for member, score in scores.items() if not _between(score, min, max)}
    values.put(as_bytes(name), "zset", left)
    return len(scores) - len(left)


def _members(pairs: list[tuple[bytes, float]], withscores: bool, cast: Callable[[float], Any]) -> list[Any]:
    return [(member, cast(score)) for member, score in pairs] if withscores else [member for member, _ in pairs]


def _between(score: float, least: Any, most: Any) -> bool:
    """``(5`` leaves 5 itself out; ``-inf`` and ``+inf`` are all there is."""
    low, high = as_bytes(least).decode(), as_bytes(most).decode()
    above = score > float(low[1:]) if low.startswith("(") else score >= float(low)
    below = score < float(high[1:]) if high.startswith("(") else score <= float(high)
    return above and below and not math.isnan(score)
