"""Values that break programs: texts, numbers, bodies, headers."""

STRINGS = [
    "",
    " ",
    "x" * 5000,
    "\0",
    "a\0b",
    "ä\u2028\U0001f600",
    "../../../etc/passwd",
    "..",
    "/etc/passwd",
    "C:\\x",
    "a/../../b",
    "a//b/",
    "%2e%2e%2f",
    "file:///etc/passwd",
    "'; DROP TABLE runs; --",
    "{{7*7}}${7*7}",
    "NaN",
    "-1",
    "1e999",
    "99999999999999999999",
    "true",
    "null",
    "sys/id",
    "sys/tags",
    "(a:float >",
]
NUMBERS = [0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, 1e308, -1e-320]
RAW = [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"null", b"[]", b"{}", b'"x"', b"[null]", b"{}{}"]
RAW += [b'{"a":' * 300 + b"1" + b"}" * 300, b'"\\ud800"', b"1e999", b"[" + b"0," * 50_000 + b"0]"]
HEADERS = ["bytes=0-1/2", "bytes=5-1/2", "bytes=-1-/x", "bytes=0-99999999999/99999999999", "", "x"]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]
