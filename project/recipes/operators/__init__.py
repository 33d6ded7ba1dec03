"""Operators of recipes, by name; each file holds some of a kind."""

from project.recipes.operators import (
    affine,
    bending,
    colour,
    crops,
    filters,
    holes,
    levels,
    policies,
)
from project.recipes.operators._catalogue import OPERATORS, Operator

__all__ = [
    "OPERATORS",
    "Operator",
    "affine",
    "bending",
    "colour",
    "crops",
    "filters",
    "holes",
    "levels",
    "policies",
]
