"""SQL that SQLite and PostgreSQL spell differently, as expressions that work on both."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class HasPart(FunctionElement[bool]):
    """`HasPart(text, part)`: whether the text holds the part, letter by letter."""

    type = sa.Boolean()
    inherit_cache = True


class HasElement(FunctionElement[bool]):
    """`HasElement(json, text)`: whether the JSON array has the text among its elements."""

    type = sa.Boolean()
    inherit_cache = True


class IsIn(FunctionElement[bool]):
    """`IsIn(text, json)`: whether the text is an element of the JSON array."""

    type = sa.Boolean()
    inherit_cache = True


class Bytewise(FunctionElement[str]):
    """`Bytewise(text)`: the text, ordered by its bytes and not as a language would."""

    type = sa.Text()
    inherit_cache = True


def is_in(column: sa.ColumnElement[str], texts: list[str]) -> sa.ColumnElement[bool]:
    """Whether the column's text is one of `texts`, of which there may be any number."""
    return IsIn(column, sa.literal(orjson.dumps(texts).decode(), sa.Text()))


def _spell(element: type[FunctionElement[Any]], dialect: str, pattern: str) -> None:
    @compiles(element, dialect)
    def spelled(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
        parts = [compiler.process(clause, **options) for clause in element.clauses]
        return pattern.format(*parts)


_spell(HasPart, "sqlite", "(instr({0}, {1}) > 0)")
_spell(HasPart, "postgresql", "(strpos({0}, {1}) > 0)")
_spell(HasElement, "sqlite", "({1} IN (SELECT value FROM json_each({0})))")
_spell(HasElement, "postgresql", "jsonb_exists(CAST({0} AS jsonb), {1})")
_spell(IsIn, "sqlite", "({0} IN (SELECT value FROM json_each({1})))")
_spell(IsIn, "postgresql", "({0} IN (SELECT jsonb_array_elements_text(CAST({1} AS jsonb))))")
_spell(Bytewise, "sqlite", "{0}")
_spell(Bytewise, "postgresql", '({0} COLLATE "C")')
