"""What a sweep must not begin with."""

import pytest

from project.search.beginning import without_secrets


def test_no_secret_comes_into_the_storage() -> None:
    without_secrets(["--model", "mlp", "--notify", "desktop", "telegram"])
    token = "tgram://123456789:" + "AAbb" + "CCddEEffGGhhIIjjKKllMMnnOOpp/1"
    with pytest.raises(ValueError, match=r"after --: tgram://\*\*\*; the storage") as refused:
        without_secrets(["--model", "mlp", "--notify", token])
    assert "AAbb" not in str(refused.value)
