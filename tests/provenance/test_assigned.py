"""Values that names are given are replaced where they are secrets, and code that is none stays.

In the tables a secret stands as {S}, so that this file holds none itself.
"""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project.provenance.redact import Redactor

ROOT = Path(__file__).parents[2]
PLAIN = Redactor({})
WORD, RANDOM = "correct-horse", "hunter2hunter2"
quiet = settings(deadline=None, database=None)

# The name and the place tell a secret, whatever word it is.
BY_PLACE = """
os.environ["HF_TOKEN"] = "{S}"
os.environ['HF_TOKEN'] = '{S}'
os.environ[ "HF_TOKEN" ]="{S}"
os.environ ["HF_TOKEN"] = "{S}"
os.environ[f"HF_TOKEN"] = "{S}"
os.environ.update({"HF_TOKEN": "{S}"})
os.environ |= {"HF_TOKEN": "{S}"}
os.environ.__setitem__("HF_TOKEN", "{S}")
os.environ["HF_TOKEN"] = "{S}" "{S}"
os.environ["HF_TOKEN"] = ("{S}"\\n    "{S}")
+os.environ["HF_TOKEN"] = ("{S}"\\n+    + "{S}")
Sys.setenv(HF_TOKEN = "{S}")
setx HF_TOKEN {S}
kubectl create secret generic x --from-literal=password={S}
environ["WANDB_API_KEY"] = r"{S}"
os.environ["DB_PASSWORD"] = b"{S}"
os.environ["HF_TOKEN"] = f"{S}"
os.environ["HF_TOKEN"] = \"\"\"{S}\"\"\"
os.environ["HF_TOKEN"] = '''{S}'''
os.environ["HF_TOKEN"] = ("{S}")
os.environ["HF_TOKEN"] = str("{S}")
os.environ["OPENAI_KEY"] = "x1{S}"
os.environ.setdefault("API_KEY", "{S}")
os.environ.setdefault("HF_TOKEN", '{S}')
os.environ.get("HF_TOKEN", "{S}")
os.environ.pop("HF_TOKEN", "{S}")
os.getenv("HF_TOKEN", "{S}")
os.getenv("HF_TOKEN", default="{S}")
os.putenv("HF_TOKEN", "{S}")
monkeypatch.setenv("HF_TOKEN", "{S}")
setenv("HF_TOKEN", "{S}", 1);
System.Environment.SetEnvironmentVariable("HF_TOKEN", "{S}")
process.env.HF_TOKEN = "{S}"
ENV["HF_TOKEN"] = "{S}"
$env:HF_TOKEN = "{S}"
config["password"] = "{S}"
config['db']['password'] = "{S}"
self.config["api_key"] = "{S}"
settings.setdefault("password", "{S}")
settings.get("api_key", "{S}")
config("SECRET_KEY", default="{S}")
setattr(arguments, "password", "{S}")
request.add_header("X-Api-Key", "{S}")
password = "{S}"
password: str = "{S}"
password: str | None = "{S}"
password = ("{S}")
password = SecretStr("{S}")
password: str = Field(default="{S}")
password: str = Field("{S}")
if password == "{S}":
if config["password"] != "{S}":
password = os.environ.get("DB_PASSWORD") or "{S}"
password = os.environ["DB_PASSWORD"] or "{S}"
const apiKey = process.env.API_KEY || "{S}";
const apiKey = process.env.API_KEY ?? '{S}';
parser.add_argument("--password", type=str, default="{S}")
@click.option("--api-key", default="{S}")
connect(user="ada", password="{S}")
client = Client(api_key='{S}', timeout=3)
{"user": "ada", "password": "{S}"}
{'api_key': '{S}'}
{"pass": "x1{S}"}
user, password = "ada", "{S}"
login("ada", "{S}")
server.login("ada@example.org", '{S}')
server.login(user="ada", "{S}")
requests.get(url, auth=("ada", "{S}"))
HTTPBasicAuth("ada", "{S}")
keyring.set_password("service", "ada", "{S}")
set_token("{S}")
export HF_TOKEN={S}
export HF_TOKEN="{S}"
export password={S}
export HF_TOKEN='{S}'; python train.py
declare -x HF_TOKEN={S}
HF_TOKEN={S}
HF_TOKEN="{S}"
  HF_TOKEN={S} python train.py
HF_TOKEN={S} WANDB_API_KEY={S} python train.py
env HF_TOKEN={S} python train.py
set HF_TOKEN={S}
set -x HF_TOKEN {S}
setenv HF_TOKEN {S}
docker run -e HF_TOKEN={S} image
docker run -e "HF_TOKEN={S}" image
docker run --env HF_TOKEN={S} image
docker run --env=HF_TOKEN={S} image
docker build --build-arg HF_TOKEN={S} .
ENV HF_TOKEN {S}
ENV HF_TOKEN={S}
ENV A=1 HF_TOKEN={S}
ENV HF_TOKEN="{S}"
ARG HF_TOKEN={S}
RUN --mount=type=cache HF_TOKEN={S} pip install x
HF_TOKEN := {S}
HF_TOKEN ?= {S}
export HF_TOKEN := {S}
export HF_TOKEN = {S}
password = "{S}"  # TOML
password: "{S}"
  - HF_TOKEN={S}
  - "HF_TOKEN={S}"
- name: HF_TOKEN\\n  value: {S}
- name: HF_TOKEN\\n+  value: "{S}"
{"name": "HF_TOKEN", "value": "{S}"}
echo ${HF_TOKEN:-{S}}
machine example.org login ada password {S}
machine example.org\\n  login ada\\n  password {S}
+machine example.org\\n+  login ada\\n+  password {S}
sshpass -p {S} ssh host
docker login -u ada -p {S} registry
train --password "{S}"
train --password='{S}'
os.environ.setdefault(\\n    "API_KEY", "{S}"\\n)
+os.environ.setdefault(\\n+    "API_KEY",\\n+    "{S}",\\n+)
password = (\\n    "{S}"\\n)
+password = (\\n+    "{S}"\\n+)
password = \"\"\"\\n{S}\\n\"\"\"
+password = \"\"\"\\n+{S}\\n+{S}\\n+\"\"\"
token = "{S}"
self.token = '{S}'
secret: str = "{S}"
config["token"] = "{S}"
config.get("token", "{S}")
("token", "{S}")
("password", "{S}")
{"token": "{S}"}
Client(token="{S}")
login(token="{S}")
env = {"HF_TOKEN": "{S}"}
def f(token: str = "{S}") -> None:
("HF_TOKEN", "{S}"),
+headers = [("X-Api-Key", "{S}")]
DB_PASS = "{S}"
parser.add_argument("--token", default="{S}")
aws configure set aws_secret_access_key {S}
%env HF_TOKEN {S}
#define API_TOKEN "{S}"
authenticate("ada", "{S}")
"""

