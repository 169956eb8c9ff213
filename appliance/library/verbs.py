"""English verbs: present and past forms, from any form."""

from __future__ import annotations

import re

__all__ = ["conjugate_past", "conjugate_present"]

# infinitive, past: the common irregular verbs. 'be' and 'have' are below, because their present is irregular too.
_IRREGULAR = """
arise arose|awake awoke|bear bore|beat beat|become became|befall befell|begin began|bend bent|bet bet|bid bid|
bind bound|bite bit|bleed bled|blow blew|break broke|breed bred|bring brought|broadcast broadcast|build built|
burst burst|buy bought|cast cast|catch caught|choose chose|cling clung|come came|cost cost|creep crept|cut cut|
deal dealt|dig dug|do did|draw drew|drink drank|drive drove|eat ate|fall fell|feed fed|feel felt|fight fought|
find found|flee fled|fling flung|fly flew|forbid forbade|forecast forecast|foresee foresaw|forget forgot|
forgive forgave|forgo forwent|freeze froze|get got|give gave|go went|grind ground|grow grew|hang hung|
hear heard|hide hid|hit hit|hold held|hurt hurt|keep kept|kneel knelt|know knew|lay laid|lead led|leave left|
lend lent|let let|light lit|lose lost|make made|mean meant|meet met|mislead misled|mistake mistook|
misunderstand misunderstood|outbid outbid|outdo outdid|overcome overcame|override overrode|oversee oversaw|
overtake overtook|overthrow overthrew|partake partook|pay paid|prove proved|put put|quit quit|read read|
rebuild rebuilt|redo redid|repay repaid|resell resold|reset reset|retell retold|rewrite rewrote|ride rode|
ring rang|rise rose|run ran|say said|see saw|seek sought|sell sold|send sent|set set|shake shook|shed shed|
shine shone|shoot shot|show showed|shrink shrank|shut shut|sing sang|sink sank|sit sat|sleep slept|slide slid|
speak spoke|spend spent|spin spun|split split|spread spread|spring sprang|stand stood|steal stole|stick stuck|
sting stung|stink stank|strike struck|string strung|strive strove|sublet sublet|swear swore|sweep swept|
swim swam|swing swung|take took|teach taught|tear tore|tell told|think thought|throw threw|undergo underwent|
understand understood|undertake undertook|undo undid|unwind unwound|uphold upheld|upset upset|wake woke|
wear wore|weave wove|weep wept|win won|wind wound|withdraw withdrew|withhold withheld|withstand withstood|
wring wrung|write wrote
"""
_PAST = dict(pair.split() for pair in _IRREGULAR.replace("\n", "").split("|"))
_INFINITIVE_OF_PAST = {past: infinitive for infinitive, past in _PAST.items() if past not in _PAST}
_MODAL = {"can": "could", "could": "could", "may": "might", "might": "might", "must": "must", "shall": "should",
          "should": "should", "will": "would", "would": "would"}
_TO_BE = {"am", "are", "is", "was", "were", "be", "been", "being"}
# Verbs of more than one syllable whose stress on the last doubles its consonant (admitted, but visited).
_DOUBLED = {
    "abet", "admit", "allot", "commit", "compel", "concur", "confer", "control", "defer", "deter", "emit",
    "equip", "excel", "expel", "forget", "incur", "infer", "instil", "occur", "omit", "patrol", "permit",
    "prefer", "propel", "rebel", "recur", "refer", "regret", "remit", "repel", "submit", "transfer", "transmit",
}
_AGREED = {"agreed", "disagreed", "decreed", "freed", "guaranteed", "refereed"}
# What is left of a verb in -e when -ed is taken away, as far as letters can tell.
_E_DROPPED = re.compile(r"(?:[cvzu]|[aeiou]s|[dlr]g|ang|creat|[^aeo]at|[iu]r|[iu]d|[pl]et)$")
_SHORT_WITH_E_DROPPED = re.compile(r"[^aeiou]*[aeiou][bdklmnprt]$")


