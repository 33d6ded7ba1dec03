"""What keeps Optuna's own tables must not end a sweep."""

import pytest

from project.search.supervision.mirroring import Mirroring


class Refusing:
    """A storage that has somebody else's study."""

    asked = 0

    def mirror(self, name: str) -> None:
        self.asked += 1
        raise ValueError(f"the storage has a study {name!r} of Optuna's that is another's")


def test_a_study_that_cannot_be_kept_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    storage = Refusing()
    keep = Mirroring(storage, "a")  # type: ignore[arg-type]
    for _ in range(3):
        keep()
    assert storage.asked == 1
    said = "note: Optuna's own tables are not kept: the storage has a study 'a' of Optuna's that"
    assert capsys.readouterr().err == f"{said} is another's\n"
