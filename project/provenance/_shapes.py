"""What secrets look like in text: token formats, URL credentials, assignments, key blocks."""

import re

KEY = (
    r"(?:password|passwd|passphrase|pwd|(?:api|access|secret|private|account|signing)[_-]?key"
    r"|token|secret|credentials?|auth)"
)
# Names whose values are often no secret (`pad_token="<pad>"`, `token: 5`): judged by the value too.
_WEAK = re.compile(r"(?:token|secret|credentials?|auth)$", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d{1,7}|\d+(?:\.\d+)+[\w.+-]{0,16}"
)  # `google-auth==2.29.0`, `max_token=4096`
_SEPARATOR = r"(?P<sep>\\?[\"']?[ \t]*(?::[ \t]*[\w.\[\]| ]{1,40}?(?==))?(?::=|=>|==|[:=])[ \t]*)"
# The first group's lookahead ends the literal at the same quote (escaped where the opening one is).
_QUOTED = (
    r"[rbfRBF]{0,2}(?P<quote>\\?[\"'])(?P<quoted>(?:(?!(?P=quote))(?:\\.|[^\n\\]))*+)(?P=quote)"
)
_TEXT_VALUE = rf"(?:{_QUOTED}|(?P<bare>[^\s\"'`,;&]++))"
_CODE_VALUE = rf"(?:{_QUOTED}|(?P<bare>[^\s\"'`,;&|()<>\[\]{{}}\\]++)(?![(\[]))"
_FLAG = rf"(?<![\w-])(?P<key>--?(?:[a-z0-9]+[_-])*{KEY})(?P<sep>[ \t]+)(?!-)"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


SECRET_KEY = _compiled(rf"{KEY}$")
ASSIGNED_FLAG = re.compile(rf"(--?[\w-]*{KEY}=).*", re.IGNORECASE | re.DOTALL)
IN_TEXT = [
    _compiled(rf"(?P<key>{KEY}){_SEPARATOR}{_TEXT_VALUE}"),
    _compiled(_FLAG + _TEXT_VALUE),
]
IN_CODE = [
    _compiled(rf"(?P<key>{KEY}){_SEPARATOR}{_CODE_VALUE}"),
    _compiled(_FLAG + _CODE_VALUE),
]

# Matched by their own form wherever they stand, so each is long and starts distinctively.
TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    + "|".join(
        (
            r"gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
            r"gl(?:pat|dt|rt|ptt|cbt|ft|imt|soat)-[\w-]{20,}",
            r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
            r"hf_[A-Za-z0-9]{20,}",
            r"sk-(?:proj|ant|svcacct|admin|or)-[\w-]{16,}|sk-[A-Za-z0-9]{20,}",
            r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
            r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}",
            r"AIza[\w-]{30,}|ya29\.[\w-]{20,}",
            r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",  # JSON web token
            r"eyJhcGlf[\w+/-]{20,}=*",  # base64 of {"api_...: a Neptune token
            r"npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|dapi[a-f0-9]{32}",
        )
    )
    + ")"
)
WEBHOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/)[\w/-]+"
)
SIGNED_QUERY = _compiled(
    r"([?&](?:sig|signature|x-amz-(?:signature|credential)|key)=)[\w%+/=.~-]{6,}"
)
AUTHORIZATION = _compiled(
    r"(authorization\\?[\"']?[ \t]*[:=][ \t]*\\?[\"']?(?:(?:basic|bearer|digest|token)[ \t]+)?"
    r"|\bbearer[ \t]+)(?=[A-Za-z+/._~-]*[\d=])[\w+/=.~-]{8,}"
)
# The scheme is left out: looking for it at each position is quadratic in long runs of letters.
# A password runs to the last @ before the path (`p@ss`), or to the first one if it holds a slash
# itself; a port is no password (`http://host:80/@name`).
URL_LOGIN = _compiled(
    r"(?<=://)[^\s/?#@:\"'<>]{0,256}:(?!\d+[/?#])"
    r"(?P<password>[^\s/?#\"'<>]{0,1024}(?=@)|[^\s@\"'<>]{0,1024})@"
    r"|(?:(?<=http://)|(?<=https://))(?P<user>[^\s/?#@:\"'<>]{1,256})@"
)
# A block that is cut off ends with its last line of base64, not with the text.
PEM = re.compile(
    r"(?P<begin>-----BEGIN [A-Z ]*PRIVATE KEY-----)"
    r"(?:(?P<body>(?:(?!-----)[\s\S]){0,20000})(?P<end>-----END [A-Z ]*PRIVATE KEY-----)"
    r"|(?P<open>(?:\s*\n[ +-]?[A-Za-z0-9+/=]{16,})+))"
)
# Line breaks (also escaped ones) and a diff's first column stay, so that a patch keeps its form.
PEM_LINE = re.compile(r"(\\[nrt])|[A-Za-z0-9/=][A-Za-z0-9+/=]*")
_PLACEHOLDER = re.compile(
    r"\*+|\.\.\.|\$?\{[^{}\s]*\}|\$\(?[A-Z_][A-Z0-9_]*\)?|<[^<>]*>|%s|%\(\w+\)s"
    r"|[A-Z]+(?:_[A-Z0-9]+)+"
)
_NO_VALUE = re.compile(r"none|null|true|false", re.IGNORECASE)
# In code also types, and examples that stand for themselves.
_WORD = re.compile(r"none|null|true|false|str|bytes|string|int|password|token", re.IGNORECASE)


def is_placeholder(value: str) -> bool:
    """True for what stands for a secret: `***`, `{token}`, `$TOKEN`, `<token>`, `API_TOKEN`."""
    return not value or _PLACEHOLDER.fullmatch(value) is not None


def is_secret(key: str, value: str, *, colon: bool) -> bool:
    """Whether `key=value` in running text, a command or a URL gives a secret away.

    With `key: value` (`colon`) the value may be the next word of a sentence, so it takes more.
    """
    if is_placeholder(value) or _NO_VALUE.fullmatch(value):
        return False
    if _WEAK.search(key) and _NUMBER.fullmatch(value):
        return False
    return not colon or (len(value) >= 6 and (not _WEAK.search(key) or _mixed(value)))


def is_secret_in_code(key: str, value: str, *, quoted: bool) -> bool:
    """Whether `key=value` in source code gives a secret away, not a name or a type."""
    if is_placeholder(value) or " " in value or _WORD.fullmatch(value):
        return False
    if _WEAK.search(key):
        is_name = not quoted and value.islower() and "_" in value
        return len(value) >= (12 if quoted else 16) and _mixed(value) and not is_name
    return len(value) >= 4 if quoted else len(value) >= 6 and _mixed(value) and "." not in value


def _mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))
