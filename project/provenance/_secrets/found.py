"""A name and its value as they stand in a text, and whether they give a secret away."""

import re
from typing import NamedTuple

from project.provenance._secrets import values

_VARIABLE = re.compile(
    r"(?:\benviron\w*|\benv)(?:\s*\[\s*[rbfu]{0,2}|\.|:|\.get\(\s*)\\?[\"']?$"
    r"|\benviron\w*(?:\.update\(|\s*\|=)[^\n]{0,80}?[\"']?$"
    r"|\bset_?env\(\s*$"
    r"|\b(?:export|declare|typeset|readonly|local|env|arg|set(?:env|x)?)[ \t]+(?:-\w+[ \t]+)?$"
    r"|(?:-e|--env|--build-arg|--from-literal)[ \t=]+\\?[\"']?$"
    r"|(?:put_?env|set_?env|get_?env|SetEnvironmentVariable)\(\s*(?:[+-]\s*)?[\"']$",
    re.IGNORECASE,
)
_SETTER = re.compile(
    r"(?:\b|_)(?:set_?default|set_?attr|__setitem__|set|get|getattr|pop|config"
    r"|(?:add|set|put)_?header|header)\(\s*(?:[+-]\s*)?(?:[\w.]{1,40},\s*)?[\"']$",
    re.IGNORECASE,
)
# What follows in a program is never a bare word that is a text: `environ["..."] =`, `password !=`
_EXPRESSION = re.compile(r"\\?[\"'][ \t]*\]|[ \t]*[!=]=")
_BEGINNING = re.compile(r"(?:^|[\s\"'+-])$")


class Found(NamedTuple):
    """A name and its value, with what stands before, between and after them."""

    name: str
    value: str
    quoted: bool
    before: str
    between: str
    after: str


def in_code(found: Found) -> bool:
    if not found.quoted and _EXPRESSION.match(found.between):
        return False
    if found.between.strip() in ("==", "!=") and not values.is_mixed(found.value):
        return not found.name.lower().endswith(("token", "secret")) and _in_code(found)
    return _in_code(found)


def _in_code(found: Found) -> bool:
    if _is_variable_set(found):
        return values.is_secret_variable(found.name, found.value)
    if not values.SECRET_KEY.search(found.name):
        return found.name.lower() == "pass" and values.is_secret_in_list("token", found.value)
    bare = found.name.isupper() and not found.quoted and _BEGINNING.search(found.before)
    if bare and values.is_variable_text(found.name, found.value):
        return True
    return values.is_secret_in_code(found.name, found.value, quoted=found.quoted)


def in_text(found: Found) -> bool:
    if not values.SECRET_KEY.search(found.name):
        return in_code(found)
    if _is_variable_set(found) and values.is_secret_variable(found.name, found.value):
        return True
    colon = ":" in found.between and not found.quoted
    return values.is_secret(found.name, found.value, colon=colon)


def in_list(found: Found) -> bool:
    if found.before[-1:] not in ("'", '"'):
        return False  # the text says more than a name
    setter = _SETTER.search(found.before)
    if _VARIABLE.search(found.before) or (setter and found.name.isupper()):
        return values.is_secret_variable(found.name, found.value)
    if setter:
        return values.is_secret_in_code(found.name, found.value, quoted=True)
    return found.value[:1] != "-" and values.is_secret_in_list(found.name, found.value)


def in_pair(found: Found) -> bool:
    """A tuple of a name and its value, not a call."""
    alone = re.search(r"(?:^|[^\w\])])\([\"']$", found.before)
    secret = values.is_secret_in_code(found.name, found.value, quoted=True)
    return alone is not None and secret and not values.SECRET_KEY.fullmatch(found.value)


def is_mixed_literal(found: Found) -> bool:
    return values.is_secret_in_list(found.name, found.value)


def _is_variable_set(found: Found) -> bool:
    """As in a shell, where no blank stands around the sign, in a Makefile, or in a program."""
    if _VARIABLE.search(found.before):
        return found.quoted or found.after not in (",", ")", ".")
    sign = found.between == "=" or found.between.strip() in (":=", "::=", "?=")
    begins = found.name.isupper() and _BEGINNING.search(found.before) is not None
    return sign and begins and (found.quoted or found.after not in (",", ")"))


def is_variable(found: Found) -> bool:
    return values.is_secret_variable(found.name, found.value)


def is_shell_default(found: Found) -> bool:
    return found.before.endswith("${") and is_variable(found)


def is_given(found: Found) -> bool:
    """The word where a command or a call expects a password."""
    value = found.value
    return not values.is_placeholder(value) and " " not in value and value[0] not in "$-"


def is_doubtful(found: Found) -> bool:
    return is_given(found) and len(found.value) >= 6 and values.is_mixed(found.value)


def is_literal(found: Found) -> bool:
    return values.is_secret_in_code(found.name, found.value, quoted=True)
