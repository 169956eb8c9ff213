"""The interviews of the house: they show whatever people type, in every place where authors show such a thing."""

from __future__ import annotations

from tests.support.hostile import SCRIPTS

__all__ = ["ECHO", "INTERVIEWS", "KINDS", "PRIVATE", "PUBLIC", "REFUSING", "SCREENS", "SHARED"]

PRIVATE = "docassemble.hostile:data/questions/private.yml"
PUBLIC = "docassemble.hostile:data/questions/public.yml"
SHARED = "docassemble.hostile:data/questions/shared.yml"
ECHO = "docassemble.hostile:data/questions/echo.yml"

KINDS = {"text": "", "area": "    input type: area\n", "combobox": "    input type: combobox\n    choices: [a, b]\n",
         "datalist": "    input type: datalist\n    choices: [a, b]\n", "hidden": "    datatype: hidden\n",
         "password": "    datatype: password\n"}
"""Datatypes that take any text, with the lines that make a field one."""

REFUSING = ("email", "url", "date", "time", "number", "integer", "currency", "color")
"""Datatypes that refuse such a text, and show it again."""

SCREENS = ("First", "Second", "Third", "Fourth")

_NUMBERS = range(len(SCRIPTS))

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
  ${{ name }} ${{ paper }}

  % if paper:
  ${{ paper.url_for() }}
  % endif
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
    required: False
  - Paper: paper
    datatype: file
    required: False
"""


def _asking() -> str:
    """A screen for each datatype, with a field for each script."""
    screens = []
    for kind, lines in KINDS.items():
        fields = "".join(f"  - {kind} {n}: {kind}_{n}\n{lines}    required: False\n" for n in _NUMBERS)
        screens.append(f"question: Say {kind}\nfields:\n{fields}")
    refusing = "".join(f"  - {kind} {n}: {kind}_{n}\n    datatype: {kind}\n    required: False\n"
                       for kind in REFUSING for n in _NUMBERS)
    return "\n---\n".join([*screens, f"question: Say the rest\nfields:\n{refusing}"])


_ECHO = """
metadata:
  title: Echo
---
mandatory: True
code: |
  ASKED
  said = [WORDS]
  texts, areas = said[:100], said[100:200]
  session_tags().clear()
  for words in texts:
    session_tags().add(words)
  set_parts(title=texts[0], subtitle=texts[1], tab=texts[2], short=texts[3], logo=texts[4])
  seen_1
  seen_2
  seen_3
  last_screen
---
question: |
  First ${ said[5] }
subquestion: |
  % for words in said:
  * ${ words }

  % endfor
under: |
  ${ said[6] }
fields:
  - note: ${ said[7] }
continue button field: seen_1
---
question: |
  Second
subquestion: |
  % for words in texts:
  # ${ words }

  > ${ words }

  **${ words }** _${ words }_ `${ words }` [words](${ words }) ![words](${ words }) [TARGET ${ words }]
  [FILE ${ words }]
  [${ words }](/)

      ${ words }

  Name | Words
  -----|------
  a    | ${ words }

  ${ bold(words) } ${ comma_and_list(words, words) } ${ capitalize(words) } ${ title_case(words) }

  % endfor
continue button field: seen_2
---
question: |
  Third
fields:
  - code: |
      [{'label': texts[n], 'field': f'again[{n}]', 'hint': areas[n], 'help': texts[n], 'default': areas[n],
        'required': False} for n in range(100)]
  - note: |
      % for words in areas:
      <p>${ words }</p>
      % endfor
  - Which: which
    input type: radio
    required: False
    code: |
      [[words, words] for words in texts]
  - Many: many
    datatype: checkboxes
    required: False
    code: |
      [[words, words] for words in areas]
  - Chosen: chosen
    required: False
    code: |
      [[words, words] for words in texts]
help:
  label: ${ said[8] }
  content: |
    % for words in areas:
    ${ words }

    % endfor
continue button field: seen_3
---
code: |
  again = {}
---
question: |
  Fourth
field: last_screen
subquestion: |
  ${ action_button_html(url_action('x'), label=texts[0]) }
buttons:
  - code: |
      [[str(n), texts[n]] for n in range(100)]
"""


def _echo() -> str:
    names = [f"{kind}_{n}" for kind in KINDS for n in _NUMBERS]
    last = f"{REFUSING[-1]}_{_NUMBERS[-1]}"
    return (_ECHO.replace("ASKED", "; ".join([*names, last])).replace("WORDS", ", ".join(names))
            + "---\n" + _asking())


INTERVIEWS = {
    "private.yml": _SIMPLE.format(title="Private", shared=False),
    "public.yml": _SIMPLE.format(title="Public", shared=False),
    "shared.yml": _SIMPLE.format(title="Shared", shared=True),
    "echo.yml": _echo(),
}
"""File to text."""
