"""Modules as one script, by what the shapes of their imports and exports become."""

import pytest

from project.comparison.page.bundle import bundle

ONE = 'import { two, most } from "../shared/two.js";\n\nconst shown = two(most);\n'
TWO = "export const most = 3;\nfunction own() {}\nexport function two(n) {\n  return n;\n}\n"


def test_what_is_needed_comes_first_and_nothing_else_comes() -> None:
    text = bundle({"one": ONE, "two": TWO, "three": "boom();\n"}, "one")
    assert text.index("modules.two =") < text.index("modules.one =")
    assert "return { most, two };" in text
    assert "const { two, most } = modules.two;" in text
    assert "export" not in text and "import" not in text and "boom" not in text


def test_modules_that_need_each_other_are_told() -> None:
    circle = {"a": 'import { b } from "./b.js";\n', "b": 'import { a } from "./a.js";\n'}
    with pytest.raises(AssertionError, match="modules import each other: a b a"):
        bundle(circle, "a")


@pytest.mark.parametrize("line", ["export default 3;", 'import * as a from "./two.js";'])
def test_other_shapes_are_refused(line: str) -> None:
    with pytest.raises(AssertionError, match="one: "):
        bundle({"one": f"{line}\n", "two": TWO}, "one")
