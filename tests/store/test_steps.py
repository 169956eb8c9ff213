"""Steps: read back as they were written, at the cost of what changed."""

from __future__ import annotations

import pickle
import random

import pytest

from appliance.store.errors import WrongKey
from appliance.store.sealing import new_key
from appliance.store.steps import FULL_EVERY, Step, StepRow, chain_start, close_step, is_full, open_steps


def _answers(random_numbers: random.Random, size: int) -> dict[str, str]:
    """Texts that do not compress well by themselves."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return {f"answer{number}": "".join(random_numbers.choices(letters, k=100)) for number in range(size // 115)}


def _chain(key: bytes, steps: list[Step]) -> list[StepRow]:
    rows, before = [], None
    for step in steps:
        rows.append(close_step("session", key, step, before))
        before = step
    return rows


@pytest.mark.parametrize("size", [2_000, 200_000, 2_000_000])
def test_a_small_change_to_large_answers_costs_little(size: int) -> None:
    """200 KB of answers: less than 2 KB a step; and every step is read back as it was."""
    numbers, key = random.Random(1), new_key()
    answers = _answers(numbers, size)
    steps = []
    for number in range(1, 6):
        answers[numbers.choice(list(answers))] = f"changed on step {number}"
        answers[f"new{number}"] = "added"
        frozen = pickle.dumps(answers, protocol=5)
        steps.append(Step(number, frozen, b"screen %d" % number, number, no_back=number == 3))
    rows = _chain(key, steps)
    assert all(len(row.sealed) < 2_000 for row in rows[1:])
    assert open_steps("session", key, rows) == {step.number: step for step in steps}


def test_every_twentieth_step_is_whole() -> None:
    """So reading a step takes a short chain, which starts at a full one."""
    full = [number for number in range(1, 50) if is_full(number)]
    assert full == [1, 1 + FULL_EVERY, 1 + 2 * FULL_EVERY]
    assert [chain_start(number) for number in (1, 2, 20, 21, 22, 41)] == [1, 1, 1, 21, 21, 41]


def test_steps_open_with_their_key_in_their_place_only() -> None:
    """Another session's key, another session, another number, a changed byte: WrongKey each."""
    key = new_key()
    [row] = _chain(key, [Step(1, b"answers", b"screen")])
    with pytest.raises(WrongKey):
        open_steps("session", new_key(), [row])
    with pytest.raises(WrongKey):
        open_steps("other", key, [row])
    with pytest.raises(WrongKey):
        open_steps("session", key, [StepRow("session", 2, full=True, callbacks=0, no_back=False, sealed=row.sealed)])
    changed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
    with pytest.raises(WrongKey):
        open_steps("session", key, [StepRow("session", 1, full=True, callbacks=0, no_back=False, sealed=changed)])
