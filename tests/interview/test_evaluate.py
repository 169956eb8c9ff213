"""How an interview is run: what is asked, in which order, and what comes of the answers."""

from __future__ import annotations

import pytest

from appliance.interview.errors import CodeFailed, EndlessLoop, NoEnd, UnknownVariable
from appliance.interview.turn import BackgroundAnswer, FollowUp, Goodbye, StartTask
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost

FRUIT = """
    question: What fruit?
    fields:
      - Fruit: fruit
    ---
    mandatory: True
    question: You like ${ fruit }.
"""


def test_a_missing_name_leads_to_its_question_and_then_on() -> None:
    talk = Talk(FRUIT)
    assert talk.question == "What fruit?"
    talk.submit(fruit="figs")
    assert talk.question == "You like figs."
    assert talk.outcome is not None
    assert talk.outcome.save == "new"


def test_the_last_block_that_offers_a_name_is_used_first() -> None:
    talk = Talk(
        FRUIT
        + """
    ---
    question: Which one?
    fields:
      - Fruit: fruit
    """
    )
    assert talk.question == "Which one?"


def test_a_name_in_a_branch_that_is_not_reached_is_not_asked() -> None:
    talk = Talk("""
        mandatory: True
        question: |
          % if False:
          ${ never }
          % endif
          Done
    """)
    assert talk.question == "Done"


def test_code_runs_until_it_has_what_it_needs() -> None:
    talk = Talk("""
        code: |
          total = apples + pears
        ---
        question: Apples?
        fields:
          - no label: apples
            datatype: integer
        ---
        question: Pears?
        fields:
          - no label: pears
            datatype: integer
        ---
        mandatory: True
        question: ${ total } pieces
    """)
    assert talk.question == "Apples?"
    talk.submit(apples="2")
    assert talk.question == "Pears?"
    talk.submit(pears="1")
    assert talk.question == "3 pieces"


def test_a_block_whose_if_is_false_is_passed_over() -> None:
    talk = Talk("""
        question: Old way?
        fields: [{X: x_value}]
        ---
        if: new_way
        question: New way?
        fields: [{X: x_value}]
        ---
        code: new_way = False
        ---
        mandatory: True
        question: Done ${ x_value }
    """)
    assert talk.question == "Old way?"


def test_mandatory_questions_are_asked_once_in_order() -> None:
    talk = Talk("""
        mandatory: True
        question: One
        field: one
        ---
        mandatory: True
        question: Two
        field: two
        ---
        mandatory: True
        question: End
    """)
    seen = [talk.question]
    for _ in range(2):
        talk.submit()
        seen.append(talk.question)
    assert seen == ["One", "Two", "End"]


def test_a_mandatory_expression_decides_and_may_need_a_question() -> None:
    text = """
        mandatory: |
          food == "apples"
        question: Good taste.
        buttons:
          - Continue: continue
        ---
        mandatory: True
        question: Thanks.
        ---
        question: What food?
        fields:
          - no label: food
    """
    talk = Talk(text)
    talk.submit(food="apples")
    assert talk.question == "Good taste."
    talk.submit("Continue")
    assert talk.question == "Thanks."
    talk = Talk(text)
    talk.submit(food="turnips")
    assert talk.question == "Thanks."


def test_initial_code_runs_once_in_every_turn() -> None:
    talk = Talk("""
        mandatory: True
        code: count = 0
        ---
        initial: True
        code: |
          if defined('count'):
            count += 1
        ---
        mandatory: True
        question: One
        field: one
        ---
        mandatory: True
        question: Seen ${ count }
    """)
    talk.submit()
    assert talk.question == "Seen 2"


def test_buttons_with_code_and_with_questions_inside() -> None:
    talk = Talk("""
        question: Colour?
        buttons:
          - Red:
              question: Dark or light?
              field: colour
              buttons:
                - Dark red
                - Light red
          - Green:
              code: colour = "green"
        ---
        mandatory: True
        question: It is ${ colour }.
    """)
    talk.submit("Red")
    assert talk.question == "Dark or light?"
    talk.submit("Dark red")
    assert talk.question == "It is Dark red."
    other = Talk(talk.interview.sources.read("tests:data/questions/main.yml").text)
    other.submit("Green")
    assert other.question == "It is green."


