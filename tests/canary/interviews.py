"""Interviews that put what is typed wherever the appliance can put it."""

from __future__ import annotations

__all__ = ["ERRORS", "FORM", "HOW", "HOW_TASKS", "LETTERS", "MODULE", "NUMBERS", "PAPERS", "TASKS", "TYPED"]

# Field to datatype or input type, of those that take text.
LETTERS = {
    "a_text": "text", "an_area": "area", "a_raw": "raw", "a_password": "password", "an_email": "email",
    "a_url": "url", "a_datalist": "datalist", "a_combobox": "combobox", "a_hidden": "hidden"}
NUMBERS = {"an_integer": "integer", "a_number": "number", "an_amount": "currency"}

TYPED = (
    "logged", "told", "printed", "warned", "store_key", "stored", "shared_key", "shared", "everywhere", "redis_key",
    "redis_value", "hash_key", "listed", "record_key", "record", "snapshot", "tag", "title", "subtitle", "status",
    "flash", "file_name", "file",
    "mail_to", "mail_subject", "mail_body", "mail_attached", "argument", "task_log", "task_print",
    "task_file_name", "task_file", "task_store", "task_record", "task_redis", "task_mail", "progress", "result",
    "profile", "template", "global_value")
"""What is typed for one of these is put where it says, by the code below."""

_FIELDS = "".join(
    f"  - {name}: {name}\n" + (f"    input type: {kind}\n" if kind in {"area", "datalist", "combobox", "hidden"} else
                               f"    datatype: {kind}\n" if kind != "text" else "")
    + ("    choices:\n      - one\n      - two\n" if kind in {"datalist", "combobox"} else "")
    for name, kind in (LETTERS | NUMBERS).items()) + "".join(f"  - {name}: {name}\n" for name in TYPED)

FORM = f"""
modules:
  - .noisy
---
initial: True
code: |
  multi_user = True
  allow_cron = True
---
objects:
  - rounds: DAList.using(object_type=None, auto_gather=False, gathered=True)
  - own: DAStore
  - all_own: DAStore.using(base='interview')
  - world: DAStore.using(base='global')
  - quick: DARedis
  - counters: DAGlobal.using(base='interview', key='canaries')
---
template: letter
subject: |
  About ${{ template }}
content: |
  Dear ${{ template }}
---
mandatory: True
code: |
  [own, all_own, world, quick, counters, rounds]
  come_from = url_args.get('come_from', '')
  uploads = []
  results = []
---
mandatory: True
code: |
  while True:
    one = [{", ".join((*LETTERS, *NUMBERS, *TYPED))}]
    letter
    rounds.append(one)
    log(logged)
    noisy(told, printed, warned)
    own.set(store_key, stored)
    all_own.set(shared_key, [shared])
    world.set(everywhere, {{everywhere: everywhere}})
    quick.set_data(quick.key(redis_key), redis_value)
    quick.set(redis_key, redis_key)
    quick.hset('all', hash_key, hash_key)
    quick.rpush('list', listed)
    counters.value = global_value
    write_record(record_key, {{'it': record}})
    store_variables_snapshot({{'it': snapshot}}, key=snapshot)
    session_tags().add(tag)
    set_parts(title=title, subtitle=subtitle, short=title)
    set_status(it=status)
    set_info(it=status)
    paper = DAFile('paper')
    paper.initialize(filename=file_name + '.txt', content=file)
    paper.commit()
    send_email(to='"' + mail_to + '" <' + mail_to + '@example.org>', subject=mail_subject, body=mail_body,
               attachments=[paper])
    set_user_info(first_name=profile)
    letter_text = str(letter)
    background_action('work', 'flash', argument=argument, task_log=task_log, task_print=task_print,
                      file_name=task_file_name, file=task_file, store=task_store, record=task_record,
                      redis=task_redis, mail=task_mail, progress=progress, result=result, flash=flash)
    undefine({", ".join(repr(name) for name in (*LETTERS, *NUMBERS, *TYPED))}, 'letter')
---
event: work
code: |
  log(action_argument('task_log'))
  noisy(action_argument('task_print'), action_argument('task_print'), action_argument('task_print'))
  background_progress(0.5, action_argument('progress'))
  made = DAFile('made')
  made.initialize(filename=action_argument('file_name') + '.txt', content=action_argument('file'))
  all_own.set(action_argument('store'), action_argument('store'))
  write_record(action_argument('record'), action_argument('record'))
  quick.set_data(action_argument('redis'), action_argument('redis'))
  send_email(to='someone@example.org', subject=action_argument('mail'), body=action_argument('mail'))
  background_response_action('worked', result=action_argument('result'), flash=action_argument('flash'))
---
event: worked
code: |
  results.append(action_argument('result'))
  background_response(action_argument('flash'))
---
event: heard
code: |
  heard = action_argument('it')
  log(heard)
  background_response(heard)
---
event: linger
code: |
  background_action('lingering', it=action_argument('it'))
---
event: lingering
code: |
  made = DAFile('lingering')
  made.initialize(filename=action_argument('it') + '.txt', content=action_argument('it'))
  with open(made.path()) as opened:
    linger()
---
event: cron_daily
code: |
  log(rounds[-1][0])
  response('ran')
---
event: cron_weekly
code: |
  raise ValueError(rounds[-1][2])
---
question: |
  Round ${{ len(rounds) }}, ${{ len(results) }} results, from ${{ come_from }}
subquestion: |
  % if rounds:
  ${{ ' '.join(str(value) for value in rounds[-1]) }}
  % endif
  ${{ results[-1] if results else '' }}
fields:
{_FIELDS}"""
"""One form with all of it, answered again and again. What a scheduled event gives to ``response()`` is for cron.log, in
the clear, as docs/authors.md says: nothing that was typed belongs there.
"""

