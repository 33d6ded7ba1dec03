"""The items of nets from files, a file for each family; `ITEMS` has them all by name."""

from importlib import import_module
from pkgutil import iter_modules

from project.nets.items._catalogue import ITEMS, Item, Parameter, Shape, item, plain, shown

__all__ = ["ITEMS", "Item", "Parameter", "Shape", "item", "plain", "shown"]

for _, name, _ in iter_modules(__path__):
    if name != "__main__":
        import_module(f"{__name__}.{name}")