@pytest.mark.parametrize("style", ["buttons", "choices", "dropdown"])
def test_a_question_with_a_field_may_hold_questions_and_code_too(style: str) -> None:
    text = f"""
        mandatory: True
        question: It is ${{ size }}.
        ---
        question: Size?
        field: size
        {style}:
          - Small: small
          - Other:
              question: Which?
              fields:
                - Size: size
          - Any:
              code: size = "any"
    """

    def pick(label: str) -> Talk:
        talk = Talk(text)
        if style == "buttons":
            talk.submit(label)
        else:
            talk.choose(next(c.key for c in talk.screen.fields[0].choices if c.label_html == label))
        return talk

    assert pick("Small").question == "It is small."
    assert pick("Any").question == "It is any."
    talk = pick("Other")
    assert talk.question == "Which?"
    talk.submit(size="huge")
    assert talk.question == "It is huge."


def test_a_mandatory_question_is_done_when_the_question_inside_it_is() -> None:
    talk = Talk("""
        id: outer
        mandatory: True
        question: Which way?
        buttons:
          - Long:
              question: How far?
              fields:
                - Far: far
          - Short:
              code: far = "near"
        ---
        mandatory: True
        question: ${ far }
        ---
        event: once_more
        code: |
          forget_result_of('outer')
          undefine('far')
    """)
    talk.submit("Long")
    talk.submit(far="a mile")
    assert talk.question == "a mile"
    talk.act("once_more")
    talk.submit("Long")
    assert talk.question == "How far?"
    talk.submit(far="two miles")
    assert talk.question == "two miles"


def test_a_choice_to_continue_passes_the_question_over() -> None:
    talk = Talk("""
        question: Plain?
        yesno: wants
        ---
        question: Fancy?
        choices:
          - "Yes, fancy":
              question: Shall we dance?
              yesno: wants
          - "No": continue
        ---
        mandatory: True
        question: ${ wants }
    """)
    talk.choose("1")
    assert talk.question == "Plain?"


@pytest.mark.parametrize(("word", "kind"), [("exit", "exit"), ("leave", "leave"), ("restart", "restart")])
def test_special_buttons_end_the_visit(word: str, kind: str) -> None:
    talk = Talk(f"mandatory: True\nquestion: Bye\nbuttons:\n  - Go: {word}\n")
    ending = talk.submit("Go")
    assert isinstance(ending, Goodbye)
    assert ending.kind == kind


def test_generic_objects_and_iterators_name_the_real_variables() -> None:
    talk = Talk(
        """
        objects:
          - people: DAList.using(object_type=Individual, there_are_any=True)
        ---
        generic object: Individual
        question: The ${ ordinal(i) } name of ${ x.instanceName }?
        fields:
          - Name: x.name.first
        ---
        question: Another?
        yesno: people.there_is_another
        ---
        mandatory: True
        question: ${ comma_and_list(p.name.first for p in people) }
    """.replace("The ${ ordinal(i) } name", "The name")
    )
    assert talk.question == "The name of people[0]?"
    assert talk.screen.fields[0].variable == "people[0].name.first"
    talk.post({talk.screen.fields[0].html_name: ["Ann"]})
    assert talk.question == "Another?"
    talk.submit("Yes")
    assert talk.question == "The name of people[1]?"


def test_an_iterator_block_is_used_for_every_item() -> None:
    talk = Talk("""
        objects:
          - fruits: DAList
        ---
        question: The ${ ordinal(i) } fruit?
        fields:
          - Fruit: fruits[i]
        ---
        question: Any?
        yesno: fruits.there_are_any
        ---
        question: More?
        yesno: fruits.there_is_another
        ---
        mandatory: True
        question: ${ fruits }
    """)
    talk.submit("Yes")
    assert talk.question == "The first fruit?"
    talk.post({talk.screen.fields[0].html_name: ["fig"]})
    talk.submit("Yes")
    assert talk.question == "The second fruit?"
    talk.post({talk.screen.fields[0].html_name: ["plum"]})
    talk.submit("No")
    assert talk.question == "fig and plum"


def test_a_circle_of_needs_is_an_error_that_names_them() -> None:
    with pytest.raises(EndlessLoop, match="Variables in stack are bar, foo"):
        Talk("""
            question: foo given ${ bar }?
            fields: [{Foo: foo}]
            ---
            question: bar given ${ foo }?
            fields: [{Bar: bar}]
            ---
            mandatory: True
            question: ${ foo }
        """)


