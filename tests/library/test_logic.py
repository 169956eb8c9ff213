"""Functions that look at variables by name and steer the interview, in interviews that run."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from appliance.interview.errors import CodeFailed
from appliance.interview.host import UserInfo
from appliance.interview.turn import SendNotice
from appliance.library.session import language_from_browser
from appliance.server.interview import parse_action
from tests.interview.talk import REFERENCE, Talk
from tests.memory_host import MemoryHost

END = """
        ---
        mandatory: True
        question: |
          ${ result }
"""


def result(code: str, host: MemoryHost | None = None) -> str:
    """What a code block leaves in `result`."""
    lines = "".join(f"          {line}\n" for line in code.strip().splitlines())
    return Talk(f"        mandatory: True\n        code: |\n{lines.rstrip()}{END}", host=host).question


def test_variables_by_name() -> None:
    assert result("""
define('fruit', 'apple')
box = DAObject('box')
define('box.size', 3)
found = [defined('fruit'), defined('box.size'), defined('box.color'), defined('nothing'), value('box.size')]
found += [showifdef('nothing', 'none'), showifdef('fruit'), showif('fruit', False, 'no'), showif('fruit', True)]
undefine('fruit', 'box.size', 'nothing')
found += [defined('fruit'), defined('box.size')]
result = '`' + repr(found) + '`'
""") == "[True, True, False, False, 3, 'none', 'apple', 'no', 'apple', False, False]"


def test_a_value_that_is_not_there_is_sought() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          result = value('fru' + 'it')
        ---
        question: Which fruit?
        fields:
          - Fruit: fruit""" + END)
    assert talk.question == "Which fruit?"
    talk.submit(fruit="pear")
    assert talk.question == "pear"


def test_a_menu_comes_back_until_it_is_left() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          dispatch('choice')
          result = repr([defined('choice'), defined('rocks'), defined('done')])
        ---
        question: Menu
        field: choice
        buttons:
          - Rocks: rocks
          - Go on: Null
        ---
        question: Rocks
        subquestion: You chose ${ choice }.
        field: rocks""" + END)
    for _ in range(2):
        talk.submit("Rocks")
        assert talk.screen.subquestion_html == "<p>You chose rocks.</p>"
        talk.submit()
        assert talk.question == "Menu"
    talk.submit("Go on")
    assert talk.question == "[False, False, False]"


def test_force_ask_asks_again_what_is_known() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          fruit = 'apple'
          asked = False
        ---
        mandatory: True
        code: |
          if not asked:
            asked = True
            force_ask('fruit', 'size')
          result = f"{size} {fruit}"
        ---
        question: Which fruit?
        fields:
          - Fruit: fruit
        ---
        question: Which size?
        fields:
          - Size: size""" + END)
    assert talk.question == "Which fruit?"
    talk.submit(fruit="pear")
    assert talk.question == "Which size?"
    talk.submit(size="big")
    assert talk.question == "big pear"


