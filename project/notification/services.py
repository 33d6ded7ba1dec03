"""The services that messages go to: what a person named, and its settings, checked at once."""

import copy
import importlib.util
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from project.cli.addresses import is_masked, masked
from project.words.telling import did_you_mean

ADDRESSES = "PROJECT_NOTIFY"
_SECURITY = ("starttls", "ssl", "none")
_DESKTOPS = ("macosx://", "windows://", "dbus://", "gnome://")


@dataclass(frozen=True)
class Service:
    """A service.

    Attributes:
        name: how it is shown, each by another: `telegram`, `ntfy://***`, `ntfy://*** (2)`.
        asked: what apprise makes it of; it holds tokens, and is written nowhere.
    """

    name: str
    asked: str | dict[str, Any]


def resolve(
    words: Sequence[str], environ: Mapping[str, str]
) -> tuple[tuple[Service, ...], list[str]]:
    """The services that words name, and a line for each that can't be known any more.

    An address that a record has is masked; the environment's PROJECT_NOTIFY may have it.

    Args:
        words: addresses, and names of services whose settings are the environment's.
        environ: the environment's variables.
    Raises:
        ValueError: a setting is missing, an address is of no known kind, or apprise is not
            installed; a line for each.
    """
    if importlib.util.find_spec("apprise") is None:
        raise ValueError(
            "--notify needs the package 'apprise', which is not installed: run"
            " `pip install -r requirements.txt`"
        )
    known = environ.get(ADDRESSES, "").split()
    found, lost, wrong = [], [], []
    for word in dict.fromkeys(words):
        addresses = [each for each in known if masked(each) == word] if is_masked(word) else [word]
        if not addresses:
            lost.append(
                f"--notify {word}: a record holds no tokens, so nothing is sent there; give it"
                f" again, or in {ADDRESSES}"
            )
        for address in addresses:
            try:
                found.append(_service(address, environ))
            except ValueError as error:
                wrong.append(str(error))
    if wrong:
        raise ValueError("\n".join(wrong))
    return tuple(_told_apart(found)), lost


def _told_apart(services: Sequence[Service]) -> Iterator[Service]:
    """The second of a name is called so, as how each has fared is told by name."""
    names = [service.name for service in services]
    for index, service in enumerate(services):
        n = names[:index].count(service.name) + 1
        yield Service(f"{service.name} ({n})", service.asked) if n > 1 else service


def _service(word: str, environ: Mapping[str, str]) -> Service:
    if word == "desktop":
        return _desktop()
    make = {"telegram": _telegram, "mail": _mail}.get(word)
    service = Service(masked(word), make(environ) if make else word)
    if made(service) is None:
        raise ValueError(_unfit(service, word))
    return service


def made(service: Service) -> Any:
    """What apprise makes of it, None where it can't."""
    asked = copy.deepcopy(service.asked)  # apprise adds to what it is given
    return apprise().Apprise.instantiate(asked, suppress_exceptions=True)


def apprise() -> Any:
    """The package, which prints nothing: its messages may quote addresses."""
    import apprise  # 0.3 s

    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return apprise


def _unfit(service: Service, word: str) -> str:
    if word in ("telegram", "mail"):
        settings = {"telegram": "TG_TOKEN or TG_CHAT_ID", "mail": "SMTP_..."}[word]
        return f"--notify {word}: {settings} is not of the form that it needs"
    from apprise.manager_plugins import NotificationManager

    kind, kinds = word.partition("://")[0].lower(), set(NotificationManager().schemas())
    if kind in kinds:
        where = "https://github.com/caronc/apprise/wiki"
        return f"--notify {service.name}: the address is not of the form that {kind} has: {where}"
    return f"--notify {service.name}: {kind} is no known kind{did_you_mean(kind, kinds)}"


def _telegram(environ: Mapping[str, str]) -> dict[str, Any]:
    token, chat = _needed("telegram", environ, "TG_TOKEN", "TG_CHAT_ID")
    return {"schema": "tgram", "bot_token": token, "targets": chat.replace(",", " ").split()}


def _mail(environ: Mapping[str, str]) -> dict[str, Any]:
    host, to = _needed("mail", environ, "SMTP_HOST", "SMTP_TO")
    user, password = environ.get("SMTP_USER", ""), environ.get("SMTP_PASSWORD", "")
    if user and not password:
        raise ValueError("--notify mail: SMTP_USER is set, SMTP_PASSWORD is not")
    sender = environ.get("SMTP_FROM") or (user if "@" in user else "")
    if not sender:
        raise ValueError("--notify mail needs SMTP_FROM, in the environment or .env")
    port = environ.get("SMTP_PORT", "")
    if port and not port.isdecimal():
        raise ValueError(f"--notify mail: SMTP_PORT {port!r} is no number")
    security = environ.get("SMTP_SECURITY") or ("ssl" if port == "465" else "starttls")
    if security not in _SECURITY:
        near = did_you_mean(security, _SECURITY)
        told = f"SMTP_SECURITY {security!r} is none of {', '.join(_SECURITY)}{near}"
        raise ValueError(f"--notify mail: {told}")
    asked = {"schema": "mailto" if security == "none" else "mailtos", "host": host}
    asked |= {"smtp_host": host, "from_addr": sender, "targets": to.replace(",", " ").split()}
    asked |= {"secure_mode": "insecure" if security == "none" else security}
    asked |= {"port": int(port)} if port else {}
    return asked | ({"user": user, "password": password} if user else {})


def _needed(name: str, environ: Mapping[str, str], *variables: str) -> list[str]:
    lacking = [variable for variable in variables if not environ.get(variable)]
    if lacking:
        raise ValueError(
            f"--notify {name} needs {' and '.join(lacking)}, in the environment or .env"
        )
    return [environ[variable] for variable in variables]


def _desktop() -> Service:
    services = (Service("desktop", address) for address in _DESKTOPS)
    found = next(filter(made, services), None)
    if found is None:
        raise ValueError(
            "--notify desktop: this system has none that apprise knows (on Linux it needs the"
            " package dbus-python or PyGObject)"
        )
    return found
