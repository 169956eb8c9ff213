"""How a figure is shown: with its goal, and as a ratio against the baseline of the same run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

__all__ = ["Figure", "median_and_p95", "scaled"]


@dataclass(frozen=True)
class Figure:
    """One thing measured.

    :param goal: what the figure must not pass; None where there is only something to compare.
    :param better: which direction is good.
    """

    name: str
    value: float
    unit: str
    baseline: float
    goal: float | None = None
    better: Literal["less", "more"] = "less"

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.value <= self.goal if self.better == "less" else self.value >= self.goal

    def __str__(self) -> str:
        goal = "" if self.goal is None else f", goal {'≤' if self.better == 'less' else '≥'} {self.goal:g}"
        verdict = "" if self.goal is None else (" (met)" if self.met else " (MISSED)")
        return (f"{self.name}: {self.value:.4g} {self.unit}{goal}{verdict}; "
                f"{self.value / self.baseline:.2f} × the baseline's {self.baseline:.4g}")


def median_and_p95(values: Sequence[float]) -> tuple[float, float]:
    """The middle, and what 95 of 100 do not pass."""
    return median(values), quantiles(values, n=20)[-1]


def scaled(count: int) -> int:
    """How often something is done: less with ``BENCH_SCALE=0.1``, to see whether the benchmarks run at all."""
    return max(2, round(count * float(os.environ.get("BENCH_SCALE", "1"))))
