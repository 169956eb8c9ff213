"""Interviews that come with the appliance, laid out as a docassemble package: ``data/questions``, modules beside."""

from __future__ import annotations

__all__ = ["DEMO"]

DEMO = "appliance.interviews:data/questions/eviction_answer.yml"
"""The one that shows what the appliance can do."""
