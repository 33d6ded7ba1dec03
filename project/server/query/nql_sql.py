"""A query of the Neptune Query Language as a condition in SQL, its values bound."""

from __future__ import annotations

import operator
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlMetric, SqlRun

from project.server.api.properties import TRASHED
from project.server.query.nql import And, Attribute, Comparison, Exists, Not, Or, Query
from project.server.query.nql_tokens import syntax_error
from project.server.query.nql_values import MAX_PATTERN, TYPES, Type
from project.server.store.dialects import Bytewise, HasElement, HasPart, is_in
from project.server.store.tables import attributes, containers

ORDER = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
# SQLite refuses an expression more than 1,000 levels deep; a chain of ANDs is as deep as long.
MAX_CONDITIONS = 400
MAX_VALUES = 10_000
METRICS, RUNS = SqlMetric.__table__, SqlRun.__table__
# Larger ones, such as MLflow's stand-in for infinity, would overflow when squared.
SQUARABLE = 1e150


def type_of(name: str, position: int = 0) -> Type:
    """The type of this name.

    Raises:
        ApiError: there is none.
    """
    if name not in TYPES:
        raise syntax_error(position, f"the type {name[:50]!r} is none of {', '.join(TYPES)}")
    return TYPES[name]


def is_trashed(run_uuid: Any) -> sa.ScalarSelect[int]:
    """1 where the run of this id is deleted, be it here or in MLflow; else 0."""
    stage = sa.case((RUNS.c.lifecycle_stage == "active", 0), else_=1)
    return (
        sa.select(stage).where(RUNS.c.run_uuid == run_uuid).correlate_except(RUNS).scalar_subquery()
    )


def aggregate(name: str, run_uuid: Any, key: Any) -> sa.ScalarSelect[Any]:
    """The min, max, average or variance of a curve; its NaNs are left out."""
    points = METRICS.alias()
    here = (points.c.run_uuid == run_uuid) & (points.c.key == key) & ~points.c.is_nan
    value = points.c.value
    if name in ("min", "max"):
        found = getattr(sa.func, name)(value)
    elif name == "average":
        found, here = sa.func.avg(value), here & (sa.func.abs(value) < SQUARABLE)
    else:
        deviation = value - aggregate("average", run_uuid, key)
        found, here = sa.func.avg(deviation * deviation), here & (sa.func.abs(value) < SQUARABLE)
    return sa.select(found).where(here).correlate_except(points).scalar_subquery()