def test_an_interview_without_an_end_says_so() -> None:
    with pytest.raises(NoEnd, match="finished executing all code blocks"):
        Talk("question: Hello\nfields: [{X: y}]\n")


def test_a_name_that_nothing_offers_is_told_with_its_place() -> None:
    with pytest.raises(UnknownVariable, match="'planet' that could not be looked up") as caught:
        Talk("mandatory: True\nquestion: |\n  Hello\n\n  ${ planet }\n")
    assert caught.value.line == 5
    assert caught.value.variables == ("planet",)


def test_a_failure_in_code_names_file_and_line_and_type() -> None:
    with pytest.raises(CodeFailed) as caught:
        Talk("mandatory: True\ncode: |\n  a = 1\n  b = a / 0\n")
    assert caught.value.error_type == "ZeroDivisionError"
    assert (caught.value.file, caught.value.line) == ("tests:data/questions/main.yml", 4)


def test_reconsider_computes_anew_at_every_screen() -> None:
    talk = Talk("""
        code: cans = cats * 4
        reconsider: True
        ---
        question: A neighbour's cat? ${ cans }
        buttons:
          - "Yes":
              code: |
                cats = cats + 1
                neighbour = True
          - "No":
              code: neighbour = False
        ---
        question: Cats?
        fields:
          - no label: cats
            datatype: integer
        ---
        mandatory: True
        question: ${ neighbour } ${ cans }
    """)
    talk.submit(cats="2")
    assert talk.question == "A neighbour’s cat? 8"
    talk.submit("Yes")
    assert talk.question == "True 12"


def test_what_a_block_reconsiders_is_worked_out_before_it_is_used() -> None:
    talk = Talk("""
        mandatory: True
        code: |
          total = "none"
          size
          final
        ---
        code: |
          total = f"{red} red"
        ---
        reconsider:
          - total
        question: Which size?
        fields:
          - Size: size
        ---
        question: How many?
        fields:
          - Red: red
        ---
        event: final
        question: ${ size } of ${ total }
    """)
    assert talk.question == "How many?"
    talk.submit(red="2")
    assert talk.question == "Which size?"
    assert talk.answers["total"] == "2 red"


def test_supersedes_and_order_change_the_precedence() -> None:
    blocks = """
        id: informal
        supersedes: regular
        question: What the heck?
        fields: [{F: f}]
        ---
        id: regular
        question: What is it?
        fields: [{F: f}]
        ---
        mandatory: True
        question: ${ f }
    """
    assert Talk(blocks).question == "What the heck?"
    ordered = "order:\n  - informal\n  - regular\n---\n" + "\n".join(
        line[8:] for line in blocks.splitlines() if "supersedes" not in line
    )
    assert Talk(ordered).question == "What the heck?"


def test_a_text_can_capture_what_its_functions_write() -> None:
    talk = Talk("""
        mandatory: True
        question: Hello
        subquestion: |
          <%def name="loud(text)">*${ text }*${ caller.body() }</%def>
          <%def name="plain()">end</%def>
          <%call expr="loud('so')">!</%call> ${ capture(plain).upper() }
    """)
    assert talk.screen.subquestion_html.strip() == "<p><em>so</em>! END</p>"


def test_template_is_rendered_where_it_is_used() -> None:
    talk = Talk("""
        template: greeting
        subject: Hi
        content: |
          Hello, *${ name }*
        ---
        question: Name?
        fields: [{Name: name}]
        ---
        mandatory: True
        question: ${ greeting.subject }
        subquestion: ${ greeting }
    """)
    assert talk.question == "Name?"
    talk.submit(name="Ann")
    assert talk.question == "Hi"
    assert "<em>Ann</em>" in talk.screen.subquestion_html


def test_back_fills_in_what_was_entered() -> None:
    talk = Talk(FRUIT)
    talk.submit(fruit="figs")
    talk.back()
    assert talk.question == "What fruit?"
    assert talk.screen.fields[0].default == "figs"
    assert "fruit" not in talk.answers


