"""Origins of attempts that are forks of the process that has all imported for the tests."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from project.search.attempts import origin as origins
from tests import forks


@contextmanager
def forked() -> Iterator[None]:
    """Let each origin of the block be one: it has PyTorch at once."""

    def begin(
        command: Sequence[str], env: Mapping[str, str], output: Any, handles: Sequence[int]
    ) -> forks.Fork:
        return forks.python(command[1:], env, log=output, kept=handles)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(origins, "begin", begin)
        yield
