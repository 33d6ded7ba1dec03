"""What is done with the values of all flags together: checked, read from plain ones, given back."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn, Self

from project import plugs
from project.cli.fields import Field, convert, recorded, spelled, value_problems
from project.cli.shorthand import GPUS, short_names
from project.words.telling import quoted

# What records and checkpoints of former versions hold besides, and no result ever depended on.
RETIRED = {"strategy"}


class FlagValues:
    """The base of `Hyperparameters`: a value of each flag, none of which can be set again.

    Attributes:
        plugs: the values of the flags that the chosen plugs have themselves: by the plug's name,
            which is what stands before the colon, then by the flag's. And the arguments of objects,
            by the whole text that chooses them, `mynets:Net`.

    Raises:
        ValueError: one line per problem, all of them at once.
    """

    plugs: Mapping[str, Mapping[str, Any]]

    def __init__(
        self, *, plugs: Mapping[str, Mapping[str, Any]] | None = None, **values: Any
    ) -> None:
        from project.cli.conflicts import conflicts  # which --help and rejected flags need not pay

        flags = flags_of(type(self)).values()
        defaults = {f.name: f.default for f in flags}
        if unknown := values.keys() - defaults.keys():
            raise TypeError(f"there are no flags {sorted(unknown)}")
        vars(self).update(defaults | values, plugs=plugs or {})
        problems = [p for f in flags for p in value_problems(f, getattr(self, f.name))]
        problems = problems or conflicts(self) or self._complete_plugs()
        if problems:
            raise ValueError("\n".join(problems))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{name} can't be set: `replace` gives others")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(value for name, value in vars(self).items() if name != "plugs"))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"

    def replace(self, **values: Any) -> Self:
        """These, but for some values; checked anew.

        Raises:
            ValueError: one line per problem, all of them at once.
        """
        return type(self)(**vars(self) | values)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """From plain values by field name, as a record or a checkpoint of any version holds them.

        Raises:
            ValueError: an unknown name, a value of the wrong type or out of bounds; one line each.
        """
        own = values.get("plugs", {})
        converted, problems = checked(
            {k: v for k, v in values.items() if k not in RETIRED and k != "plugs"}, flags_of(cls)
        )
        if not isinstance(own, Mapping):
            problems.append(f"plugs must be settings by plug, not {quoted(own)}")
        if problems:
            raise ValueError("\n".join(problems))
        return cls(**converted, plugs=own)

    def to_values(self) -> dict[str, Any]:
        """Plain values by field name, lists for tuples; `from_values` gives the same back.

        Without `plugs` where no plug has flags of its own: former versions know of none.
        """
        flags = flags_of(type(self))
        values = {name: recorded(f, getattr(self, f.name)) for name, f in flags.items()}
        return values | ({"plugs": _plain(self.plugs)} if self.plugs else {})

    def settings(self, plug: str) -> SimpleNamespace:
        """The values of a plug's own flags; in its file, `hparams.settings(__name__).n_heads`.

        A file of a package finds those of the package, too.
        """
        name = plugs.name_of(plug)
        while name not in self.plugs and "." in name:
            name = name.rpartition(".")[0]
        return SimpleNamespace(**self.plugs.get(name, {}))

    def _complete_plugs(self) -> list[str]:
        """Check the plugs' own flags and fill in defaults; returns what is wrong, a line each."""
        values, problems = {}, []
        by_name = flags_of(type(self))
        every = chosen_plugs(by_name.values(), vars(self))
        if chosen := plugs.with_settings(every):
            from project.cli.settings import completed, settings_of  # 40 ms that few runs need
            from project.plugs import texts

            there = texts.known([("plugs", self.plugs)])
            settings, problems = settings_of(chosen, by_name, there)
            values, more = completed(settings.values(), self.plugs)
            kept, wrong = texts.kept(chosen, self.plugs)
            values, problems = values | kept, problems + more + wrong
        if any(":" in name for name in self.plugs):
            from project.plugs.objects import kept  # which few runs need

            args, more = kept(every, self.plugs)
            values, problems = values | args, problems + more
        vars(self)["plugs"] = values
        return problems


@cache
def flags_of(values: type[FlagValues]) -> dict[str, Field]:
    """The fields that are flags, by their names in files and records."""
    return {spelled(f.name): f for f in vars(values).values() if isinstance(f, Field)}


def chosen_plugs(flags: Iterable[Field], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The kind and name of each plug that values of flags choose, built-in metrics among them.

    The task is the data set's where none is given.
    """
    found = [("metric", name) for name in plugs.names("metric")]
    for f in flags:
        if "plug" in f.metadata:
            value = values.get(f.name, f.default)
            items = value if isinstance(value, (tuple, list)) else (value,)
            texts = [item for item in items if isinstance(item, str)]
            if f.metadata.get("weighted"):
                texts = list(map(plugs.unweighted, texts))
            found += [(f.metadata["plug"], text) for text in texts]
    kinds = dict(found)
    if "task" not in kinds and plugs.says("data", kinds["data"], "TASKS"):
        from project.plugs.serving import task_of  # which runs of classification need not pay

        found.append(("task", task_of(kinds)))
    return list(dict.fromkeys(found))


def checked(
    values: Mapping[str, Any], flags: Mapping[str, Field]
) -> tuple[dict[str, Any], list[str]]:
    """The good values by field, as its type, and a line for each thing wrong with the others.

    Args:
        values: by name.
        flags: that there are, by name.
    """
    good, problems = {}, []
    for name, value in values.items():
        if name not in flags:
            from project.cli.spellings import meant  # only after a mistake

            near = meant(name, [*flags, *short_names(flags.values()), GPUS])
            hint = f", did you mean {near!r}?" if near else ""
            problems.append(f"unknown key {quoted(name)}{hint}")
            continue
        f = flags[name]
        try:
            good[f.name] = convert(f, value)
            # Three equal values are one mistake.
            problems += dict.fromkeys(value_problems(f, good[f.name]))
        except ValueError as error:
            problems.append(str(error))
    return good, problems


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
