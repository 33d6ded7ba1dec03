"""Whatever is chosen by name: a file of a plug folder, or `MODULE:NAME` outside; one loader.

Only the standard library is imported, and no plug before `load`: what can be known of a plug
without running it is read from its source, so that mistakes are told before torch is loaded.
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from project.words.places import FOLDERS, PACKAGE, arose
from project.words.telling import did_you_mean, quoted

# Kinds that may be config objects, and those of which several can be chosen.
KINDS = ("task", "data", "model", "loss", "optimizer", "metric", "callback")
SEVERAL = ("loss", "metric", "callback", "tracker")
_BUILD = re.compile(r"^def build\((.*?)\)\s*(?:->|:)", re.DOTALL | re.MULTILINE)


class Plug(NamedTuple):
    """Where a plug is.

    Attributes:
        kind: task, model, data, loss, optimizer, metric, callback or tracker.
        text: as it was chosen, `torchvision:resnet18` or `mynets:Net`.
        name: of the plug: what stands before the colon; its own flags go by it.
        part: what stands after the colon, if there is one: of a built-in plug the variant, of an
            outside one the class or function in its module.
        module: to import.
        path: of its source.
        outside: whether it is no file of this package.
    """

    kind: str
    text: str
    name: str
    part: str | None
    module: str
    path: str
    outside: bool

    @property
    def entry(self) -> str:
        """The name in its file that is called; a metric of the package has any."""
        if self.outside:
            return str(self.part)
        if self.kind == "task":
            return "".join(word.capitalize() for word in self.name.split("-"))
        return "load" if self.kind == "data" else "build"


@cache
def names(kind: str) -> tuple[str, ...]:
    """The built-in plugs of a kind: `fashion_mnist.py` is `fashion-mnist`."""
    folder = os.path.join(PACKAGE, FOLDERS[kind])
    files = sorted(n for n in os.listdir(folder) if n.endswith(".py") and n[0] != "_")
    if kind == "callback":  # beside those that the wiring makes
        files = [n for n in files if _BUILD.search(source(os.path.join(folder, n)))]
    return tuple(sorted(n[:-3].replace("_", "-") for n in files))


def path_of(kind: str, name: str) -> str:
    """The file of a built-in plug."""
    return os.path.join(PACKAGE, FOLDERS[kind], f"{name.replace('-', '_')}.py")


def find(kind: str, text: str) -> Plug:
    """The plug that `text` chooses; a built-in name before the colon wins. Nothing is imported.

    Raises:
        ValueError: there is none, or its source lacks the name after the colon; in one line.
    """
    known, (name, colon, part) = names(kind), text.partition(":")
    if name in known:
        return _built_in(kind, text, name, part if colon else None)
    if colon:
        from project.plugs.outside import path_of  # which few runs need

        try:
            return Plug(kind, text, name, part, name, path_of(name, part, known), True)
        except ValueError as error:
            raise ValueError(f"--{kind} {quoted(text)}: {error}") from None
    near, choices = did_you_mean(name, known), ", ".join([*known, "MODULE:NAME"])
    raise ValueError(f"--{kind} {quoted(text)} is unknown{near} (choices: {choices})")


def load(kind: str, text: str) -> Any:
    """Import the plug that `text` chooses: a built-in one's module, or the outside one's `NAME`.

    Raises:
        ValueError: there is none, or it can't be imported; in one line.
    """
    from importlib import import_module

    plug = find(kind, text)
    if plug.outside:
        from project.plugs.outside import let_import_from_here

        let_import_from_here()
    try:
        module = import_module(plug.module)
    except (Exception, SystemExit) as error:
        why = f"can't be imported: {_told(error)}"
        raise ValueError(f"--{kind} {quoted(text)}: {plug.module} {why}") from error
    if not plug.outside:
        return module
    file = getattr(module, "__file__", None)
    if file is None or not os.path.samefile(file, plug.path):
        raise ValueError(
            f"--{kind} {quoted(text)}: {plug.path} is hidden by {file}, which is imported as"
            f" {plug.module} already; give it another name"
        )
    if not hasattr(module, plug.part):
        raise ValueError(f"--{kind} {quoted(text)}: {plug.path} defines no {plug.part}")
    return getattr(module, plug.part)


def entry(kind: str, text: str) -> Any:
    """What is called of the plug that `text` chooses; only its file is imported.

    Raises:
        ValueError: there is none, or it can't be imported; in one line.
        AttributeError: a file of the package lacks it.
    """
    plug, found = find(kind, text), load(kind, text)
    return found if plug.outside else getattr(found, plug.entry)


def load_outside(kind: str, texts: Iterable[str]) -> dict[str, Any]:
    """Those of `texts` that choose plugs from outside of this package, imported.

    Raises:
        ValueError: as of `load`.
    """
    return {text: load(kind, text) for text in texts if is_outside(kind, text)}


def is_outside(kind: str, text: str) -> bool:
    """Whether `text` chooses a plug that is no file of this package; it need not be there."""
    name, colon, _ = text.partition(":")
    return bool(colon) and name not in names(kind)


def chosen(flags: Mapping[str, Any]) -> dict[str, set[str]]:
    """The names before the colon of what a record's flags choose, by kind."""
    found = {}
    for kind in FOLDERS:
        texts = flags.get(kind) or ()
        texts = [texts] if isinstance(texts, str) else texts
        found[kind] = {unweighted(text).partition(":")[0] for text in texts}
    return found