def test_what_was_invalidated_is_the_default_when_it_is_asked_again() -> None:
    talk = Talk("""
        objects:
          - user: Individual
        ---
        mandatory: True
        question: ${ user.color } ${ kind }
        ---
        question: Colour?
        fields:
          - Colour: user.color
        ---
        question: Kind?
        field: kind
        dropdown:
          - warm
          - cold
        ---
        event: again
        code: |
          invalidate('user.color', 'kind')
    """)
    talk.submit(**{"user.color": "red"})
    talk.choose("cold")
    talk.act("again")
    assert talk.screen.fields[0].default == "red"
    talk.submit(**{"user.color": "blue"})
    assert talk.screen.fields[0].default == "cold"
    talk.choose("cold")
    assert talk.question == "blue cold"
    talk.act("again")
    assert talk.screen.fields[0].default == "blue"


def test_an_action_runs_its_event_and_the_interview_goes_on() -> None:
    talk = Talk("""
        event: set_colour
        code: |
          colour = action_argument('value')
        ---
        mandatory: True
        code: colour = 'none'
        ---
        mandatory: True
        question: Colour ${ colour }
    """)
    talk.act("set_colour", value="red")
    assert talk.question == "Colour red"


def test_initial_code_that_only_mentions_process_action_does_not_run_actions() -> None:
    talk = Talk("""
        initial: True
        code: |
          # there is no process_action() here
          ready = True
        ---
        mandatory: True
        question: Home ${ showifdef('seen') }
        ---
        event: look
        code: seen = "again"
    """)
    talk.act("look")
    assert talk.question == "Home again"


def test_an_action_can_show_its_own_screen_and_come_back() -> None:
    talk = Talk(
        """
        event: about
        question: About
        field: seen_about
        ---
        mandatory: True
        question: Home
    """.replace("\n        field: seen_about", "\n        buttons:\n          - Back to it: continue")
    )
    talk.act("about")
    assert talk.question == "About"
    talk.submit("Back to it")
    assert talk.question == "Home"


GATHER = """
    mandatory: True
    code: |
      force_gather('food', 'drink')
      both
    ---
    event: go
    code: |
      force_gather('size')
      eaten = size + " " + food
    ---
    question: Food and drink?
    fields:
      - Food: food
      - Drink: drink
    ---
    question: Tell me the size.
    fields:
      - Size: size
    ---
    question: Which size?
    choices:
      - Big:
          code: size = "big"
      - Another: continue
    ---
    event: both
    question: ${ food } and ${ drink } ${ showifdef('eaten') }
"""


def test_force_gather_asks_for_what_is_not_defined_and_no_more() -> None:
    talk = Talk(GATHER)
    assert talk.question == "Food and drink?"
    talk.submit(food="bread", drink="water")
    assert talk.question == "bread and water"


def test_force_gather_asks_until_there_is_a_value_and_the_action_goes_on() -> None:
    talk = Talk(GATHER)
    talk.submit(food="bread", drink="water")
    talk.act("go")
    assert talk.question == "Which size?"
    talk.choose("1")
    assert talk.question == "Tell me the size."
    talk.submit(size="small")
    assert talk.question == "bread and water small bread"
    other = Talk(GATHER)
    other.act("go")
    other.choose("0")
    assert other.question == "Food and drink?"


def test_an_action_may_run_the_logic_anew() -> None:
    talk = Talk("""
        mandatory: True
        question: ${ showifdef('n', 'none') }
        ---
        event: go
        code: |
          n = 5
          re_run_logic()
    """)
    talk.act("go")
    assert talk.question == "5"


def test_the_screen_of_an_action_can_be_continued_from_again_and_again() -> None:
    talk = Talk("""
        mandatory: True
        question: Home
        ---
        event: info
        question: Info
        buttons:
          - Back: continue
    """)
    for _ in range(2):
        talk.act("info")
        assert talk.question == "Info"
        talk.submit("Back")
        assert talk.question == "Home"


def test_asking_again_for_a_defined_variable_by_action() -> None:
    talk = Talk(FRUIT)
    talk.submit(fruit="figs")
    talk.act("fruit")
    assert talk.question == "What fruit?"
    assert talk.screen.fields[0].default == "figs"
    talk.submit(fruit="plums")
    assert talk.question == "You like plums."