# Names that also have innocent values: the value must look like a secret too.
BY_VALUE = """
["--token", "{S}"]
("Authorization", "Bearer {S}")
headers["Authorization"] = "Bearer {S}"
headers["Authorization"] = f"Bearer {S}"
{"Authorization": "Basic {S}"}
headers["X-Auth-Token"] = "{S}"
-H "Authorization: Bearer {S}"
-H "X-API-Key: {S}"
headers = {"Cookie": "{S}"}
wandb.login(key="{S}")
login("{S}")
os.environ.update(HF_TOKEN="{S}")
os.environ.update({"HF_TOKEN": "{S}"})
HF_TOKEN: {S}
token: {S}
token = {S}
password = {S}
api_key: {S}
train --token {S}
train --api-token={S}
curl -u ada:{S} https://example.org
curl --user "ada:{S}" https://example.org
token = args.token if args.token else "{S}"
["curl", "-u", "ada:{S}", url]
mysql -u root -p{S} db
password_hash = "{S}"
password: |\\n  {S}
wandb login {S}
AccountName=x;AccountKey={S};
"""

STAYS = """
tokens = tokenizer(text)
token = tokens[1]
token: str
token: str = None
password: str | None = None
def f(token: str, password: Optional[str] = None) -> None:
password = getpass()
password = getpass("Password: ")
password = input("the password of your account: ")
key="learning_rate"
sort_key = "column1_name"
state_key="layer1.0.weight"
cache["layer1_key"] = "block3.conv1"
os.environ["HF_TOKEN"]
token = os.environ["HF_TOKEN"]
token = os.environ.get("HF_TOKEN")
token = os.environ.get("HF_TOKEN", "")
token = os.environ.get("HF_TOKEN", None)
api_key=os.environ["NEPTUNE_API_TOKEN"]
os.environ["HF_TOKEN"] = token
os.environ["HF_TOKEN"] = os.environ["OTHER_TOKEN"]
os.environ["HF_TOKEN"] = f"{token}"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_TOKEN_PATH"] = "/home/ada/.cache/token"
os.environ["CUDA_VISIBLE_DEVICES"] = "0,1"
os.environ.update(HF_TOKEN=token, PATH=path)
dict(os.environ, HF_TOKEN=hf_token)
tokenizer(pad_token="<pad>", eos_token="</s>", mask_token="[MASK]", unk_token="[unused12]")
PAD_TOKEN = "padding-token-0"
config["eos_token"] = "endoftext50256"
max_token=4096
token_id = 50256
num_tokens = "12345678"
["password", "username"]
("token", "label")
FIELDS = ("user", "password", "email-address")
Literal["token", "secret", "api_key"]
add_argument("--token", "-t", help="the account's token")
add_argument("--password", help="the password of your account")
{"password": "The password of the account"}
{"type": "password", "name": "secret"}
properties = {"token": {"type": "string"}}
x = [t for t in tokens if t.token == "class"]
credentials: OAuth2Credentials
auth: HTTPBasicAuth
auth = oauth2.session
from secrets import token_hex
secret = hashlib.sha256(data).hexdigest()
secrets.token_urlsafe(32)
headers = {"Authorization": f"Bearer {token}"}
headers["Authorization"] = "Bearer " + token
login(user, password)
login("ada", password)
auth=("ada", password)
auth=("ada", "<password>")
keyring.get_password("service", "ada")
set_password(password)
export HF_TOKEN
export HF_TOKEN=$TOKEN
export HF_TOKEN="${TOKEN}"
export HF_TOKEN=$(cat token)
export HF_TOKEN="$(cat /run/secrets/token)"
export HF_TOKEN=<your-token>
docker run -e HF_TOKEN image
docker run -e HF_TOKEN=$HF_TOKEN image
docker run -u 1000:1000 image
docker run --user ada:staff image
ARG HF_TOKEN
ENV HF_TOKEN=${HF_TOKEN}
HF_TOKEN ?= $(shell cat token)
HF_TOKEN: ${{ secrets.HF_TOKEN }}
- name: HF_TOKEN\\n  valueFrom: secretKeyRef
- name: model\\n  value: resnet50
train --token $TOKEN --password "$PASSWORD"
train --token --seed 1
postgresql://USER:PASSWORD@HOST/DATABASE
password = "PASSWORD"
api_key = "YOUR_API_KEY"
api_key = "xxxxxxxxxxxx"
password = ""
password_file = "/run/secrets/password1"
secret_name = "prod-db-1"
author = "Smith2020"
os.environ["MLFLOW_TRACKING_PASSWORD"] = internal_token2
if password1 != password2:
fields = ("usable_password", "password1", "password2")
ACCESS_KEY = "aws_access_key_id"
AUTH_KEY = "auth"
("auth", "0002_alter_permission_name_max_length")
"runtime_auth": "databricks_oauth_m2m",
["x-ms-encryption-key", "x-ms-encryption-key-sha256"]
update_environment(PWD="/tmp")
text += f":{password}"
password = ":****"
"DATABRICKS_TOKEN": "{{secrets/my_scope2/my_key2}}",
os.environ.setdefault("OPENAI_API_KEY", "your-api-key-here")
export OPENAI_API_KEY="sk-..."
api_key = "sk-xxx"
"output_token": "Jobs[-1].JobId2",
postgresql://user:password@host:5432/database?key=value
"https://username:password@host.com:80/path"
if token == "endblock":
token = "newline"
isinstance("token", "whatever")
kind = "present" if password else "absent"
endswith(("token", "secret"))
monkey = "capuchin1234"
compass = "north1234"
"""


