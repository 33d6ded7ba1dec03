"""A comparison on one screen: who, the flags that differ, the headline scores, and the verdict."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison.hints import hint
from project.comparison.judging import Description, difference, values_of, verdict_lines
from project.comparison.labels import marked, short_id
from project.comparison.layout import Line, Table, table_lines, wrapped
from project.comparison.mcnemar import sentence
from project.comparison.sections import leak_lines
from project.comparison.showing_groups import notes
from project.comparison.spread import summary
from project.comparison.units import Unit, cell, group_of, telling, units_of
from project.comparison.values import text_of
from project.comparison.verdict_text import interval, mean_text
from project.words.telling import natural

# More settings stand below each other.
_BESIDE = 4
# A screen of settings; --all shows the others.
_BELOW = 20
# So many of each are named.
_FLAGS, _RUNS = 8, 6
# What a person wrote to tell runs apart.
_OWN_WORDS = ("exp_name", "description")


def answer_lines(
    found: Description, width: int | None, *, all: bool, more_seeds: int = 0
) -> Iterator[Line]:
    """The lines that answer which of the settings is better, each at most `width` columns.

    Args:
        found: of `describe`.
        width: of the terminal; None if there is none.
        all: every setting and every flag that differs.
        more_seeds: how many runs beside these are further seeds of them.
    """
    units = units_of(found)
    if len(units) > _BESIDE:
        yield from _below(found, units, width, all)
    else:
        yield from table_lines(_beside(found, units, all), width)
    for line in [*leak_lines(found["runs"]), *found["notes"]]:
        yield from wrapped(line, width, "yellow")
    for text in notes(found):
        yield from wrapped(text, width, "dim")
    if told := verdict_lines(found):
        yield Line()
    for line in told:
        yield from wrapped(line, width, "bold")
    if len(found["runs"]) == 2:
        for pair in found["disagreements"]:
            yield from wrapped(sentence(pair), width, "bold")
    more_flags = 0 if len(units) > _BESIDE else len(flags_told(found, units)[_FLAGS:])
    if text := hint(found, units, more_seeds, None if all else more_flags):
        yield from [Line(), *wrapped(text, width, "dim")]


def flags_told(found: Description, units: Sequence[Unit]) -> list[Mapping[str, Any]]:
    """The rows of flags in which settings differ, but for the seed."""
    return telling(found, units, NEUTRAL_FLAGS | {"seed"})


def _beside(found: Description, units: Sequence[Unit], all: bool) -> Table:
    """Settings as columns: who they are, what they were asked for, what they scored."""
    columns = _columns(found, units)
    header = ["", *(unit.label for unit in columns)]
    rows = [["run", *(_runs(found, unit) for unit in columns)]]
    rows += [["seed", *(_seeds(found, unit) for unit in columns)]]
    states = [_status(found, unit) for unit in columns]
    if set(states) != {"finished"}:
        rows.append(["status", *states])
    told = flags_told(found, columns)
    words = [row for row in telling(found, columns, ()) if row["name"] in _OWN_WORDS]
    for row in [*words, *(told if all else told[:_FLAGS])]:
        rows.append([row["name"], *(cell(row["values"], unit) for unit in columns)])
    rows += [[""] * len(header)]
    rows += [[name, *(_score(found, u, name) for u in columns)] for name in found["headline"]]
    more = _last_column(found, units)
    if more:
        title, texts = more
        header.append(title)
        texts = [""] * (len(rows) - len(texts)) + texts
        rows = [[*row, text] for row, text in zip(rows, texts, strict=True)]
    return Table(header, rows, blocks=True)


def _columns(found: Description, units: Sequence[Unit]) -> Sequence[Unit]:
    """The settings; of a single one its runs, while they fit beside each other."""
    if len(units) > 1 or len(units[0].members) > _BESIDE:
        return units
    labels = [run["label"] for run in found["runs"]]
    return [Unit(labels[index], (index,), False) for index in units[0].members]


def _last_column(found: Description, units: Sequence[Unit]) -> tuple[str, list[str]] | None:
    """Its title and a cell for each score: of two settings the difference, of one its mean."""
    names = found["headline"]
    if len(units) == 2:
        first, second = units
        both = first.is_group and second.is_group
        title = f"{second.label} - {first.label}{', 95 %' * both}"
        return title, [_less(found, units, name) for name in names]
    if len(units) == 1 and len(_columns(found, units)) > 1:
        return "mean ± sd", [_score(found, units[0], name) for name in names]
    return None


def _score(found: Description, unit: Unit, name: str) -> str:
    """The mean over the runs that count; of a run alone its score, however it ended."""
    if not unit.is_group:
        value = found["runs"][unit.members[0]]["scores"].get(name)
        return "-" if value is None else mean_text(value, None)
    values = values_of(found, unit, name).values
    if not values:
        return "-"
    told = summary(list(values.values()))
    group = group_of(found, unit)
    fewer = f" (n {len(values)})" if len(values) < len(group["counted"]) else ""
    return mean_text(told["mean"], told["sd"]) + fewer


def _less(found: Description, units: Sequence[Unit], name: str) -> str:
    if name in found["incomparable"]:
        return "not compared"
    told = difference(found, *units, name)
    if told.kind and not told.is_flat:
        return interval(told.mean, told.low, told.high)
    return "-" if told.mean is None else f"{told.mean:+#.3g}"


def _below(
    found: Description, units: Sequence[Unit], width: int | None, all: bool
) -> Iterator[Line]:
    """Settings as rows, first the score that they are judged by."""
    first, *others = found["headline"] or ["-"]
    shown = units if all else units[:_BELOW]
    settings = {setting["label"]: setting for setting in found["settings"]}
    rows = []
    for unit in shown:
        again, name = settings[unit.label]["repeats"], settings[unit.label]["name"]
        # The mark stands where no narrow column cuts it.
        who = marked(_runs(found, unit, 1), again)
        name = name.removesuffix(marked("", again))
        rows.append([unit.label, _score(found, unit, first), who, name])
        rows[-1] += [_score(found, unit, name) for name in others]
    header = ["", first, "run", "setting", *others]
    right = frozenset({1, *range(4, len(header))})
    yield from table_lines(Table(header, rows, right, essential=2), width)
    if len(shown) < len(units):
        text = f"{len(shown)} of {len(units)} settings; --all shows the rest"
        yield from wrapped(text, width, "dim")


def _runs(found: Description, unit: Unit, most: int = _RUNS) -> str:
    """The ends of ids, in the order of the seeds that stand below them."""
    runs = sorted(
        (found["runs"][index] for index in unit.members),
        key=lambda run: natural(text_of(run["seed"])),
    )
    ids = [short_id(str(run["run_id"])) for run in runs]
    more = f" +{len(ids) - most}" if len(ids) > most else ""
    return " ".join(ids[:most]) + more


def _seeds(found: Description, unit: Unit) -> str:
    seeds = {text_of(found["runs"][index]["seed"]) for index in unit.members}
    return " ".join(sorted(seeds, key=natural))


def _status(found: Description, unit: Unit) -> str:
    states = [found["runs"][index]["status"] for index in unit.members]
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    if len(counts) == 1:
        return states[0]
    return ", ".join(f"{n} {state}" for state, n in counts.items())
