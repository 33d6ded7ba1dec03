"""The attributes of many containers as JSON that the store itself writes, in one row.

Fetched row by row, each row would wait for Python's lock, which other requests hold: the table of
1,000 runs of 50 attributes then takes several times as long while clients log.
"""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from project.server.api.properties import TRASHED, shown

# Characters of a container's id.
ID = 36
# Containers in one row: neither store has texts beyond 1 GB.
AT_ONCE = 250
# Stand between containers, and for a cell that is left to Python; JSON has neither in its texts.
END, OMITTED = "\n", "\1"
# How each store says it. SQLite writes 17 digits exactly where that needs no great powers of ten;
# other numbers, and what is infinite, are NULL here and left to Python.
SPELLING = {
    "sqlite": {
        "number": "CASE WHEN {0} = 0 OR abs({0}) BETWEEN 1e-20 AND 1e20"
        " THEN printf('%!.17g', {0}) END",
        "text": "json_quote({0})",
        "time": "strftime('%Y-%m-%dT%H:%M:%fZ', {0} / 1000.0, 'unixepoch')",
        "member": "json_extract(text, '$.{0}')",
        "join": "group_concat({0}, {1})",
        "character": "char({0})",
        "elements": "SELECT value FROM json_each({0})",
    },
    "postgresql": {
        "number": "CASE WHEN abs({0}) < 'Infinity' THEN CAST({0} AS text) END",
        "text": "CAST(to_json({0}) AS text)",
        # In two parts: as one number, a distant time is not exact.
        "time": "to_char(to_timestamp(floor({0} / 1000)) AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD\"T\"HH24\\:MI\\:SS') || '.'"
        " || lpad(CAST({0} - floor({0} / 1000) * 1000 AS text), 3, '0') || 'Z'",
        "member": "(CAST(text AS jsonb) ->> '{0}')",
        "join": "string_agg({0}, {1})",
        "character": "chr({0})",
        "elements": "SELECT jsonb_array_elements_text(CAST({0} AS jsonb))",
    },
}
# The properties of an attribute of each type, in the store's columns and the spellings above.
PROPERTIES = {
    "float": {"value": "COALESCE(text, {number})"},  # a negative zero's text
    "int": {"value": "text"},
    "bool": {"value": "CASE number WHEN 0 THEN 'false' ELSE 'true' END"},
    "string": {"value": "{text}"},
    "experimentState": {"value": "{text}"},
    "datetime": {"value": "'\"' || {time} || '\"'"},
    "floatSeries": {
        "last": "CASE WHEN number = 0 AND text LIKE '%\"negative\"_true%' THEN '-0.0'"
        " ELSE {number} END",
        "lastStep": "{step}",
    },
    "stringSeries": {"last": "{text}", "lastStep": "{step}"},
    "stringSet": {"values": "text"},
    "artifact": {"hash": "{text}"},
    "file": {"name": "{name}", "ext": "{ext}", "size": "{size}"},
    "fileSet": {"size": "{size}"},
    "imageSeries": {"lastStep": "{step}"},
}
CELLS = """
    SELECT container_id, path, type, text, number, step, '{{"name":' || {path} || CASE type
        {cases}
        WHEN 'gitRef' THEN ',"type":"gitRef","gitRefProperties":' || text || '}}'
    END AS cell
    FROM neptune_attributes WHERE container_id IN ({ids}) AND {chosen} AND path <> 'sys/trashed'
"""
# Each cell is made once, where they are joined; a second aggregate would make them all again.
LINES = """
    SELECT {lines} FROM (
        SELECT container_id || {cells} AS line FROM ({query}) AS cells GROUP BY container_id
    ) AS lines
"""
REST = "SELECT path, type, text, number, step, container_id FROM ({query}) AS c WHERE cell IS NULL"


def read(
    connection: sa.Connection, trashed: dict[str, bool], columns: list[str] | None
) -> dict[str, orjson.Fragment]:
    """The attributes of containers, by container: each a JSON list of Attributes.

    Args:
        connection: to the store.
        trashed: for each container's id, whether it is.
        columns: the paths that are asked for; None for all.
    """
    found: dict[str, list[str]] = {id_: [] for id_ in trashed}
    ids = list(trashed)
    for start in range(0, len(ids), AT_ONCE):
        _read(connection, ids[start:][:AT_ONCE], columns, found)
    if columns is None or TRASHED in columns:
        for id_, cells in found.items():
            row = (TRASHED, "bool", None, None, None)
            cells.append(_json(row, trashed[id_]))
    return {id_: orjson.Fragment(f"[{','.join(cells)}]") for id_, cells in found.items()}


def _read(
    connection: sa.Connection,
    ids: list[str],
    columns: list[str] | None,
    found: dict[str, list[str]],
) -> None:
    given = {"ids": ids} | ({} if columns is None else {"paths": columns})
    texts = {name: orjson.dumps(values).decode() for name, values in given.items()}
    say = SPELLING[connection.dialect.name]
    query = _cells(say, columns is not None)
    omitted = say["character"].format(ord(OMITTED))
    cells = say["join"].format(f"coalesce(cell || ',', {omitted})", "''")
    lines = say["join"].format("line", say["character"].format(ord(END)))
    statement = sa.text(LINES.format(lines=lines, cells=cells, query=query))
    text = connection.execute(statement, texts).scalar_one() or ""
    for line in text.split(END):
        if cells := line[ID:].replace(OMITTED, "").removesuffix(","):
            found[line[:ID]].append(cells)
    if OMITTED in text:
        for row in connection.execute(sa.text(REST.format(query=query)), texts):
            found[row.container_id].append(_json(row, False))


def _json(row: sa.Row[Any] | tuple[Any, ...], trashed: bool) -> str:
    return orjson.dumps(shown(row, trashed)).decode()


def _cells(say: dict[str, str], chosen: bool) -> str:
    values = {
        "number": say["number"].format("number"),
        "step": say["number"].format("step"),
        "text": say["text"].format("text"),
        "name": say["text"].format(say["member"].format("name")),
        "ext": say["text"].format(say["member"].format("ext")),
        "size": "CAST(CAST(number AS bigint) AS text)",
        "time": say["time"].format("number"),
    }
    return CELLS.format(
        path=say["text"].format("path"),
        cases="\n        ".join(_case(type_, values) for type_ in PROPERTIES),
        ids=say["elements"].format(":ids"),
        chosen=f"path IN ({say['elements'].format(':paths')})" if chosen else "TRUE",
    )


def _case(type_: str, values: dict[str, str]) -> str:
    """The rest of a cell of one type, in few texts: joining many took a quarter of the time."""
    before, parts = f',"type":"{type_}","{type_}Properties":{{', []
    for name, value in PROPERTIES[type_].items():
        parts.append(f"'{before}\"{name}\":' || {value.format(**values)}")
        before = ","
    return f"WHEN '{type_}' THEN {' || '.join(parts)} || '}}}}'"