def unweighted(text: str) -> str:
    """What is chosen by a term of a sum, which may have a weight: `dice` of `dice*0.5`."""
    return text.partition("*")[0]


def name_of(module: str) -> str:
    """The plug that is this module, which knows itself as `__name__`."""
    package, _, name = module.rpartition(".")
    ours = package in {f"project.{folder}" for folder in FOLDERS.values()}
    return name.replace("_", "-") if ours else module


def has_settings(plug: Plug) -> bool:
    """Whether a plug seems to have flags of its own; most have none, and need not be parsed.

    Raises:
        ValueError: its file is no UTF-8 text.
        OSError: it can't be read.
    """
    return "class Settings" in (source if plug.outside else _own_source)(plug.path)


def says(kind: str, text: str, name: str) -> bool:
    """Whether the file of the plug that `text` chooses seems to have this name, as `TASKS`."""
    try:
        plug = find(kind, text)
        return name in (source if plug.outside else _own_source)(plug.path)
    except (ValueError, OSError):
        return False  # told elsewhere


def changes_scores(text: str) -> bool:
    """Whether a callback says that what is tested is not what it would be without it."""
    try:
        return "\nCHANGES_SCORES = True" in source(find("callback", text).path)
    except (ValueError, OSError):
        return False  # told elsewhere


def with_settings(chosen: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of kinds and what was chosen of each, those that `has_settings`; others are passed over."""
    found = []
    for kind, text in chosen:
        try:
            if has_settings(find(kind, text)):
                found.append((kind, text))
        except (ValueError, OSError):
            continue
    return found


def mentions(kind: str, text: str, flag: str) -> bool:
    """Whether a built-in plug's file may define a flag of its own of this name, or of `no_` it."""
    code = _own_source(find(kind, text).path)
    return any(f" {name}:" in code for name in (flag, flag.removeprefix("no_")))


def flat(flags: Mapping[str, Any]) -> dict[str, Any]:
    """A record's flags, with those of its plugs among them by their own names.

    Arguments of objects are there as `model.args.width` or `loss.Focal.args.gamma`; for the text of
    a file stands its hash.
    """
    found = {name: value for name, value in flags.items() if name != "plugs"}
    own = flags.get("plugs")
    for plug, settings in own.items() if isinstance(own, Mapping) else ():
        before = prefix(flags, plug) if ":" in plug else ""
        for name, value in settings.items() if isinstance(settings, Mapping) else ():
            found.setdefault(f"{before}{name}", brief(value))
    return found


def brief(value: Any) -> Any:
    """A value in a table: of a text of several lines, which a file held, a hash."""
    if not isinstance(value, str) or "\n" not in value:
        return value
    from hashlib import blake2b  # which few runs need

    return f"blake2b:{blake2b(value.encode(errors='replace'), digest_size=6).hexdigest()}"


def args_of(kind: str, text: str) -> str:
    """What stands before the name of an object's argument: `model.args.`, `loss.Focal.args.`."""
    part = f".{text.rpartition(':')[2]}" if kind in SEVERAL else ""
    return f"{kind}{part}.args."


def prefix(flags: Mapping[str, Any], text: str) -> str:
    """What stands before the names of an object's arguments, by the flag that chose it."""
    for kind in FOLDERS:
        values = flags.get(kind) or ()
        if text in map(unweighted, [values] if isinstance(values, str) else values):
            return args_of(kind, text)
    return f"{text}."  # an edited record


def source(path: str) -> str:
    """The text of a plug's file.

    Raises:
        ValueError: it is no UTF-8 text.
        OSError: it can't be read.
    """
    with open(path, "rb") as file:
        try:
            return file.read().removeprefix(b"\xef\xbb\xbf").decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not UTF-8 ({error.reason}); save it as such") from None


@cache
def _own_source(path: str) -> str:
    return source(path)


@cache
def _built_in(kind: str, text: str, name: str, part: str | None) -> Plug:
    word, path = name.replace("-", "_"), path_of(kind, name)
    code = _own_source(path)
    head = _BUILD.search(code) if "variant" in code else None
    takes_variant = bool(head and re.search(r"\bvariant\b", head[1]))
    if takes_variant != (part is not None):
        what = "PATH" if "\nREADER = " in code else "NAME"
        form, hint = (f"{name}:{what}", "") if takes_variant else (name, _hides(name, text))
        raise ValueError(
            f"--{kind} {quoted(text)}: {name} takes {'a' if takes_variant else 'no'} variant,"
            f" write --{kind} {form}{hint}"
        )
    return Plug(kind, text, name, part, f"project.{FOLDERS[kind]}.{word}", path, False)


def _hides(name: str, text: str) -> str:
    """What to say where a file of a person's own has the name of a built-in plug."""
    from project.plugs import outside

    own = outside.locate(name) if outside.FORM.fullmatch(text) else None
    return f"; {own} needs another name" if own else ""


def _told(error: BaseException) -> str:
    """What importing a plug raised, in one line, after the person's own line where it arose."""
    text, place = f"{type(error).__name__}: {' '.join(str(error).split())}", arose(error)
    return f"{place}: {text}" if place else text