def conjugate_present(verb: str, person: str = "3sg") -> str:
    """The present form of `verb` for ``1sg``, ``2sg``, ``3sg`` or ``pl``; further words stay as they are.

    >>> conjugate_present("helped", "3sg"), conjugate_present("goes", "1sg"), conjugate_present("be", "pl")
    ('helps', 'go', 'are')
    """
    first, space, rest = verb.strip().partition(" ")
    third = person in ("3", "3sg")
    if first in _MODAL:
        form = first
    elif first in _TO_BE:
        form = {"1sg": "am", "1": "am", "3sg": "is", "3": "is"}.get(person, "are")
    elif first in ("have", "has", "had"):
        form = "has" if third else "have"
    else:
        form = infinitive(first)
        if third:
            form = with_s(form)
    return form + space + rest


def conjugate_past(verb: str, person: str = "3sgp") -> str:
    """The past form of `verb`; `person` (``1sgp`` … ``3sgp``, ``ppl``) matters for *to be* alone.

    >>> conjugate_past("eat"), conjugate_past("finish"), conjugate_past("stop by"), conjugate_past("is", "ppl")
    ('ate', 'finished', 'stopped by', 'were')
    """
    first, space, rest = verb.strip().partition(" ")
    if first in _MODAL:
        form = _MODAL[first]
    elif first in _TO_BE:
        form = "was" if person in ("1", "3", "1sg", "3sg", "1gp", "3gp", "1sgp", "3sgp", "past") else "were"
    elif first in ("have", "has", "had"):
        form = "had"
    else:
        base = infinitive(first)
        form = _PAST.get(base) or with_ed(base)
    return form + space + rest


def infinitive(verb: str) -> str:
    """The infinitive that `verb` is a form of, as far as its spelling tells.

    >>> infinitive("tries"), infinitive("stopped"), infinitive("used"), infinitive("visited"), infinitive("pass")
    ('try', 'stop', 'use', 'visit', 'pass')
    """
    if verb in _PAST:
        return verb
    if verb in _INFINITIVE_OF_PAST:
        return _INFINITIVE_OF_PAST[verb]
    if verb.endswith("s") and not verb.endswith(("ss", "us")) and len(verb) > 3:
        return without_s(verb)
    if verb in _AGREED:
        return verb[:-1]
    if verb.endswith("ed") and not verb.endswith("eed") and len(verb) > 3 and verb not in ("shed", "embed"):
        return without_ed(verb)
    return verb


def without_s(verb: str) -> str:
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    if verb.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return verb[:-2]
    return verb[:-1]


def without_ed(verb: str) -> str:
    stem = verb[:-2]
    if stem.endswith("i"):
        return stem + "e" if len(stem) == 2 else stem[:-1] + "y"
    if len(stem) > 3 and stem[-1] == stem[-2] and (stem[-1] not in "lsfz" or stem[:-1] in _DOUBLED):
        return stem[:-1]
    # A short verb would have doubled its consonant (hopped, hoped), so an e was dropped.
    if verb == "owed" or _E_DROPPED.search(stem) or _SHORT_WITH_E_DROPPED.fullmatch(stem):
        return stem + "e"
    return stem


def with_s(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def with_ed(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    if verb.endswith("c"):
        return verb + "ked"
    if verb in _DOUBLED or (one_syllable(verb) and ends_in_one_vowel_one_consonant(verb)):
        return verb + verb[-1] + "ed"
    return verb + "ed"


def ends_in_one_vowel_one_consonant(verb: str) -> bool:
    return (len(verb) > 2 and verb[-1] not in "aeiouwxy" and verb[-2] in "aeiou"
            and (verb[-3] not in "aeiou" or (verb[-3:-1] == "ui" and verb[0] == "q")))


def one_syllable(verb: str) -> bool:
    """Whether `verb` has one run of vowels.

    >>> one_syllable("stop"), one_syllable("visit")
    (True, False)
    """
    runs, in_vowel = 0, False
    for position, letter in enumerate(verb):
        vowel = letter in "aeiou" or (letter == "y" and position > 0)
        runs += vowel and not in_vowel
        in_vowel = vowel
    return runs == 1