def test_reconsider_works_out_anew_once_a_turn() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          count = 0
        ---
        code: |
          count += 1
          total = count
        ---
        mandatory: True
        code: |
          total
          reconsider('total')
          reconsider('total')
          result = str(total)""" + END)
    assert talk.question == "2"


def test_refused_by_the_author() -> None:
    talk = Talk("""
        question: How many?
        fields:
          - Number: number
            datatype: integer
        validation code: |
          if number > 10:
            validation_error("It's too many", field='number')
        ---
        mandatory: True
        code: |
          result = str(number)""" + END)
    talk.submit(number="11")
    assert list(talk.errors.values()) == ["It's too many"]
    talk.submit(number="9")
    assert talk.question == "9"


def test_actions_and_their_addresses() -> None:
    """What url_action() writes, the server reads, and the action finds its arguments."""
    talk = Talk("""
        mandatory: True
        question: Menu
        subquestion: |
          ${ url_action('eat', fruit='äpfel', number=2) }
        ---
        event: eat
        code: |
          message(action_argument('fruit'), repr(action_arguments()['number']) + action_argument())
    """)
    from appliance.interview.markup import plain_text

    url = urlsplit(plain_text(talk.screen.subquestion_html))
    query = parse_qs(url.query)
    assert url.path == "/interview"
    assert query["i"] == [REFERENCE]
    assert query["session"] == ["session-in-memory"]
    name, arguments = parse_action(query["action"][0])
    talk.act(name, **arguments)
    assert talk.question == "äpfel"
    assert talk.screen.subquestion_html == "<p>2eat</p>"


@pytest.mark.parametrize(("code", "expected"), [
    ("interview_url()", "http://127.0.0.1:8080/interview?i=tests%3Adata%2Fquestions%2Fmain.yml&session=session-in-memory"),
    ("interview_url(local=True, i='a:b.yml', x=1)", "/interview?i=a%3Ab.yml&x=1"),
    ("interview_url(i='a:b.yml', session='S')", "http://127.0.0.1:8080/interview?i=a%3Ab.yml&session=S"),
    ("interview_url(i='other.yml', local=True)", "/interview?i=tests%3Adata%2Fquestions%2Fother.yml"),
    ("interview_url(i='a:b.yml', session='S', from_list=1, local=True)",
     "/interview?i=a%3Ab.yml&session=S&from_list=1"),
    ("interview_url(new_session=1, local=True)",
     "/interview?i=tests%3Adata%2Fquestions%2Fmain.yml&new_session=1"),
    ("interview_url(i='a:b.yml', reset='0', new_session=False, local=True)", "/interview?i=a%3Ab.yml"),
    ("interview_url(i='docassemble.demo:data/questions/questions.yml', style='short', x=1)",
     "http://127.0.0.1:8080/run/demo/questions?x=1"),
    ("interview_url(i='docassemble.demo:data/questions/short.yml', style='short', local=True)", "/run/brief"),
    ("interview_url(i='docassemble.demo:data/questions/short.yml', style='short_package', local=True)",
     "/run/demo/short"),
    ("interview_url(i='docassemble.demo:data/questions/examples/a.yml', style='short', local=True)",
     "/interview?i=docassemble.demo%3Adata%2Fquestions%2Fexamples%2Fa.yml"),
    ("interview_url_action('go', i='a:b.yml', local=True, new_session=True).partition('action=')[0]",
     "/interview?i=a%3Ab.yml&new_session=1&"),
    ("url_of('signin', next='/x')", "/user/sign-in?next=%2Fx"),
    ("url_of('login', next=interview_url(i='a:b.yml'))", "/user/sign-in?next=%2Finterview%3Fi%3Da%253Ab.yml"),
    ("url_of('login', next='https://elsewhere.org/')", "/user/sign-in?next=https%3A%2F%2Felsewhere.org%2F"),
    ("url_of('root', _external=True)", "http://127.0.0.1:8080/"),
    ("url_of('exit')", "/exit?i=tests%3Adata%2Fquestions%2Fmain.yml&session=session-in-memory"),
    ("url_of('docassemble.base:data/static/cow.jpg')", "/packagestatic/docassemble.base/cow.jpg"),
    ("url_of('cow.jpg')", "/packagestatic/tests/cow.jpg"),
    ("url_of('mailto:a@b.org', subject='Hi you')", "mailto:a@b.org?subject=Hi%20you"),
    ("action_menu_item('Review', 'review')['label']", "Review"),
    ("action_button_html('https://e.org', label='Go', icon='plus', size='md', color='primary')",
     ('<a href="https://e.org" class="btn btn-md btn-primary btn-darevisit" target="_blank" rel="noopener">'
      '<i class="fa-solid fa-plus" aria-hidden="true"></i> Go</a>')),
    ("action_button_html('#', id_tag='x', new_window=False)",
     '<a href="#" class="btn btn-sm btn-dark btn-darevisit" id="x" target="_self">Edit</a>'),
    ("user_info().email + user_info().package", "a@b.orgtests"),
    ("current_context().session + ' ' + current_context().filename",
     "session-in-memory tests:data/questions/main.yml"),
    ("user_logged_in(), user_privileges(), user_has_privilege(['admin', 'developer'])", "(True, ['admin'], True)"),
    ("interface(), device(ip=True), device().is_mobile, device().browser.family",
     "('web', '1.2.3.4', False, 'Firefox')"),
    ("language_from_browser(), language_from_browser('es', 'fr'), language_from_browser('de')", "('en', 'fr', None)"),
    ("get_config('colour'), get_config('nothing'), get_config('nothing', 1)", "('red', None, 1)"),
    ("str(today()), current_datetime(timezone='America/New_York').hour", "('November 23, 2026', 7)"),
    ("set_info(role='x'), get_info('role'), get_info('y')", "(None, 'x', None)"),
    ("url_of('playgroundmodules')",
     "url_of('playgroundmodules'): there is no Playground here; interviews come in packages"),
    ("url_of('nonsense')", "url_of() knows no page or file 'nonsense'"),
])
def test_what_functions_say_of_the_session(code: str, expected: str) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    host = MemoryHost(user=UserInfo(1, "a@b.org", privileges=("admin",)), settings={
        "colour": "red", "timezone": "UTC", "dispatch": {"brief": "docassemble.demo:data/questions/short.yml"}},
                      device={"ip": "1.2.3.4", "user_agent": agent, "languages": ["en-US", "fr;q=0.8"]})
    talk = Talk(f"""
        mandatory: True
        code: |
          try:
            result = str(({code}))
          except ValueError as error:
            result = str(error)
        ---
        mandatory: True
        question: Done
    """, host=host)
    assert talk.answers["result"] == expected


def test_parts_of_the_screen_stay_as_they_were_set() -> None:
    talk = Talk("""
        metadata:
          title: First
          short title: Short
        ---
        mandatory: True
        code: |
          set_parts(title='Second', exit_label='Off', date_format='yyyy')
          set_parts(short=None)
        ---
        mandatory: True
        question: ${ today() }
        field: seen
        ---
        mandatory: True
        question: End
    """)
    assert (talk.screen.title, talk.screen.exit_label, talk.question) == ("Second", "Off", "2026")
    talk.submit()
    assert talk.screen.title == "Second"
    assert talk.screen.short_title == "Short"


def test_a_language_is_forgotten_with_its_turn() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          set_language('es')
          first = get_language()
        ---
        mandatory: True
        question: Which?
        field: seen
        ---
        mandatory: True
        code: |
          result = first + get_language()""" + END)
    assert talk.screen.language == "es"
    talk.submit()
    assert talk.question == "esen"


