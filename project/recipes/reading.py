"""From the text of a recipe to its steps, with all that is wrong with it at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from project.files.marked_yaml import Node, parse
from project.recipes import preparing
from project.recipes._fields import Fields
from project.recipes._steps import Group, Operation, Step
from project.recipes.mixing import MIXING, Mixing
from project.recipes.operators import OPERATORS, Operator
from project.recipes.views import Views
from project.words.telling import did_you_mean, quoted

PREPARATION, AUGMENTATION = PARTS = ("preprocessing", "augmentation")
GROUP, ONE_OF, VIEWS = WORDS = ("group", "one-of", "views")
_ENDLESS = (-float("inf"), float("inf"))
_ALPHAS = (0.01, 100.0)
_MOST_TURNS = 20  # of a group that repeats steps
_MOST_VIEWS = 16


@dataclass
class Read:
    """What a text says.

    Attributes:
        preparation: the steps of its part for all images.
        augmentation: those for training images.
        problems: a line for each mistake, in the order of the file.
    """

    preparation: list[preparing.Step] = field(default_factory=list)
    augmentation: list[Step] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(text: str, path: str) -> Read:
    """The steps of a recipe's text.

    Args:
        text: YAML.
        path: that messages name.
    """
    root, problems = parse(text, path)
    found = Read(problems=problems)
    if root is None or root.value is None:
        if not problems:
            problems.append(f"{path}: says nothing; write {' or '.join(PARTS)}, with a list below")
        return found
    if not isinstance(root.value, dict):
        problems.append(f"{root.place}: {' or '.join(PARTS)} belongs here, with a list below")
        return found
    for name, node in root.value.items():
        if name not in PARTS:
            known = f"{did_you_mean(name, PARTS)} (parts: {', '.join(PARTS)})"
            problems.append(f"{node.place}: there is no part {quoted(name)}{known}")
        elif name == PREPARATION:
            found.preparation = _prepared(node, problems)
        else:
            found.augmentation = _Reader(problems).steps(node, AUGMENTATION)
            problems += _views_problems(found.augmentation)
    problems.sort(key=_line)
    return found


def _line(problem: str) -> int:
    return int((problem.split(":", 2)[1:2] or ["0"])[0]) if problem.count(":") > 1 else 0


def _views_problems(steps: Sequence[Step]) -> list[str]:
    """What is wrong with where views begin; a line each."""
    found = [step for step in steps if isinstance(step, Views)]
    told = [f"{step.place}: views is given twice; leave one" for step in found[1:]]
    if found and any(step.mixes for step in steps):
        told.append(f"{found[0].place}: views can't be compared where mixup or cutmix mix images")
    return told


def _prepared(node: Node, problems: list[str]) -> list[preparing.Step]:
    found = []
    for name, value in _named(node, PREPARATION, problems):
        if name not in preparing.STEPS:
            hint = f"; it changes images at random: {AUGMENTATION}" * (name in OPERATORS)
            problems.append(_unknown(value, name, [*preparing.STEPS], hint))
            continue
        kind = preparing.STEPS[name]
        fields = Fields(name, value, kind.main, kind.known, problems)
        found.append(kind.read(value.place, fields))
    return found


class _Reader:
    """Numbers the steps of an augmentation as they come."""

    def __init__(self, problems: list[str]) -> None:
        self._problems, self._n = problems, 0

    def steps(self, node: Node, where: str, is_grouped: bool = False) -> list[Step]:
        """Those of a list."""
        found = []
        for name, value in _named(node, where, self._problems):
            self._n += 1
            if name == VIEWS:
                found.append(self._views(value, is_grouped))
            elif name in WORDS:
                found.append(self._group(name, value, self._n))
            elif name in MIXING:
                found.append(self._mixing(name, value))
            elif name in OPERATORS:
                found.append(self._operation(OPERATORS[name], value, is_grouped))
            else:
                hint = f"; it is a step of {PREPARATION}" * (name in preparing.STEPS)
                self._problems.append(_unknown(value, name, [*OPERATORS, *MIXING, *WORDS], hint))
        return found

    def _operation(self, operator: Operator, node: Node, is_grouped: bool) -> Operation:
        number, has_range = self._n, operator.range is not None
        is_certain = has_range or is_grouped or operator.kind == "composite"
        known = ("p", *(("range",) if has_range else ()), *operator.options)
        fields = Fields(operator.name, node, "range" if has_range else None, known, self._problems)
        probability = fields.number("p", 1.0 if is_certain else 0.5, 0, 1)
        strengths = None
        if operator.range is not None:
            bounds = operator.bounds or _ENDLESS
            strengths = fields.range("range", operator.range, bounds, operator.unit)
        options = {
            name: fields.option(name, value, operator.limits.get(name))
            for name, value in operator.options.items()
        }
        return Operation(node.place, number, operator, probability, strengths, options)

    def _mixing(self, name: str, node: Node) -> Mixing:
        mix, usual = MIXING[name]
        fields = Fields(name, node, "alpha", ("alpha", "p"), self._problems)
        probability = fields.number("p", 1.0, 0, 1)
        alpha = fields.number("alpha", usual, *_ALPHAS)
        return Mixing(node.place, self._n, name, mix, probability, alpha)

    def _views(self, node: Node, is_grouped: bool) -> Views:
        fields = Fields(VIEWS, node, "n", ("n", "clean"), self._problems)
        if is_grouped:
            fields.tell(node, "can't be in a group: all steps after it are done to each view")
        n = fields.whole("n", 3, range(2, _MOST_VIEWS + 1))
        return Views(node.place, n, fields.flag("clean", True))

    def _group(self, name: str, node: Node, number: int) -> Group:
        known = ("of", "p") if name == ONE_OF else ("of", "p", "depth", "order", "repeat")
        fields = Fields(name, node, "of", known, self._problems)
        steps: list[Step] = []
        if (inside := fields.get("of")) is None:
            fields.tell(node, "needs a list of steps under 'of'")
        else:
            steps = self.steps(inside, name, is_grouped=True)
        probability = fields.number("p", 1.0, 0, 1)
        repeats = fields.flag("repeat", False)
        order = fields.get("order")
        if order is not None and order.value not in ("random", "given"):
            fields.tell(order, f"needs random or given as order, not {order.told}")
        is_shuffled = order is None or order.value != "given"
        if repeats and not is_shuffled:
            fields.tell(order, "repeats steps: their order can't be given")
        depth = (1, 1) if name == ONE_OF else self._depth(fields, steps, repeats)
        return Group(node.place, number, steps, probability, depth, is_shuffled, repeats)

    def _depth(self, fields: Fields, steps: Sequence[Step], repeats: bool) -> tuple[int, int]:
        n = len(steps)
        most = _MOST_TURNS if repeats else n
        if (node := fields.get("depth")) is None or not n:
            return n, n
        low, high = fields.range("depth", (n, n), (0, most), "steps")
        if low % 1 or high % 1:
            fields.tell(node, f"needs whole numbers as depth, not {node.told}")
        return int(low), int(high)


def _named(node: Node, where: str, problems: list[str]) -> list[tuple[str, Node]]:
    """Name and value of each step of a list."""
    if not isinstance(node.value, list) or not node.value:
        told = "an empty list" if node.value == [] else node.told
        problems.append(f"{node.place}: {where} needs a list of steps, not {told}")
        return []
    found = []
    for item in node.value:
        if isinstance(item.value, str):
            found.append((item.value, Node(None, item.path, item.line)))
        elif isinstance(item.value, dict) and len(item.value) == 1:
            found += item.value.items()
        else:
            told = "several names" if isinstance(item.value, dict) else item.told
            problems.append(f"{item.place}: {where} has steps, each of one name, not {told}")
    return found


def _unknown(node: Node, name: str, known: Sequence[str], hint: str) -> str:
    near = hint or did_you_mean(name, known)
    choices = "" if near else f" (there are {', '.join(known)})"
    return f"{node.place}: there is no step {quoted(name)}{near}{choices}"
