"""Interviews that come with the appliance, laid out as a docassemble package: ``data/questions``, modules beside."""

from __future__ import annotations

__all__: list[str] = []
