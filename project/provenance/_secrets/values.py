"""Whether the value that a name is given is a secret, by the name, the value and what is around."""

import re

KEY = (
    r"(?:password|passwd|passphrase|passcode|pwd|apikey|api[_-]key|authtoken"
    r"|(?:access|secret|private|account|signing|encryption|master|auth|deploy|license|ssh|storage)"
    r"[_-]?key|(?:db|smtp|mail|ftp|user|root|admin|mysql|pg|redis)_?pass|(?<=[\"'])pass(?=[\"'])"
    r"|(?:password|passwd)_?hash|token|secret|credentials?|auth|cookie)"
)
SECRET_KEY = re.compile(rf"{KEY}$", re.IGNORECASE)
ASSIGNED_FLAG = re.compile(rf"(--?[\w-]*{KEY}=).*", re.IGNORECASE | re.DOTALL)
# Names whose values are often no secret (`pad_token="<pad>"`, `token: 5`): judged by the value too.
_WEAK = re.compile(
    r"(?:token|secret|credentials?|auth|cookie|hash|\bpass|_key|_pat|_pass)$", re.IGNORECASE
)
_STRONG = re.compile(
    r"(?:(?:api|access|secret|private|account|signing|encryption|master|auth|ssh)[_-]?key"
    r"|(?:db|smtp|mail|ftp|user|root|admin|mysql|pg|redis)_?pass)$",
    re.IGNORECASE,
)
# Of these, also a word is a secret, if it is none that programs use.
_GIVEN = re.compile(r"(?:token|secret)$", re.IGNORECASE)
_COMMON = re.compile(
    r"[a-z]*(?:name|label|target|sentence|phrase|symbol|number|value|type|string|mail|position"
    r"|length|default|known|valid|missing|hidden|abled|anonymous|operator|keyword|comment|newline"
    r"|indent)s?",
    re.IGNORECASE,
)
# A name of a secret itself, `aws_access_key_id`, `new_password2`.
_NAME = re.compile(
    rf"(?:[a-z0-9]+[_-])+{KEY}(?:[_-]?(?:id|name|header|hash|sha256|\d))?|{KEY}\d", re.IGNORECASE
)
# How one logs in, `databricks_oauth_m2m`, or a step of an application of that name.
_KIND = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
# Tokens of a text, for which nobody logs in anywhere.
_OF_TEXT = re.compile(
    r"(?:^|[_-])(?:pad|bos|eos|sos|eot|sot|unk|oov|sep|cls|mask|special|next|prev|stop|start|end"
    r"|begin|prefix|suffix|page|output|input|continuation"
    r"|image|video|audio|text|word|char|class|dist|blank|space|extra|first|last"
    r"|max|min|num|n|per)[_-]?token$",
    re.IGNORECASE,
)
# `google-auth==2.29.0`, `max_token=4096`
_NUMBER = re.compile(r"\d{1,7}|\d+(?:\.\d+)+[\w.+-]{0,16}")
_PLACEHOLDER = re.compile(
    r"[*.:@-]+|(?:[\s:@/]|\\[nrt])*\$?\{[^{}\s]*\}(?:[\s:@/]|\\[nrt])*|\{\{[^{}]*\}\}"
    r"|\$\(?[A-Z_][A-Z0-9_]*\)?|<[^<>]*>|\[\w*\]|%s|%\(\w+\)s|[A-Z]+(?:_[A-Z0-9]+)+"
    r"|(?i:your)[_-][\w-]+|[\w-]*\.{3}\w*|[\w-]*[xX]{3,}"
    r"|(?:YOUR[_-]?)?(?:PASSWORD|PASS|TOKEN|KEY|SECRET|USER|USERNAME)"
)
_NO_VALUE = re.compile(r"none|null|true|false", re.IGNORECASE)
# In code also types, and examples that stand for themselves.
_WORD = re.compile(
    r"none|null|true|false|str|bytes|string|int|float|bool|object|text|password|token|required"
    r"|optional|unused|test|dummy|example|placeholder",
    re.IGNORECASE,
)
# Names of types, `OAuth2Credentials`.
_TYPE = re.compile(r"(?:[A-Z]{1,2}[a-z]{2,}\d{0,2})+")
_EXAMPLE = re.compile(r"\[?(?:user(?:name)?|login):(?:pass(?:word|wd)?|pwd|token)", re.IGNORECASE)
_REFERENCE = re.compile(r"\$[({\w]|`")


