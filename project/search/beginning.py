"""How a sweep begins, or goes on: what is asked for becomes a spec, or must agree with one."""

import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from project.provenance.redact import Redactor
from project.scores import better, is_told
from project.search.base import Base
from project.search.identity import differences, identity
from project.search.space import Space, space_of
from project.search.spec import Spec, disagreements
from project.search.values import MEASURES, Constraint, Objective, Plain, Rules
from project.words.telling import did_you_mean, quoted

_CONSTRAINT = re.compile(r"\s*(\S+?)\s*(<=|>=|<|>)\s*(\S+)\s*")
_SHOWN = 8  # scores of a message


def without_secrets(flags: Sequence[str]) -> None:
    """Check flags that the storage is to keep for all workers.

    Raises:
        ValueError: a password or a token stands among them.
    """
    clean = Redactor().redact_argv(flags)
    if told := [word for word, before in zip(clean, flags, strict=True) if word != before]:
        raise ValueError(
            f"a secret among the flags after --: {' '.join(told)}; the storage would keep it for"
            " all workers: put it into the environment of each (.env)"
        )


def rules_of(
    arguments: Namespace,
    base: Base,
    space: Space,
    threads: int,
    constraints: tuple[Constraint, ...],
    ways: Mapping[str, str | None],
) -> Rules:
    """The rules of a sweep that begins now.

    Args:
        arguments: of its command.
        base: its flags.
        space: what is searched.
        threads: of each trial.
        constraints: of good trials.
        ways: which way each score is better, by name without its split.

    Raises:
        ValueError: a score isn't measured, or none of its values is better; one line each.
    """
    names = arguments.objective or [base.hparams.monitor]
    problems = [*_unmeasured(names, ways), *_unknown(constraints, ways)]
    if problems:
        raise ValueError("\n".join(problems))
    return Rules(
        arguments.sampler,
        arguments.pruner,
        arguments.seed,
        arguments.window or arguments.jobs,
        threads,
        tuple(Objective(name, better(ways, name)) for name in names),
        constraints,
        _most_epochs(base, space),
    )


def new_spec(
    base: Base,
    space: Space,
    rules: Rules,
    starts: Sequence[Mapping[str, Plain]],
    data: Mapping[str, Any],
) -> Spec:
    """What a sweep is that begins now.

    Args:
        base: its flags.
        space: what is searched.
        rules: how.
        starts: values of the first trials.
        data: as a run's record describes it.
    """
    here = identity(base.hparams.to_values(), data)
    return Spec(base.given, base.flags, base.settings, space, rules, here, tuple(starts))


def agreeing(recorded: Spec, arguments: Namespace, base: Base) -> None:
    """Check that a command asks for the sweep that is there.

    Raises:
        ValueError: it asks for another one; a line for each thing that differs.
    """
    rules, then = recorded.rules, recorded.to_json()
    ways = {each.name: each.better for each in rules.objectives}
    names = arguments.objective or [base.hparams.monitor]
    space = space_of(base.flags, arguments.search, arguments.space)
    asked = Rules(
        arguments.sampler,
        arguments.pruner,
        arguments.seed,
        arguments.window or rules.window,
        arguments.threads or rules.threads,
        tuple(Objective(name, ways.get(name, "")) for name in names),
        constraints_of(arguments.constraint),
        _most_epochs(base, space),
    )
    here = Spec(base.given, base.flags, base.settings, space, asked).to_json()
    if lines := disagreements(then, here):
        name = quoted(arguments.exp_name)
        first = f"there is another sweep {name} already; give another --exp-name, or its flags:"
        raise ValueError("\n".join([first, *lines]))


def same_settings(recorded: Spec, base: Base) -> None:
    """Check that the sweep's own flags mean here what they meant where it began.

    Raises:
        ValueError: they don't, as they name files that differ; a line for each thing.
    """
    then = recorded.to_json()
    if lines := disagreements(then, then | {"settings": base.settings}):
        raise ValueError("\n".join(["the flags of the sweep mean something else here:", *lines]))


def same_code(recorded: Spec, base: Base, data: Mapping[str, Any]) -> None:
    """Check that code, data and packages are those that the sweep began with.

    Raises:
        ValueError: they aren't; a line for each thing that differs.
    """
    here = identity(base.hparams.to_values(), data)
    if lines := differences(recorded.identity, here):
        first = "this is no longer what the sweep began with, and its trials would not compare:"
        raise ValueError("\n".join([first, *lines]))


def constraints_of(texts: Sequence[str]) -> tuple[Constraint, ...]:
    """Of `parameters < 100000` and others.

    Raises:
        ValueError: one can't be read; a line for each.
    """
    found, problems = [], []
    for text in texts:
        match = _CONSTRAINT.fullmatch(text)
        try:
            found.append(Constraint(match[1], match[2], float(match[3])))
        except (TypeError, ValueError):
            told = "give a score, parameters, seconds or epochs, then <, <=, > or >=, and a number"
            problems.append(f"--constraint {quoted(text)} can't be read: {told}")
    if problems:
        raise ValueError("\n".join(problems))
    return tuple(found)


def _most_epochs(base: Base, space: Space) -> int:
    searched = next((each for each in space.dimensions if each.name == "max_epochs"), None)
    if searched is None:
        return base.hparams.max_epochs
    return max(map(int, searched.choices or (searched.high,)))


def _unmeasured(names: Sequence[str], ways: Mapping[str, str | None]) -> Iterator[str]:
    known = [f"val_{name}" for name in ways]
    for name in names:
        if name.startswith("test_"):
            yield f"--objective {name}: a test score is for the end; give a validation score"
        elif not name.startswith("val_") or not is_told(ways, name):
            yield f"--objective {quoted(name)} is not measured{_near(name, known)}"
        elif better(ways, name) is None:
            yield f"--objective {name}: neither more nor less of it is better"
    if twice := sorted({name for name in names if list(names).count(name) > 1}):
        yield f"--objective: {', '.join(twice)} stands there twice; give each once"


def _unknown(constraints: Sequence[Constraint], ways: Mapping[str, str | None]) -> Iterator[str]:
    known = [*MEASURES, *(f"val_{name}" for name in ways)]
    for each in constraints:
        name = each.name
        measured = name.startswith("val_") and is_told(ways, name)
        if name not in MEASURES and not measured:
            yield f"--constraint {quoted(str(each))}: {name} is not measured{_near(name, known)}"


def _near(name: str, known: Sequence[str]) -> str:
    if near := did_you_mean(name, known):
        return near
    shown = ", ".join(known[:_SHOWN])
    return f" (there are {shown}{', ...' if len(known) > _SHOWN else ''})"
