"""Tables as Parquet files: what pyarrow itself reads, and what becomes of damaged ones."""

from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from project.tables.parquet import read_columns, write_columns

COLUMNS = {
    "index": np.array([3, 1, 2]),
    "loss": np.array([0.5, np.nan, 2.0], dtype=np.float32),
    "probs": np.array([[0.25, 0.75], [1, 0], [0.5, 0.5]], dtype=np.float32),
    "path": ["ä/1.png", None, ""],
    "picture": [None, b"\0\xff", b""],
    "epochs": [None, -3, 2**60],
    "rate": [0.1, None, -1e300],
    "leaks": [True, None, False],
    "nothing": [None, None, None],
}


def test_numbers_texts_and_bytes_come_back_and_pyarrow_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_columns(path, COLUMNS, {"classes": ["a", "b"]})
    found, about = read_columns(path)
    assert about == {"classes": ["a", "b"]}
    rows = parquet.read_table(path).to_pylist()
    for i, row in enumerate(rows):
        for name in COLUMNS.keys() - {"loss", "probs"}:
            assert row[name] == COLUMNS[name][i] == found[name][i]
        assert row["probs"] == COLUMNS["probs"][i].tolist()
    np.testing.assert_array_equal(found["loss"], COLUMNS["loss"])
    np.testing.assert_array_equal(found["probs"], COLUMNS["probs"])
    assert list(read_columns(path, ["loss", "none"])[0]) == ["loss"]


def test_a_damaged_table_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_columns(path, COLUMNS, {})
    whole = path.read_bytes()
    for content in (b"", whole[:40], whole[: len(whole) // 2], b"x" * 100):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"t\.parquet is damaged: [^\n]+$"):
            read_columns(path)