BACKGROUND = """
    mandatory: True
    code: |
      task = background_action('work', 'refresh', number=2)
    ---
    event: work
    code: |
      background_error_action('failed', stage='one')
      if action_argument('number') == 0:
        1 / 0
      background_response_action('done', answer=action_argument('number') + 1)
    ---
    event: done
    code: |
      answer = action_argument('answer')
      background_response('The answer is ' + str(answer))
    ---
    mandatory: True
    question: Wait
"""


def test_background_action_asks_for_a_task_and_its_action_ends_in_a_follow_up() -> None:
    talk = Talk(BACKGROUND)
    assert talk.question == "Wait"
    assert talk.outcome is not None
    (start,) = talk.outcome.effects
    assert isinstance(start, StartTask)
    assert (start.action, start.arguments, start.notification) == ("work", {"number": 2}, "refresh")
    worker = MemoryHost(interface="worker")
    talk.host = worker
    ending = talk.act("work", number=2)
    assert ending == FollowUp("done", {"answer": 3})
    assert talk.outcome.error_action == FollowUp("failed", {"stage": "one"})
    assert talk.act("done", answer=3) == BackgroundAnswer("The answer is 3")
    assert talk.answers["answer"] == 3


def test_a_failing_task_carries_its_error_action() -> None:
    talk = Talk(BACKGROUND)
    talk.host = MemoryHost(interface="worker")
    with pytest.raises(CodeFailed) as caught:
        talk.act("work", number=0)
    assert caught.value.error_action == FollowUp("failed", {"stage": "one"})


def test_a_block_in_the_language_in_use_comes_before_one_without() -> None:
    talk = Talk("""
        metadata:
          title:
            en: Life
            es: Vida
        ---
        initial: True
        code: set_language(language)
        ---
        code: language = 'es'
        ---
        language: es
        question: ¿Cuál?
        fields: [{X: x_value}]
        ---
        language: fr
        question: Quoi ?
        fields: [{X: x_value}]
        ---
        question: What?
        fields: [{X: x_value}]
        ---
        mandatory: True
        question: ${ x_value }
    """)
    assert talk.question == "¿Cuál?"
    assert talk.screen.title == "Vida"


def test_the_fields_of_a_question_can_come_from_code_about_a_list() -> None:
    talk = Talk("""
        objects:
          - people: DAList.using(object_type=Individual, ask_number=True)
        ---
        code: people.target_number = 2
        ---
        sets: people[i].name.first
        question: Names?
        fields:
          code: rows
        ---
        code: |
          rows = [{'label': str(n), 'field': f'people[{n}].name.first'} for n in range(people.number())]
        ---
        mandatory: True
        question: ${ comma_and_list(p.name.first for p in people) }
    """)
    assert [field.variable for field in talk.screen.fields] == ["people[0].name.first", "people[1].name.first"]
    talk.post({field.html_name: [f"P{field.number}"] for field in talk.screen.fields})
    assert talk.question.endswith("and P1001")


def test_terms_of_a_question_are_explained_with_and_without_braces() -> None:
    talk = Talk("""
        mandatory: True
        question: Met a creeper?
        subquestion: And a {zombie}, or a creeper?
        auto terms:
          creeper: A ${ colour } creature.
        terms:
          zombie: Undead.
        ---
        code: colour = 'green'
    """)
    assert "A green creature." in talk.screen.subquestion_html
    assert "Undead." in talk.screen.subquestion_html


def test_scripts_and_styles_get_their_tag_where_they_have_none() -> None:
    talk = Talk("""
        mandatory: True
        question: Hello
        script: |
          alert(${ 1 + 1 });
        css: |
          <style>p { color: red }</style>
    """)
    assert talk.screen.script_html == "<script>alert(2);\n</script>"
    assert talk.screen.css_html.count("<style>") == 1


def test_only_the_terms_that_a_text_mentions_are_worked_out() -> None:
    talk = Talk("""
        terms:
          - landlord: Who rents out.
          - agent: Whoever ${ agent_name } is.
        ---
        mandatory: True
        question: The {landlord}
    """)
    assert "Who rents out." in talk.screen.question_html


def test_a_logo_stands_in_place_of_the_title() -> None:
    talk = Talk("""
        default screen parts:
          logo: <em>Office</em>
        ---
        mandatory: True
        question: Hello
    """)
    assert talk.screen.logo_html == "<em>Office</em>"
