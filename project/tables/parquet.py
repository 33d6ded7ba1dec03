"""Tables as Parquet files, by pyarrow alone: pandas, which it likes to ask, takes much longer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from project.files import json_text, replacing

# The values of a column: numbers of each row; or texts, bytes, whole numbers, others, or truths, of
# which some may be None.
Column = (
    np.ndarray
    | Sequence[str | None]
    | Sequence[bytes | None]
    | Sequence[int | None]
    | Sequence[float | None]
    | Sequence[bool | None]
)
_METADATA = b"project"
# A small file may unpack to far more than a machine has.
_MOST_BYTES = 4 * 2**30
_NUMPY = {"float": "float32", "double": "float64"}


def write_columns(path: Path, columns: Mapping[str, Column], about: Mapping[str, Any]) -> None:
    """Write a table; the file is whole or absent.

    Args:
        path: of the file.
        columns: by name, all of the same length: `(n,)` numbers, `(n, k)` numbers, which become
            lists of k; or a list of texts, bytes, numbers or truths, of which some may be None.
        about: plain values that say what it is of, kept in the file's metadata.

    Raises:
        OSError: it can't be written, or the disk is full.
    """
    import pyarrow as pa
    from pyarrow import parquet

    arrays = [_array(pa, column) for column in columns.values()]
    metadata = {_METADATA: json_text(about).encode()}
    table = pa.Table.from_arrays(arrays, names=list(columns)).replace_schema_metadata(metadata)
    with replacing(path) as file:
        parquet.write_table(table, file)


def read_columns(path: Path, names: Sequence[str] = ()) -> tuple[dict[str, Any], dict[str, Any]]:
    """A table's columns by name, and what it is of.

    Numbers are arrays, as they were written; texts, bytes, truths, and numbers of which some are
    absent, are lists.

    Args:
        path: of a file that `write_columns` has written.
        names: of the wanted columns; those that it lacks are left out; none: all.

    Raises:
        ValueError: it is damaged, in a line.
        OSError: it can't be read.
    """
    import json

    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            if (size := _size(file.metadata)) > _MOST_BYTES:
                raise ValueError(f"it would take {size:,} bytes of memory")
            schema = file.schema_arrow
            wanted = [name for name in schema.names if not names or name in names]
            table = file.read(wanted).combine_chunks()
            about = json.loads((schema.metadata or {}).get(_METADATA, b"{}"))
        return {name: _values(pa, table.column(name)) for name in wanted}, about
    except (pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} is damaged: {reason}") from error


def _size(metadata: Any) -> int:
    """Bytes of all columns, unpacked."""
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    return sum(group.total_byte_size for group in groups)


def _array(pa: Any, column: Column) -> Any:
    if not isinstance(column, np.ndarray):
        first = next((value for value in column if value is not None), "")
        return (_of_bytes if isinstance(first, (str, bytes)) else _of_plain)(
            pa, column, type(first)
        )
    flat = np.ascontiguousarray(column).reshape(-1)
    kind = getattr(pa, flat.dtype.name)()
    array = pa.Array.from_buffers(kind, len(flat), [None, pa.py_buffer(flat)])
    return pa.FixedSizeListArray.from_arrays(array, column.shape[1]) if column.ndim > 1 else array


def _of_plain(pa: Any, column: Sequence[Any], kind: type) -> Any:
    """Numbers or truths, some of which may be absent."""
    known = np.packbits([value is not None for value in column], bitorder="little")
    numbers = np.array([value or 0 for value in column], {bool: "?", int: "i8", float: "f8"}[kind])
    values = np.packbits(numbers, bitorder="little") if kind is bool else numbers
    made = {bool: pa.bool_, int: pa.int64, float: pa.float64}[kind]()
    return pa.Array.from_buffers(made, len(column), [pa.py_buffer(known), pa.py_buffer(values)])


def _of_bytes(pa: Any, column: Sequence[str | None] | Sequence[bytes | None], kind: type) -> Any:
    """Texts, or bytes; of None alone, texts."""
    is_bytes = kind is bytes
    each = [value.encode() if isinstance(value, str) else value or b"" for value in column]
    ends = np.cumsum([0, *map(len, each)], dtype=np.int64)
    known = np.packbits([value is not None for value in column], bitorder="little")
    buffers = [pa.py_buffer(part) for part in (known, ends, b"".join(each))]
    kind = pa.large_binary() if is_bytes else pa.large_string()
    return pa.Array.from_buffers(kind, len(each), buffers)


def _values(pa: Any, column: Any) -> Any:
    array = column.chunk(0) if column.num_chunks else column.combine_chunks()
    if pa.types.is_fixed_size_list(array.type):
        return _numbers(array.flatten()).reshape(len(array), array.type.list_size)
    is_plain = pa.types.is_primitive(array.type) and not pa.types.is_boolean(array.type)
    return _numbers(array) if is_plain and not array.null_count else array.to_pylist()


def _numbers(array: Any) -> np.ndarray:
    # `to_numpy`, and to ask for the type by NumPy's name, import pandas.
    kind = _NUMPY.get(str(array.type), str(array.type))
    values = slice(array.offset, array.offset + len(array))
    return np.frombuffer(array.buffers()[1], kind)[values]