class Filter:
    """Turns queries into conditions on `tables.containers`, for one project and transaction."""

    def __init__(self, connection: sa.Connection, project_id: str) -> None:
        self._connection, self._project_id = connection, project_id
        self._conditions = self._values = 0

    def condition(self, query: Query) -> sa.ColumnElement[bool]:
        """The condition that a container fulfils if and only if it fulfils the query.

        Raises:
            ApiError: a type, an operator or a value makes no sense, or there are too many.
        """
        match query:
            case Not(operand):
                return sa.not_(self.condition(operand))
            case And(operands):
                return sa.and_(*map(self.condition, operands))
            case Or(operands):
                return self._any(operands)
            case Exists(attribute):
                return self._has(attribute, type_of(attribute.type, attribute.position))
            case Comparison():
                return self._compares([query])

    def _any(self, operands: tuple[Query, ...]) -> sa.ColumnElement[bool]:
        """Ids that a client lists, one OR for each, become one condition."""
        equal: dict[Any, list[Comparison]] = defaultdict(list)
        rest = []
        for operand in operands:
            if isinstance(operand, Comparison) and operand.operator == "=":
                attribute = operand.attribute
                equal[attribute.name, attribute.type, attribute.aggregate].append(operand)
            else:
                rest.append(operand)
        return sa.or_(*map(self._compares, equal.values()), *map(self.condition, rest))

    def _compares(self, comparisons: list[Comparison]) -> sa.ColumnElement[bool]:
        """Any of the comparisons of one attribute by one operator, which is "=" if many."""
        first = comparisons[0]
        type_ = type_of(first.attribute.type, first.attribute.position)
        if first.operator not in type_.operators:
            allowed = ", ".join(("EXISTS", *type_.operators))
            name = first.attribute.type
            raise syntax_error(first.attribute.position, f"{name} knows only {allowed}")
        self._values += len(comparisons)
        if self._values > MAX_VALUES:
            raise syntax_error(first.position, f"there are more than {MAX_VALUES} values")
        values = [_read(type_, comparison) for comparison in comparisons]
        if first.operator == "MATCHES":
            return self._matches(first, type_)
        return self._has(first.attribute, type_, first.operator, values)

    def _has(
        self, attribute: Attribute, type_: Type, comparison: str = "", values: Any = ()
    ) -> sa.ColumnElement[bool]:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise syntax_error(attribute.position, f"more than {MAX_CONDITIONS} conditions")
        row = attributes.alias()
        parts = [row.c.container_id == containers.c.id, *_is_named(row, attribute, type_)]
        if comparison:
            parts.append(_compared(row, attribute, comparison, values))
        return sa.exists().where(*parts)

    def _matches(self, comparison: Comparison, type_: Type) -> sa.ColumnElement[bool]:
        """By RE2, as Neptune did, in linear time: neither store's own engine promises that."""
        joined = attributes.c.container_id == containers.c.id
        query = (
            sa.select(containers.c.id, attributes.c.text)
            .join_from(containers, attributes, joined)
            .where(containers.c.project_id == self._project_id)
            .where(*_is_named(attributes, comparison.attribute, type_))
        )
        rows = self._connection.execute(query).all()
        matching = _matching(comparison, [row.text for row in rows])
        ids = [row.id for row, is_match in zip(rows, matching, strict=True) if is_match]
        return is_in(containers.c.id, ids)


def _matching(comparison: Comparison, texts: list[str]) -> list[bool]:
    if len(comparison.value) > MAX_PATTERN:
        reason = f"the pattern has more than {MAX_PATTERN} characters"
        raise syntax_error(comparison.position, reason)
    # The empty text makes a wrong pattern known where there is nothing to match.
    array = pa.array([*texts, ""], pa.large_string())
    try:
        return pc.match_substring_regex(array, pattern=comparison.value).to_pylist()[:-1]
    except pa.ArrowInvalid as error:
        raise syntax_error(comparison.position, str(error)) from None


def _is_named(row: Any, attribute: Attribute, type_: Type) -> list[sa.ColumnElement[bool]]:
    return [row.c.path == attribute.name, row.c.type.in_(type_.stored)]


def _read(type_: Type, comparison: Comparison) -> str | float:
    try:
        return type_.read(comparison.value)
    except ValueError as error:
        raise syntax_error(comparison.position, f"{comparison.value[:50]!r} {error}") from None


def _value(row: Any, attribute: Attribute) -> sa.ColumnElement[Any]:
    """What is compared: the stored value, or an aggregate of the points of a curve."""
    type_ = type_of(attribute.type, attribute.position)
    if attribute.aggregate and attribute.type != "floatSeries":
        raise syntax_error(attribute.position, f"{attribute.aggregate} needs a floatSeries")
    if attribute.name == TRASHED and attribute.type == "bool":
        return is_trashed(containers.c.run_uuid)
    if attribute.aggregate in (None, "last"):
        column = row.c[type_.column]
        return Bytewise(column) if type_.column == "text" else column
    return aggregate(attribute.aggregate, containers.c.run_uuid, row.c.key)


def _compared(
    row: Any, attribute: Attribute, comparison: str, values: list[Any]
) -> sa.ColumnElement[bool]:
    if comparison == "=":
        return _value(row, attribute).in_(values)
    if comparison != "CONTAINS":
        return ORDER[comparison](_value(row, attribute), values[0])
    if attribute.type == "stringSet":
        # Only there is the text sure to be JSON, whatever the order a store checks things in.
        is_set = row.c.type == "stringSet"
        return sa.case((is_set, HasElement(row.c.text, values[0])), else_=sa.false())
    return HasPart(row.c.text, values[0])