MODULE = """
import logging
import os
import sys
import time
import warnings

__all__ = ['noisy', 'linger']


def noisy(told, printed, warned):
    '''As packages in the wild do to find their mistakes.'''
    logging.getLogger('docassemble.canaries.noisy').warning('was told %s', told)
    logging.getLogger().error(told)
    logging.getLogger(told).error('a logger of this name')
    print(printed)
    print(printed, file=sys.stderr)
    os.write(1, printed.encode() + b'\\n')
    warnings.warn(warned, stacklevel=1)
    try:
        raise KeyError(warned)
    except KeyError:
        logging.getLogger('docassemble.canaries.noisy').exception('it failed: %s', warned)


def linger():
    time.sleep(600)
"""

ERRORS = """
modules:
  - .noisy
---
question: What is it?
fields:
  - It: it
  - How: how
---
mandatory: True
code: |
  if how == 'name':
    undefined_names[it]
  if how == 'value':
    raise ValueError('no such thing: ' + it)
  if how == 'key':
    {}[it]
  if how == 'chain':
    try:
      int(it)
    except ValueError as error:
      raise RuntimeError(it) from error
  if how == 'da':
    raise DAError(it)
  if how == 'mail':
    send_email(to=it, subject=it, body=it)
  if how == 'file':
    open('/no/such/' + it)
  if how == 'import':
    __import__(it)
  if how == 'encode':
    (it + chr(233)).encode('ascii')
  if how == 'save':
    thing = open(__file__) if it == 'x' else (letter for letter in it)
  if how == 'loop':
    validation_error(it)
  done
---
mandatory: True
question: Never
"""
"""Errors that quote what was typed."""

HOW = ("name", "value", "key", "chain", "da", "mail", "file", "import", "encode", "save", "loop")
HOW_TASKS = ("value", "key", "pickle", "other", "exit")
# Names that author code makes of what was typed are told as what they are: names of variables.

TASKS = """
question: What is it?
fields:
  - It: it
  - How: how
---
mandatory: True
code: |
  started = background_action('fail', 'refresh', it=it, how=how)
---
event: fail
code: |
  given, way = action_argument('it'), action_argument('how')
  background_error_action('failed', it=given)
  if way == 'value':
    raise ValueError(given)
  if way == 'key':
    {}[given]
  if way == 'pickle':
    background_response({given: lambda: given})
  if way == 'exit':
    import os
    os.write(2, given.encode())
    os._exit(3)
  raise RuntimeError(given)
---
event: failed
code: |
  problem = action_argument('it')
  background_response()
---
mandatory: True
question: It is working
"""
"""Tasks that fail with what was typed."""

PAPERS = """
modules:
  - .noisy
---
initial: True
code: |
  multi_user = True
---
mandatory: True
code: |
  mails = []
  papers = []
---
event: incoming_email
code: |
  log(action_argument('email').subject)
  background_response_action('save_email', email=action_argument('email'))
---
event: save_email
code: |
  mails.append(action_argument('email'))
  papers.append(action_argument('email').body_text.slurp())
  background_response()
---
mandatory: True
code: |
  while True:
    papers.append([(one.filename, one.slurp(auto_decode=False)) for one in paper])
    undefine('paper')
---
question: |
  Papers ${ len(papers) }, mails ${ len(mails) }: ${ interview_email(key='canaries') }
subquestion: |
  % for mail in mails:
  * ${ mail.subject } ${ [one.filename for one in mail.attachment] }
  % endfor
fields:
  - Paper: paper
    datatype: files
"""
"""Uploads, and mail that comes in."""