def lines(table: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in table.strip().splitlines()]


def wrong(table: str, secret: str) -> list[str]:
    """What becomes of the table's lines with this secret, where that is not what it should be."""
    found = []
    for template in lines(table):
        # Of names that end in `_key` or `pass`, a word is hardly the secret.
        given = template if secret == RANDOM else template.replace("x1{S}", f"{secret}-1")
        got = PLAIN.redact_code(given.replace("x1{S}", "{S}").replace("{S}", secret))
        if got != re.sub(r"x1\{S\}|\{S\}", "***", template):
            found.append(got)
        if secret in PLAIN.redact(given.replace("{S}", secret)):
            found.append(f"as text: {template}")
    return found


def test_a_secret_goes_whatever_word_it_is_where_the_place_tells_it() -> None:
    assert wrong(BY_PLACE, WORD) == []
    assert wrong(BY_PLACE, RANDOM) == []


def test_what_looks_like_a_secret_goes_where_a_name_tells_it() -> None:
    assert wrong(BY_VALUE, RANDOM) == []


def test_innocent_code_stays() -> None:
    changed = {line: PLAIN.redact_code(line) for line in lines(STAYS)}
    assert {line: new for line, new in changed.items() if line != new} == {}


def test_masking_twice_is_masking_once() -> None:
    text = "\n".join(lines(BY_PLACE + BY_VALUE + STAYS)).replace("{S}", RANDOM)
    for redact in (PLAIN.redact, PLAIN.redact_code):
        once = redact(text)
        assert RANDOM not in once and redact(once) == once


