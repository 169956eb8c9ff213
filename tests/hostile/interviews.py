"""The interviews of the house: they show whatever people type, in every place where authors show such a thing."""

from __future__ import annotations

__all__ = ["ECHO", "INTERVIEWS", "PRIVATE", "PUBLIC", "SHARED"]

PRIVATE = "docassemble.hostile:data/questions/private.yml"
PUBLIC = "docassemble.hostile:data/questions/public.yml"
SHARED = "docassemble.hostile:data/questions/shared.yml"
ECHO = "docassemble.hostile:data/questions/echo.yml"

_SIMPLE = """
metadata:
  title: {title}
---
mandatory: True
code: |
  multi_user = {shared}
---
mandatory: True
question: |
  Done
subquestion: |
  ${{ paper }}
---
event: talk
code: |
  log(action_argument('words'), 'info')
---
event: fail
code: |
  raise Exception(action_argument('words'))
---
event: explain
code: |
  message(action_argument('words'), action_argument('words'))
---
question: |
  Say something
fields:
  - Name: name
  - Paper: paper
    datatype: file
"""

_ECHO = """
metadata:
  title: Echo
---
objects:
  - said: DADict.using(object_type=None, auto_gather=False, gathered=True, there_are_any=True)
---
mandatory: True
code: |
  set_parts(title=url_args.get('title', 'Echo'), short=url_args.get('title', 'Echo'))
  names = [f"said['{kind}{n}']" for kind in KINDS for n in range(100)]
  for name in names:
    if not defined(name):
      value(name)
  add_tags
  first_screen
  second_screen
  third_screen
---
code: |
  KINDS = ['text', 'area', 'combobox', 'datalist', 'hidden', 'email', 'password', 'url', 'checkboxes', 'dropdown']
---
code: |
  session_tags().clear()
  for n in range(100):
    session_tags().add(said[f'text{n}'])
  add_tags = True
---
question: |
  Say something
fields:
  - code: |
      [{'label': f'{kind} {n}', 'field': f"said['{kind}{n}']", 'required': False,
        **({'datatype': kind} if kind != 'checkboxes' else {'datatype': 'checkboxes', 'choices': ['a', 'b']}),
        **({'choices': ['a', 'b']} if kind in ('combobox', 'datalist', 'dropdown') else {})}
       for kind in KINDS for n in range(100)]
sets: said['text0']
generic object: DADict
---
question: |
  First ${ said['text0'] }
subquestion: |
  % for name, words in sorted(said.items()):
  * ${ words }
  % endfor

  % for name, words in sorted(said.items()):
  # ${ words }

  Name | Words
  -----|------
  ${ name } | ${ words }

  > ${ words }

  `${ words }`

  [a link](${ words })

  **${ words }** [TARGET ${ words }]

  % endfor
under: |
  ${ said['text1'] }
field: first_screen
buttons:
  - code: |
      [{str(n): said[f'text{n}']} for n in range(100)]
---
question: |
  Second
fields:
  - code: |
      [{'label': said[f'text{n}'], 'field': f'again[{n}]', 'hint': said[f'area{n}'], 'help': said[f'text{n}'],
        'default': said[f'area{n}'], 'required': False} for n in range(100)]
  - note: |
      % for n in range(100):
      <p>${ said[f'area{n}'] }</p>
      % endfor
  - Which: second_screen
    datatype: radio
    required: False
    code: |
      [[said[f'text{n}'], said[f'text{n}']] for n in range(100)]
  - Many: many
    datatype: checkboxes
    required: False
    code: |
      [[said[f'text{n}'], said[f'area{n}']] for n in range(100)]
  - Chosen: chosen
    datatype: dropdown
    required: False
    code: |
      [[said[f'text{n}'], said[f'area{n}']] for n in range(100)]
help:
  label: ${ said['text2'] }
  content: |
    % for n in range(100):
    ${ said[f'text{n}'] }

    % endfor
---
code: |
  again = {}
---
event: third_screen
question: |
  Third
"""

INTERVIEWS = {
    "private.yml": _SIMPLE.format(title="Private", shared=False),
    "public.yml": _SIMPLE.format(title="Public", shared=False),
    "shared.yml": _SIMPLE.format(title="Shared", shared=True),
}
"""File to text."""
