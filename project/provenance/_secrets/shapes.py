"""What secrets look like by themselves: token formats, URL credentials, headers, key blocks."""

import re


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


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
            r"eyJ[\w-]{8,4096}+\.[\w-]{8,}(?:\.[\w-]*)?",  # JSON web token
            r"eyJhcGlf[\w+/-]{20,}=*",  # base64 of {"api_...: a Neptune token
            r"npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|dapi[a-f0-9]{32}",
            # Hashes of passwords, which can be guessed at: bcrypt, crypt, Argon2.
            r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{40,}|\$argon2(?:id|i|d)\$v=[\w$,=+/.-]{20,}",
            r"\$(?:[156y]|apr1)\$[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{22,}",
        )
    )
    + ")"
)
WEBHOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/)[\w/-]+"
)
SIGNED_QUERY = _compiled(
    r"([?&](?:sig|signature|x-amz-(?:signature|credential)"
    r"|key(?==[a-z%+/=.~_-]*\d))=)[\w%+/=.~-]{6,}"
)
AUTHORIZATION = _compiled(
    r"(authorization\\?[\"']?[ \t]*\]?[ \t]*[:=,][ \t]*[rbfu]{0,2}\\?[\"']?"
    r"(?:(?:basic|bearer|digest|token)[ \t]+)?"
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