def test_a_block_can_run_again_when_its_result_is_forgotten() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          count = 0
        ---
        id: counting
        mandatory: True
        code: |
          count += 1
        ---
        mandatory: True
        code: |
          if count < 3:
            forget_result_of('counting', 'nothing')
            re_run_logic()
          result = str(count)""" + END)
    assert talk.question == "3"


def test_all_variables_can_be_written_as_json() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          import datetime
          user = Individual('user', age=3)
          user.friend = user
          when = as_datetime('1/2/2020', timezone='UTC')
          found = all_variables()
          same = all_variables(simplify=False)['user'] is user
          copied = all_variables(simplify=False, make_copy=True)['user'] is user
          tags = sorted(all_variables(special='tags'))
        ---
        mandatory: True
        question: Done
    """)
    answers = talk.answers
    found = json.loads(json.dumps(answers["found"]))
    assert found["user"]["age"] == 3
    assert found["user"]["_class"] == "docassemble.base.util.Individual"
    assert found["when"] == "2020-01-02T00:00:00+00:00"
    assert "_internal" not in found
    assert (answers["same"], answers["copied"], answers["tags"]) == (True, False, [])


def test_saving_and_going_back() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          set_save_status('ignore')
          set_save_status('new')
          prevent_going_back()
        ---
        mandatory: True
        question: Done
    """)
    assert talk.outcome is not None
    assert talk.outcome.save == "ignore"
    assert talk.screen.can_go_back is False
    with pytest.raises(CodeFailed, match="set_save_status"):
        Talk("""
            mandatory: True
            code: |
              set_save_status('nonsense')
        """)


def test_log_lines_go_where_they_are_sent() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          log('to the log')
          log("it's", 'console')
          log('shown', 'success')
          log('go()', 'javascript')
        ---
        mandatory: True
        question: Done
    """)
    assert talk.host.logged == ["to the log"]
    assert talk.outcome is not None
    assert talk.outcome.effects == [
        SendNotice("javascript", 'console.log("it\'s");'),
        SendNotice("javascript", 'flash("shown", "success");'),
        SendNotice("javascript", "go()"),
    ]


def test_outside_an_interview_it_is_said() -> None:
    with pytest.raises(RuntimeError, match="only works while an interview runs"):
        language_from_browser()
