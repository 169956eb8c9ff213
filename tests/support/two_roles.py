"""An interview for two people: a client says what happened, an advocate gives an opinion, and both read it."""

from __future__ import annotations

__all__ = ["OPINION"]

OPINION = """
default role: client
code: |
  multi_user = True
  role = 'advocate' if user_has_privilege('advocate') else 'client'
---
mandatory: True
code: |
  facts
  opinion
  letter
---
question: What happened?
fields:
  - Facts: facts
---
role: advocate
question: |
  ${ user_info().email }, what do you think of "${ facts }"?
fields:
  - Opinion: opinion
---
event: letter
role: [client, advocate]
question: The opinion is ${ opinion }
---
event: role_event
question: |
  Waiting for the ${ ' or the '.join(role_needed) }
"""