pieces = st.sampled_from(
    [
        "token",
        "PASSWORD",
        "api_key",
        "=",
        ": ",
        ", ",
        " ",
        '"',
        "'",
        '"]',
        '("',
        ")",
        "[",
        "os.environ[",
    ]
    + [
        "export ",
        "-e ",
        "--",
        "***",
        "\\",
        "\n",
        "+",
        "a1b2c3d4",
        "word",
        "login(",
        "default=",
        "https://u:",
    ]
    + ["@", "${", ":-", "}", "Bearer ", "${", '"""', "-u "]
)


@quiet
@given(st.lists(pieces, max_size=14).map("".join))
def test_masking_twice_is_masking_once_whatever_stands_there(text: str) -> None:
    for redact in (PLAIN.redact, PLAIN.redact_code):
        once = redact(text)
        assert redact(once) == once and once.count("\n") == text.count("\n")


UNITS = [
    "token=",
    "token='",
    'token="',
    'token=\\"',
    "token: ",
    'token", "',
    "password = (",
    "--a-",
    "login ",
    "login(",
]
UNITS += [
    "token='\"",
    '"token" or ',
    "name: a_token ",
    "${TOKEN:-",
    "ENV TOKEN ",
    "-u a:",
    "set_token(",
    'token"""',
    "eyJa-",
]
UNITS += [
    "a, token = 'a', ",
    "token:a ",
    'token", default',
    "://a:",
    "bearer ",
    "export TOKEN",
    "token ",
    "a-",
    " ",
    "\\",
]


@pytest.mark.parametrize("unit", UNITS)
def test_no_line_takes_more_than_its_length(unit: str) -> None:
    # By the square of its length, one of these would take many minutes.
    text = unit * (8_000 // len(unit))
    assert PLAIN.redact_code(text).startswith(unit[:2])
    assert PLAIN.redact(text).startswith(unit[:2])


def test_nothing_of_this_project_is_masked() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    found = []
    for name in tracked.stdout.decode().split("\0")[:-1]:
        content = (ROOT / name).read_bytes()
        clean = PLAIN.redact_bytes(content)
        pairs = zip(content.splitlines(), clean.splitlines(), strict=True)
        found += [f"{name}: {old.decode()}" for old, new in pairs if old != new]
    assert not found, "write a made-up secret in two parts: 'pass' 'word'\n" + "\n".join(found)
