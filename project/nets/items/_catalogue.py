"""The items that a net's file may name: what each takes, and what makes its module."""

from collections.abc import Callable, Sequence
from inspect import Parameter as Argument
from inspect import getdoc, signature
from typing import Any, NamedTuple, get_type_hints

from torch import nn

from project.nets.items._values import told, typed

# Of one sample: (channels, height, width), (channels, length), (channels, depth, height, width), or
# (features,).
Shape = tuple[int, ...]
Build = Callable[..., nn.Module]


class Parameter(NamedTuple):
    """One thing that may be said of an item.

    Attributes:
        name: in the file.
        hint: its annotation, a type with bounds.
        default: its value where the file says nothing; None where `required`.
        required: whether the file, or its `defaults`, must give it.
    """

    name: str
    hint: Any
    default: Any
    required: bool

    @property
    def told(self) -> str:
        """What it takes, in words."""
        return told(self.hint)

    def typed(self, value: Any) -> Any:
        """A value of the file, its arithmetic done, as `build` takes it.

        Raises:
            ValueError: it is none; "must be ..., not ...", without the name.
        """
        return typed(value, self.hint)


class Item(NamedTuple):
    """One word of a net's file.

    Attributes:
        name: the word.
        build: makes its module: `build(shapes, **arguments)`, where `shapes` are those of its
            inputs, without the batch. The module is called with the inputs in the same order. It
            raises ValueError where shapes or arguments clash.
        parameters: by name.
        main: the parameter that a value alone means, as `act: relu` is `act: {kind: relu}`.
        least: how many inputs it needs.
        most: how many it can take; None: any number. An item of one input has, of `from`, that one
            instead of what came before; any other has it in addition, after what came before.
    """

    name: str
    build: Build
    parameters: dict[str, Parameter]
    main: str | None
    least: int
    most: int | None

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return (getdoc(self.build) or "").partition("\n\n")[0].replace("\n", " ")

    @property
    def missing(self) -> list[str]:
        """The parameters that it can't do without."""
        return [p.name for p in self.parameters.values() if p.required]


ITEMS: dict[str, Item] = {}


def item(
    name: str, *, main: str | None = None, inputs: tuple[int, int | None] = (1, 1)
) -> Callable[[Build], Build]:
    """Enter a function of shapes and keyword arguments into the catalogue.

    Args:
        name: in files.
        main: as of `Item`.
        inputs: the fewest and the most of them; None: any number.
    """

    def enter(build: Build) -> Build:
        hints = get_type_hints(build, include_extras=True)
        arguments = signature(build).parameters.values()
        known = [_parameter(a, hints) for a in arguments if a.kind is Argument.KEYWORD_ONLY]
        parameters = {parameter.name: parameter for parameter in known}
        assert name not in ITEMS and (main is None or main in parameters), name
        ITEMS[name] = Item(name, build, parameters, main, *inputs)
        return build

    return enter


def plain(shape: Shape) -> str:
    """A shape in a message: `16x8x8`."""
    return "x".join(map(str, shape))


def shown(shapes: Sequence[Shape]) -> str:
    """Shapes in a message: `16x8x8 and 32x4x4`."""
    return " and ".join(map(plain, shapes))


def _parameter(argument: Argument, hints: dict[str, Any]) -> Parameter:
    required = argument.default is Argument.empty
    default = None if required else argument.default
    return Parameter(argument.name, hints[argument.name], default, required)
