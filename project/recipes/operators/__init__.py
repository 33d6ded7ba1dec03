"""Operators of recipes, by name; each file holds some of a kind."""

from project.recipes.operators import affine, colour
from project.recipes.operators._catalogue import OPERATORS, Operator

__all__ = ["OPERATORS", "Operator", "affine", "colour"]
