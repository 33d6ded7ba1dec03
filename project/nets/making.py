"""How the module of a layer is made of what the file says: an item's, a class's, a plug's."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from inspect import signature
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from project import plugs
from project.cli.fields import convert, value_problems
from project.cli.settings import completed, read
from project.files.marked_yaml import Node
from project.hyperparameters import BY_NAME, section_of
from project.nets.items import ITEMS, Shape
from project.nets.text.catalogue import Takes
from project.nets.text.document import Document, Layer
from project.nets.text.numbers import ANY, Known, meant
from project.nets.text.plug import LIBRARIES
from project.nets.tracing import first_line
from project.plugs.handing import made
from project.words.telling import did_you_mean, quoted


@dataclass(frozen=True)
class Make:
    """What makes a layer's module.

    Attributes:
        build: makes it for shapes of inputs, with weights drawn from torch's global generator.
        foreign: makes it as code that need not know the meta device must; None: as `build` does.
    """

    build: Callable[[list[Shape]], nn.Module]
    foreign: Callable[[list[Shape]], nn.Module] | None = None

    def trial(self, shapes: list[Shape]) -> nn.Module:
        """The module on the meta device; no random number is drawn.

        Raises:
            ValueError: it can't be made for these shapes.
        """
        try:
            with torch.random.fork_rng(devices=[]):
                if self.foreign is not None:
                    return self.foreign(shapes).to("meta")
                with torch.device("meta"):
                    return self.build(shapes)
        except Exception as error:
            raise ValueError(first_line(error)) from error


def make_of(
    document: Document, layer: Layer, known: tuple[Known, Known], hparams: Any
) -> Make | None:
    """What makes the module of an item, a class or a plug; None: what is wrong has been told.

    Args:
        document: whose layer it is.
        layer: of kind `item`, `class` or `model`.
        known: what has a value there, and where the file's defaults stand.
        hparams: the flags.
    """
    values = _values(document, layer, known)
    if values is None:
        return None
    try:
        if layer.kind == "class":
            return _of_class(layer.word.name, values)
        if layer.kind == "model":
            # Without it, the text has been told so.
            return _of_plug(values, hparams) if "of" in values else None
        item = ITEMS[layer.word.name]
        if any(name not in values for name in item.missing):
            return None  # which the text has told
        return Make(lambda shapes: item.build(shapes, **values))
    except ValueError as error:
        document.tell_of(layer, error)
        return None


def _values(document: Document, layer: Layer, known: tuple[Known, Known]) -> dict[str, Any] | None:
    """The parameters of a layer, worked out, as what takes them has them."""
    found, before = {}, len(document.problems)
    own = {name: (node, known[0]) for name, node in layer.given.items()}
    if layer.kind == "item":
        defaults = {**document.defaults.get("", {}), **document.defaults.get(layer.word.name, {})}
        fit = {name: node for name, node in defaults.items() if name in layer.word.parameters}
        own = {name: (node, known[1]) for name, node in fit.items()} | own
    for name, (node, there) in own.items():
        try:
            value = meant(node, layer.word.parameters.get(name, ANY), there)
            item = ITEMS[layer.word.name] if layer.kind == "item" else None
            found[name] = item.parameters[name].typed(value) if item else value
        except ValueError as error:
            document.tell(node.line, f"{layer.told}: {name} {error}")
    return found if len(document.problems) == before else None


def value_of(document: Document, layer: Layer, name: str, known: Known, takes: Takes = ANY) -> Any:
    """The value of one parameter of a layer; None where it is not said, or wrong, which is told."""
    node: Node | None = layer.given.get(name)
    if node is None:
        return None
    try:
        return meant(node, takes, known)
    except ValueError as error:
        document.tell(node.line, f"{layer.told}: {name} {error}")
        return None


def _of_class(path: str, values: Mapping[str, Any]) -> Make:
    """A class of PyTorch's, or of a module of a person's own, with keyword arguments."""
    found = class_at(path)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise ValueError("is no class of modules, a subclass of torch.nn.Module")
    try:
        signature(found).bind(**values)
    except TypeError as error:
        raise ValueError(f"{first_line(error)}") from None
    build = lambda _: found(**values)  # noqa: E731
    ours = path.partition(".")[0] in LIBRARIES
    return Make(build) if ours else Make(build, build)


def class_at(path: str) -> Any:
    """What a dotted path names; only a person's own file is imported for it.

    Raises:
        ValueError: there is no such thing; in one line.
    """
    module, _, name = path.rpartition(".")
    if module.partition(".")[0] in LIBRARIES:
        found: Any = sys.modules[module.partition(".")[0]]
        for part in path.split(".")[1:]:
            if not hasattr(found, part):
                raise ValueError(f"there is no {part} in it{did_you_mean(part, dir(found))}")
            found = getattr(found, part)
        return found
    from project.plugs.outside import let_import_from_here, path_of

    path_of(module, name, ())
    let_import_from_here()
    try:
        return getattr(import_module(module), name)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"can't be imported: {type(error).__name__}: {first_line(error)}"
        ) from error


def _of_plug(values: dict[str, Any], hparams: Any) -> Make:
    """Any model that `--model` can choose, as a block: of images of this shape, `out` outputs."""
    text, out = str(values.pop("of")), values.pop("out", None)
    plug = plugs.find("model", text)
    if not plug.outside and plug.name == "file":
        raise ValueError("a net of a file can't have another file's in it; make it a block")
    if not isinstance(out, int) or isinstance(out, bool) or not 0 < out <= 1_000_000:
        raise ValueError(f"out must be a whole number from 1 to 1000000, not {quoted(out)}")
    flags = _flags(plug, values, hparams)
    variant = {} if plug.outside or plug.part is None else {"variant": plug.part}

    def build(shapes: list[Shape], **more: Any) -> nn.Module:
        there = SimpleNamespace(**vars(flags) | more)
        known = {"shape": shapes[0], "n_classes": out, "hparams": there, **variant}
        module = made("model", text, plugs.entry("model", text), known)
        if not isinstance(module, nn.Module):
            raise ValueError(f"is built as {type(module).__name__}, no nn.Module")
        return module

    # Published weights are loaded once, for good.
    return Make(build, partial(build, pretrained=False))


def _flags(plug: plugs.Plug, values: Mapping[str, Any], hparams: Any) -> SimpleNamespace:
    """The flags as a plug in a net sees them: those of its own, under what the file says."""
    own = {setting.name: setting for setting in read(plug)}
    shared = {name: field for name, field in BY_NAME.items() if section_of(name) == "model"}
    known = shared | {name: setting.field for name, setting in own.items()}
    found = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"it has no flag {quoted(name)}{did_you_mean(name, known)}")
        found[name] = convert(known[name], value)
        for problem in value_problems(known[name], found[name]):
            raise ValueError(problem)
    given = {plug.name: {name: value for name, value in found.items() if name in own}}
    settings, problems = completed(own.values(), given)
    if problems:
        raise ValueError("; ".join(problems))
    more = {name: value for name, value in found.items() if name in shared}
    values = {**vars(hparams), **more, "model": plug.text, "plugs": settings}
    kept = SimpleNamespace(**settings.get(plug.name, {}))
    return SimpleNamespace(**values, settings=lambda _: kept)
