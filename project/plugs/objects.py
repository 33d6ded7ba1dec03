"""Config objects: classes and functions with arguments of their own, `{object: ..., args: {...}}`.

What is chosen stays the text `pkg.mod:Net`; its arguments are in `Hyperparameters.plugs` by that
text, beside the flags of plugs' own. Where a file says which arguments it takes, it is read without
being run, so that mistakes are told before torch is loaded.
"""

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from project import plugs
from project.files.sources import tree
from project.words.telling import quoted

# What plugs are handed without being given it, by `handing`.
HANDED = {
    "data": ("hparams",),
    "optimizer": ("params", "lr", "weight_decay", "hparams"),
    "": (
        *("hparams", "shape", "n_classes", "classes", "class_counts", "class_weights"),
        *("task", "n_outputs"),
    ),
}
_PLAIN = (str, int, float, bool, type(None))
PLAIN = "a text, a number, true, false, null, or a list of these"


class Takes(NamedTuple):
    """The arguments that a class or function takes.

    Attributes:
        names: those that can be given by name; true where it must be.
        others: whether it takes any.
        line: of its file.
    """

    names: Mapping[str, bool]
    others: bool
    line: int


def is_plain(value: Any) -> bool:
    """Whether a value can be an argument: files hold it as it is, and it means the same there."""
    if isinstance(value, list):
        return all(isinstance(item, _PLAIN) and is_plain(item) for item in value)
    return isinstance(value, _PLAIN) and not (isinstance(value, float) and not math.isfinite(value))


def kept(
    chosen: Iterable[tuple[str, str]], values: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The arguments of the objects that were chosen, by text and name, and what is wrong there.

    Args:
        chosen: kinds and what was chosen of each.
        values: by plug and name, flags of plugs' own among them.
    """
    found: dict[str, dict[str, Any]] = {}
    problems = []
    for kind, text in chosen:
        args = values.get(text)
        if not isinstance(args, Mapping) or not args or not plugs.is_outside(kind, text):
            continue
        found[text] = dict(args)
        for name, value in args.items():
            if not is_plain(value):
                where = f"{plugs.args_of(kind, text)}{name}"
                problems.append(f"{where} must be {PLAIN}, not {quoted(value)}")
    return found, problems


def takes_of(path: str, name: str) -> Takes | None:
    """The arguments of a class or function of a file; None where only running it tells.

    Raises:
        ValueError: it is no Python, or no UTF-8.
        OSError: it can't be read.
    """
    kinds = (ast.FunctionDef, ast.ClassDef)
    own = [node for node in tree(path).body if isinstance(node, kinds) and node.name == name]
    node = own[-1] if own else None
    if isinstance(node, ast.ClassDef):
        node = _init(node)
    if node is None or node.decorator_list:
        return None
    form = node.args
    first = int(node.name == "__init__" and not form.posonlyargs)  # without `self`
    by_name, required = form.args[first:], len(form.args) - len(form.defaults)
    names = {a.arg: i < required for i, a in enumerate(by_name, first)}
    defaults = zip(form.kwonlyargs, form.kw_defaults, strict=True)
    names |= {a.arg: default is None for a, default in defaults}
    return Takes(names, form.kwarg is not None, node.lineno)


def _init(node: ast.ClassDef) -> ast.FunctionDef | None:
    own = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    return None if node.decorator_list else next(own, None)


def as_config(flags: Mapping[str, Any]) -> dict[str, Any]:
    """A record's flags as a config file has them: those of plugs' own by name, args in objects."""
    own = flags.get("plugs")
    own = own if isinstance(own, Mapping) else {}
    settings = {text: values for text, values in own.items() if ":" not in text}
    found = plugs.flat({**flags, "plugs": settings})
    for kind in plugs.KINDS:
        value = found.get(kind)
        if isinstance(value, list):
            found[kind] = [_written(text, own) for text in value]
        elif isinstance(value, str):
            found[kind] = _written(value, own)
    return found


def _written(text: str, own: Mapping[str, Any]) -> Any:
    args = own.get(plugs.unweighted(text)) if ":" in text else None
    return {"object": text, "args": dict(args)} if args else text
