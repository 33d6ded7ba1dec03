"""Where a text gives a name its secret value: assignments, calls, lists, commands and logins.

A pattern finds the name and looks ahead at the value, so that a value which is no secret is
searched in its turn; whether it is one, the name and what is around it decide. Repetition is
bounded or possessive, or ends where the next match may begin, so that no line takes more than its
length.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from project.provenance._secrets import found
from project.provenance._secrets.found import Found
from project.provenance._secrets.values import KEY

BARE_TEXT = r"[^\s\"'`,;&]"
BARE_CODE = r"[^\s\"'`,;&|()<>\[\]{}\\]"

# Variables are named secret by more than other names are.
_NAME = rf"{KEY}|(?<=_)(?:key|pat|pass)"
_NAME_HERE = re.compile(_NAME, re.IGNORECASE)
# In each name; none begins farther in front of it than that.
_CORE = re.compile("pass|pwd|key|token|secret|credential|auth|cookie|_pat")
_FARTHEST = 12
# A line may end where Python lets it; in a patch, the next one has a column in front.
_BREAK = r"[ \t]*(?:\\?\r?\n[ +-]?[ \t]*)?"
# A literal ends at the quote it began with, escaped where that is.
_QUOTED = (
    r"[rbfu]{0,2}(?:(?P<three>\"\"\"|''')(?P<long>(?:(?!(?P=three))[\s\S]){1,4000}+)(?P=three)"
    r"|(?P<quote>\\?[\"'])(?P<quoted>(?:(?!(?P=quote))(?:\\.|[^\n\\]))*+)(?P=quote))"
)
# What is called around a literal that stays the value, such as a field with a default.
_CALL = r"(?:[\w.]{0,40}(?:Secret\w{0,20}|str|bytes|field|b64decode|fromhex|StringVar))?"
_WRAPPED = rf"{_CALL}\({_BREAK}"
_DEFAULT = r"(?:default|fallback|value)[ \t]*=[ \t]*"
_OPERATOR = r"(?:=>|[!=]=|[:?+|]{0,2}=|:(?!-))"
_ANNOTATION = r"(?::[ \t]*[\w.\[\]|, ]{1,60}?(?=[ \t]*=))?"
_END = r"\\?[\"']?[ \t]*"
_COMMA = rf"\\?[\"'][ \t]*,{_BREAK}"
_STRING = r"(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')"
_LITERAL = rf"(?={_QUOTED})"


class Rule(NamedTuple):
    """A pattern with the groups key, sep and bare or those of a literal, and what decides.

    One that is `led` begins with a name that `names` finds: it is tried only there. Another is
    tried only in a text that holds `word`, in small letters.
    """

    pattern: re.Pattern[str]
    judge: Callable[[Found], bool]
    led: bool
    word: str


def names(text: str) -> list[int]:
    """Where names begin, by their cores: trying them all at each letter takes ten times as long."""
    found, at = [], 0
    for core in _CORE.finditer(lowered(text)):
        first, last = max(at, core.start() - _FARTHEST), core.start() + 1
        found += [i for i in range(first, last + 1) if _NAME_HERE.match(text, i)]
        at = last + 1
    return found


def lowered(text: str) -> str:
    """The text in small letters, of the same length."""
    return text.replace("\u0130", "i").lower()


def _rule(pattern: str, judge: Callable[[Found], bool], word: str = "") -> Rule:
    led = pattern.startswith((f"(?P<key>{_NAME})", f"(?P<key>{KEY})"))
    return Rule(re.compile(pattern, re.IGNORECASE | re.MULTILINE), judge, led, word)


def _assignments(bare: str, judge: Callable[[Found], bool]) -> list[Rule]:
    word = rf"(?P<bare>{bare}{{1,256}}+)(?![(\[])"
    flag = rf"(?<![\w-])(?P<key>--?(?:[a-z0-9]{{1,40}}[_-]){{0,6}}{KEY})"
    equals = rf"(?P<sep>{_END}(?:\][ \t]*)?{_ANNOTATION}{_OPERATOR}[ \t]*)"
    other = rf"(?P<sep>{_END}[\])]{{0,2}}[ \t]*(?:\bor\b|\|\||\?\?)[ \t]*)"
    return [
        _rule(
            rf"(?P<key>{_NAME}){equals}(?=(?:{_WRAPPED}(?:{_DEFAULT})?)?{_QUOTED}|{word})", judge
        ),
        _rule(rf"{flag}(?P<sep>[ \t]+)(?!-)(?={_QUOTED}|{word})", judge),
        _rule(rf"(?P<key>{KEY})(?P<sep>{_COMMA})(?:{_DEFAULT})?{_LITERAL}", found.in_list),
        _rule(
            rf"(?P<key>{KEY})(?P<sep>{_COMMA})[^()]{{0,300}}?\b{_DEFAULT}{_LITERAL}",
            found.is_literal,
        ),
        _rule(rf"(?P<key>{KEY}){other}{_LITERAL}", found.is_literal),
        _rule(rf"(?P<key>{KEY})(?P<sep>[ \t]+else[ \t]+){_LITERAL}", found.is_mixed_literal),
        _rule(rf"(?P<key>{KEY})(?P<sep>{_COMMA})(?={_QUOTED}{_BREAK},?{_BREAK}\))", found.in_pair),
        # YAML's blocks
        _rule(
            rf"(?P<key>{KEY})(?P<sep>{_END}:[ \t]*[|>][+-]?[ \t]*\r?\n[ +-]?[ \t]+)(?={word})",
            judge,
        ),
        # user, password = "ada", "..."
        _rule(
            rf"\w,[ \t]*(?P<key>{KEY})(?P<sep>[ \t]*=[ \t]*{_STRING}[ \t]*,[ \t]*){_LITERAL}",
            found.is_literal,
        ),
    ]


def _value(bare: str) -> str:
    return rf"(?={_QUOTED}|(?P<bare>{bare}{{1,256}}+)(?![(\[]))"


def _variables(bare: str) -> list[Rule]:
    """What shells and the files of Docker and Kubernetes set."""
    value = _value(bare)
    variable = rf"(?P<key>\w{{0,60}}(?:{_NAME}))"
    setting = (
        r"(?:^[ +-]?[ \t]*(?-i:ENV|ARG)|%env|\bconfigure[ \t]+set"
        r"|\bsetenv|\bsetx|\bset[ \t]+-\w{1,4})[ \t]+"
    )
    fill = rf"\\?[\"']?,?{_BREAK}\\?[\"']?value\\?[\"']?"
    return [
        _rule(rf"{setting}{variable}(?P<sep>[ \t]+){value}", found.is_variable),
        _rule(
            rf"(?P<key>{KEY})(?P<sep>:?[-=])(?=(?P<bare>[^}}\s\"'$]{{1,256}}+)\}})",
            found.is_shell_default,
        ),
        _rule(
            rf"\bname\\?[\"']?:[ \t]*\\?[\"']?{variable}{fill}(?P<sep>:[ \t]*){value}",
            found.is_variable,
        ),
        _rule(
            rf"#[ \t]*define[ \t]+{variable}(?P<sep>[ \t]+){_LITERAL}", found.is_literal, "define"
        ),
    ]


def _logins(bare: str) -> list[Rule]:
    """Passwords on a command line, and in `.netrc`."""
    value = _value(bare)
    user = r"(?:[ \t=]+|[\"'][ \t]*,[ \t]*)[\"']?[^\s:\"'/]{1,100}:"
    return [
        # netrc
        _rule(
            r"\blogin\s+\S{1,100}[ \t]*(?:\r?\n[ +-]?)?[ \t]*(?P<key>password)(?P<sep>[ \t]+)"
            + value,
            found.is_given,
            "login",
        ),
        _rule(rf"\bwandb[ \t]+(?P<key>login)(?P<sep>[ \t]+){value}", found.is_doubtful, "wandb"),
        _rule(rf"\bsshpass[ \t]+(?P<key>-p)(?P<sep>[ \t]*){value}", found.is_given, "sshpass"),
        _rule(
            rf"\blogin\b[^\n]{{0,200}}?[ \t](?P<key>-p)(?P<sep>[ \t]+){value}",
            found.is_given,
            "login",
        ),
        _rule(
            rf"\bmysql\w*\b[^\n]{{0,200}}?[ \t](?P<key>(?-i:-p))(?P<sep>){value}",
            found.is_doubtful,
            "mysql",
        ),
        _rule(
            rf"(?<![\w-])(?P<key>-u|--user|--proxy-user)(?P<sep>{user})"
            r"(?=(?P<bare>[^\s\"']{1,256}+))",
            found.is_doubtful,
        ),
    ]


def _calls() -> list[Rule]:
    """login("ada", "..."), auth=("ada", "..."), set_password("service", "ada", "...")"""
    ended = rf"(?={_QUOTED}{_BREAK},?{_BREAK}\))"
    named = r"(?:user(?:name)?[ \t]*=[ \t]*)?"
    callee = r"\blogin|\bauthenticate|basic_?auth|digest_?auth|\bauth[ \t]*=[ \t]*"
    setter = rf"\bset_?(?:\w{{1,30}}_)?{KEY}"
    return [
        _rule(
            rf"(?P<key>{callee})(?P<sep>\({_BREAK}{named}{_STRING}[ \t]*,{_BREAK}){_LITERAL}",
            found.is_given,
        ),
        _rule(
            rf"(?P<key>{setter})(?P<sep>\({_BREAK}(?:{_STRING}[ \t]*,{_BREAK}){{0,2}}){ended}",
            found.is_given,
        ),
        _rule(
            rf"\blogin\([^()]{{0,200}}?\b(?P<key>key)(?P<sep>[ \t]*=[ \t]*){_LITERAL}",
            found.is_doubtful,
            "login(",
        ),
        _rule(rf"\blogin(?P<key>\()(?P<sep>{_BREAK}){ended}", found.is_doubtful, "login("),
    ]


def _rules(bare: str, judge: Callable[[Found], bool]) -> list[Rule]:
    return [*_assignments(bare, judge), *_variables(bare), *_logins(bare), *_calls()]


IN_CODE = _rules(BARE_CODE, found.in_code)
IN_TEXT = _rules(BARE_TEXT, found.in_text)
