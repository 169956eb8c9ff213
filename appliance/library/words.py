"""Words and phrases of the language spoken in the turn: nouns, verbs, articles, possessives.

These are docassemble's "language-specific functions": :func:`update_language_function` replaces any of them for a
language. What is here is English.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from appliance.library.languages import language_function, word
from appliance.library.numbers import nice_number
from appliance.library.verbs import conjugate_past, conjugate_present

if TYPE_CHECKING:
    import inflect

__all__ = [
    "a_in_the_b",
    "a_preposition_b",
    "are_word",
    "capitalize",
    "did_a_b",
    "did_you",
    "do_you",
    "does_a_b",
    "has_a_b",
    "have_you",
    "her",
    "his",
    "in_the",
    "indefinite_article",
    "is_word",
    "its",
    "my",
    "noun_plural",
    "noun_singular",
    "of_the",
    "possessify",
    "possessify_long",
    "quantity_noun",
    "some",
    "the",
    "their",
    "these",
    "this",
    "title_case",
    "verb_past",
    "verb_present",
    "was_a_b",
    "were_you",
    "your",
]

_ENDS_LIKE_A_PLURAL = {"alias", "atlas", "bias", "canvas", "christmas", "gas", "iris", "lens", "pancreas", "summons"}
_SMALL_WORDS = {"a", "an", "and", "as", "at", "but", "by", "en", "for", "if", "in", "nor", "of", "on", "or", "per",
                "so", "the", "to", "v", "v.", "via", "vs", "vs."}


_importing = Lock()


@lru_cache(maxsize=1)
def engine() -> inflect.engine:
    """inflect, imported when it is first needed, and without the run-time checks of its types.

    typeguard rewrites each of inflect's functions for these checks while it is imported: 2.5 s, against 0.1 s without.
    """
    import typeguard

    with _importing:
        checked = typeguard.typechecked
        typeguard.typechecked = unchecked  # type: ignore[assignment]
        try:
            import inflect
        finally:
            typeguard.typechecked = checked
    return inflect.engine()


def unchecked(function: Any) -> Any:
    return function


def capital(text: str, wanted: bool) -> str:
    return text[:1].upper() + text[1:] if wanted else text


@language_function
def capitalize(a: Any, **_kwargs: Any) -> str:
    """`a` with a capital at the beginning, the rest unchanged.

    >>> capitalize("spaghetti marinara")
    'Spaghetti marinara'
    """
    return capital(str(a), wanted=True)


@language_function
def title_case(a: Any, **_kwargs: Any) -> str:
    """`a` as the title of a book.

    >>> title_case("the importance of being ernest")
    'The Importance of Being Ernest'
    """
    words = str(a).split(" ")
    last = len(words) - 1
    return " ".join(
        each if each[1:] != each[1:].lower() else
        each.lower() if each.lower() in _SMALL_WORDS and 0 < position < last else
        capital(each, wanted=True)
        for position, each in enumerate(words)
    )


def is_plural(noun: str) -> bool:
    """Whether `noun` is plural already; words like *bus* only look like it."""
    last = noun.rpartition(" ")[2].lower()
    if last in _ENDS_LIKE_A_PLURAL or last.endswith(("ss", "us", "is")):
        return False
    singular = engine().singular_noun(last)
    return bool(singular) and engine().plural_noun(str(singular)) == last


@lru_cache(maxsize=4096)
def plural(noun: str) -> str:
    return noun if not noun.strip() or is_plural(noun) else str(engine().plural_noun(noun))


@lru_cache(maxsize=4096)
def singular(noun: str) -> str:
    if not noun.strip() or not is_plural(noun):
        # inflect knows -es plurals of words that rather have none (fishes); they are not what it makes itself.
        last = noun.rpartition(" ")[2].lower()
        if not last.endswith(("ses", "shes", "ches", "xes")):
            return noun
    return str(engine().singular_noun(noun) or noun)


def is_one(number: Any) -> bool:
    """Whether there is one of it; collections count their items."""
    if hasattr(number, "number"):
        number = number.number()
    elif hasattr(number, "__len__") and not isinstance(number, str):
        number = len(number)
    try:
        return float(number) == 1
    except (TypeError, ValueError):
        return False


@language_function
def noun_plural(noun: Any, number: Any = None, capitalize: bool = False, **_kwargs: Any) -> str:
    """The plural of `noun`, or its singular if `number` is 1.

    >>> noun_plural("friend"), noun_plural("fish"), noun_plural("friend", 1), noun_plural("children")
    ('friends', 'fish', 'friend', 'children')
    """
    text = singular(str(noun)) if number is not None and is_one(number) else plural(str(noun))
    return capital(text, capitalize)


@language_function
def noun_singular(noun: Any, number: Any = None, capitalize: bool = False, **_kwargs: Any) -> str:
    """The singular of `noun`; with a `number` other than 1, `noun` as it is.

    >>> noun_singular("friends"), noun_singular("friends", 2), noun_singular("witnesses")
    ('friend', 'friends', 'witness')
    """
    text = str(noun) if number is not None and not is_one(number) else singular(str(noun))
    return capital(text, capitalize)


@language_function
def quantity_noun(num: Any, noun: Any, as_integer: bool = True, capitalize: bool = False, **_kwargs: Any) -> str:
    """A number and its noun; the number is rounded unless `as_integer` is False.

    >>> quantity_noun(2, "apple"), quantity_noun(1.5, "apple", as_integer=False)
    ('two apples', '1.5 apples')
    """
    count = float(num)
    if as_integer:
        # Half is rounded up, as people do, not to the even number.
        count = int(count + 0.5) if count >= 0 else -int(-count + 0.5)
    return capital(f"{nice_number(count)} {noun_plural(noun, count)}", capitalize)


@language_function
def indefinite_article(noun: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    """`noun` with *a* or *an*.

    >>> indefinite_article("apple"), indefinite_article("unicorn"), indefinite_article("hour")
    ('an apple', 'a unicorn', 'an hour')
    """
    return capital(str(engine().a(str(noun))), capitalize)


@language_function
def verb_present(verb: Any, person: str = "3sg", *_args: Any, **_kwargs: Any) -> str:
    """The present form of a verb for ``1sg``, ``2sg``, ``3sg`` or ``pl``.

    >>> verb_present("helped", "3sg"), verb_present("helps", "1sg")
    ('helps', 'help')
    """
    return conjugate_present(str(verb), str(person))


@language_function
def verb_past(verb: Any, person: str = "3sgp", *_args: Any, **_kwargs: Any) -> str:
    """The past form of a verb for ``1sgp``, ``2sgp``, ``3sgp`` (also written ``3gp``) or ``ppl``.

    >>> verb_past("help", "3gp"), verb_past("eat")
    ('helped', 'ate')
    """
    return conjugate_past(str(verb), str(person))


@language_function
def possessify(a: Any, b: Any, plural: bool = False, capitalize: bool = False, **_kwargs: Any) -> str:
    """What belongs to whom.

    >>> possessify("Fred", "cat"), possessify("tenants", "deposit", plural=True)
    ("Fred's cat", "tenants' deposit")
    """
    owner = str(a)
    ending = "'" if plural and owner.endswith("s") else "'s"
    return capital(f"{owner}{ending} {b}".rstrip(), capitalize)


@language_function
def possessify_long(a: Any, b: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    """What belongs to whom, the other way around.

    >>> possessify_long("Fred", "cat")
    'the cat of Fred'
    """
    return capital(f"{word('the')} {b} {word('of')} {a}", capitalize)


@language_function
def a_preposition_b(a: Any, b: Any, preposition: str = "in", capitalize: bool = False, **_kwargs: Any) -> str:
    """Where something is.

    >>> a_preposition_b("cat", "mat", preposition="on")
    'cat on the mat'
    """
    return capital(f"{a} {word(preposition)} {word('the')} {b}", capitalize)


@language_function
def a_in_the_b(a: Any, b: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    """What is in what.

    >>> a_in_the_b("cat", "hat")
    'cat in the hat'
    """
    return capital(f"{a} {word('in the')} {b}", capitalize)


def before(prefix: str, the_word: Any, capitalize: bool) -> str:
    return capital(f"{word(prefix)} {the_word}", capitalize)


@language_function
def her(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("her", the_word, capitalize)


@language_function
def his(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("his", the_word, capitalize)


@language_function
def its(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("its", the_word, capitalize)


@language_function
def their(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("their", the_word, capitalize)


@language_function
def your(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("your", the_word, capitalize)


@language_function
def my(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("my", the_word, capitalize)


@language_function
def the(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("the", the_word, capitalize)


@language_function
def this(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("this", the_word, capitalize)


@language_function
def these(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("these", the_word, capitalize)


@language_function
def some(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("some", the_word, capitalize)


@language_function
def in_the(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("in the", the_word, capitalize)


@language_function
def of_the(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("of the", the_word, capitalize)


@language_function
def do_you(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("do you", the_word, capitalize)


@language_function
def did_you(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("did you", the_word, capitalize)


@language_function
def were_you(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("were you", the_word, capitalize)


@language_function
def have_you(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("have you", the_word, capitalize)


@language_function
def does_a_b(a: Any, b: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    """A question about what somebody does.

    >>> does_a_b("Fred", "smoke", capitalize=True)
    'Does Fred smoke'
    """
    return capital(f"{word('does')} {a} {b}", capitalize)


@language_function
def did_a_b(a: Any, b: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return capital(f"{word('did')} {a} {b}", capitalize)


@language_function
def was_a_b(a: Any, b: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return capital(f"{word('was')} {a} {b}", capitalize)


@language_function
def has_a_b(a: Any, b: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return capital(f"{word('has')} {a} {b}", capitalize)


@language_function
def is_word(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("is", the_word, capitalize)


@language_function
def are_word(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
    return before("are", the_word, capitalize)