def is_placeholder(value: str) -> bool:
    """True for what stands for a secret: `***`, `{token}`, `$TOKEN`, `<token>`, `API_TOKEN`."""
    return not value or _PLACEHOLDER.fullmatch(value) is not None


def is_secret(key: str, value: str, *, colon: bool) -> bool:
    """Whether `key=value` in running text, a command or a URL gives a secret away.

    With `key: value` (`colon`) the value may be the next word of a sentence, so it takes more.
    """
    if is_placeholder(value) or _NO_VALUE.fullmatch(value):
        return False
    if _is_weak(key) and _NUMBER.fullmatch(value):
        return False
    return not colon or (len(value) >= 6 and (not _is_weak(key) or is_mixed(value)))


def is_secret_in_code(key: str, value: str, *, quoted: bool) -> bool:
    """Whether `key=value` in source code gives a secret away, not a name or a type."""
    if is_placeholder(value) or " " in value or _WORD.fullmatch(value) or _OF_TEXT.search(key):
        return False
    if _is_name(key, value):
        return False
    if _is_weak(key):
        if quoted:
            return _is_weak_secret(key, value)
        is_name = value.islower() and ("_" in value or "." in value)
        return len(value) >= 12 and is_mixed(value) and not is_name and not _TYPE.fullmatch(value)
    return len(value) >= 4 if quoted else len(value) >= 6 and is_mixed(value) and "." not in value


def is_secret_variable(name: str, value: str) -> bool:
    """Whether setting the environment variable `name` to this text gives a secret away."""
    if is_placeholder(value) or _NO_VALUE.fullmatch(value) or _NUMBER.fullmatch(value):
        return False
    if _WORD.fullmatch(value) or _OF_TEXT.search(name) or _REFERENCE.match(value):
        return False
    if _is_name(name, value):
        return False
    doubtful = re.search(r"_(?:key|pat|pass)$", name, re.IGNORECASE) and _is_weak(name)
    return len(value) >= 8 and is_mixed(value) if doubtful else len(value) >= 4


def is_variable_text(name: str, value: str) -> bool:
    """Whether a bare word that follows a name in capitals, `API_TOKEN: a1b2c3d4`, is its secret."""
    is_name = "." in value or (value.islower() and "_" in value) or _TYPE.fullmatch(value)
    return not is_name and len(value) >= 8 and is_mixed(value) and is_secret_variable(name, value)


def is_secret_in_list(key: str, value: str) -> bool:
    """Whether the text after `key` in a list or a call is its secret, not another name."""
    long = len(value) >= (8 if _is_weak(key) else 6)
    return long and is_mixed(value) and is_secret_in_code(key, value, quoted=True)


def is_login_example(user: str, password: str) -> bool:
    """Whether a URL's login is what manuals write, `user:password`."""
    return _EXAMPLE.fullmatch(f"{user}:{password}") is not None


def is_mixed(value: str) -> bool:
    """Whether it has letters and digits, as few words do."""
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _is_weak(key: str) -> bool:
    return _WEAK.search(key) is not None and not _STRONG.search(key)


def _is_weak_secret(key: str, value: str) -> bool:
    if "://" in value or not value[0].isalnum():
        return False
    if is_mixed(value):
        return len(value) >= 8
    return len(value) >= 6 and _GIVEN.search(key) is not None and not _COMMON.fullmatch(value)


def _is_name(key: str, value: str) -> bool:
    """Whether the value names what the key does, or where that is, and is not it."""
    lowered = key.lower()
    if value.lower() in lowered or _NAME.fullmatch(value):
        return True
    is_path = lowered.endswith("pwd") and value[0] in "/~."
    return is_path or (lowered.endswith("auth") and _KIND.fullmatch(value) is not None)
