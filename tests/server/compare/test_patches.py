"""The uncommitted changes of runs, as the page shows diffs."""

from pathlib import Path
from typing import Any

from project.comparison.loading import load
from project.server.compare.patches import diffs, repository
from tests.comparison.store import make

PATCH = b"""diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1,2 +1,2 @@
-old
+new
+more
 same
diff --git a/b c.py b/b c.py
new file mode 100644
--- /dev/null
+++ b/b c.py
@@ -0,0 +1 @@
+<b>
"""
SHA = "0123456789" * 4


def runs(tmp_path: Path, *patches: bytes | None) -> tuple[list[dict[str, Any]], list[Any]]:
    made = [
        make(tmp_path, patch=patch, code={"patch": "code.patch" if patch else None})
        for patch in patches
    ]
    return [{"label": "abc"[i]} for i in range(len(made))], [load(run) for run in made]


def test_each_different_patch_is_a_diff_from_its_commit(tmp_path: Path) -> None:
    (first,) = diffs(*runs(tmp_path, PATCH, PATCH, None))
    assert (first["from"], first["to"]) == ([SHA[:7]], ["a", "b"])
    names = [(file["name"], file["added"], file["removed"]) for file in first["files"]]
    assert names == [("a.py", 2, 1), ("b c.py", 1, 0)]
    assert first["text"] == PATCH.decode()


def test_commits_that_are_elsewhere_are_told_and_accounts_read_no_repository(
    tmp_path: Path,
) -> None:
    _, known = runs(tmp_path, None)
    place, told = repository(known, False)
    assert place is None and told[0].startswith("0123456 is not in this server's repository")
    assert repository(known, True) == (None, [])
