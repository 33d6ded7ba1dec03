"""Which flags can be searched: those of every run, and those of the plugs that may be chosen."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from project import plugs
from project.cli.fields import Field, spelled
from project.cli.flag_values import chosen_plugs
from project.cli.flags import parse
from project.hyperparameters import ALL_NAMES, BY_NAME, FLAGS, SHORT, section_of
from project.search.ranges.dimension import CHOICE, Dimension
from project.words.telling import clipped, did_you_mean

# What says where and how a run works, not how well it learns, or what its scores are of.
_NEVER = {"data", "data_dir", "task", "val_fraction", "test_fraction", "refuse_leaks"}
_NEVER |= {"memory_limit", "num_workers", "monitor", "metric", "callback", "without", "log_every"}
_NEVER |= {"report_examples", "save_logits", "watch_every", "detect_anomaly", "checkpoint_every"}
_NEVER |= {"keep", "keep_optimizer", "overfit_batches", "limit_batches", "fast_dev_run"}
_NEVER |= {"only_test", "resume", "from", "from_schedule", "accept_changes", "profile", "compile"}
_SECTIONS = ("data", "model", "optimization", "training")


class Own(NamedTuple):
    """A flag of some plugs' own.

    Attributes:
        field: as a hyperparameter's is.
        condition: on which flags that are searched it is there; None if it always is.
    """

    field: Field
    condition: str | None


class Known:
    """The flags of a command line that can be searched.

    Attributes:
        values: of the command line, by field name.

    Raises:
        ValueError: the command line is wrong; a line for each mistake.
    """

    def __init__(self, flags: Sequence[str]) -> None:
        hparams = parse(flags).hparams
        self.values: Mapping[str, Any] = vars(hparams)
        self._chosen = dict.fromkeys(chosen_plugs(FLAGS, self.values))
        self._own = {name: Own(f, None) for name, f in self._settings(self._chosen).items()}

    def shared(self, name: str) -> tuple[Field | None, str]:
        """A flag of every run in any spelling, or why it can't be searched; `name` may be its own.

        Returns: the field, or None with a line; the line is empty where there is no such flag.
        """
        plain = _plain(name)
        if plain not in BY_NAME:
            return None, ""
        f = BY_NAME[plain]
        if section_of(f.name) not in _SECTIONS or plain in _NEVER:
            return None, f"{plain} says nothing of how a run learns: it can't be searched"
        return f, ""

    def own(self, name: str) -> Own | None:
        """A flag of a plug that is chosen, or that may be."""
        return self._own.get(_plain(name))

    def learn(self, dimensions: Iterable[Dimension]) -> None:
        """Know the flags of the plugs that are chosen among, too, and where each is there."""
        for dimension in dimensions:
            f = BY_NAME[dimension.name]
            if dimension.kind != CHOICE or "plug" not in f.metadata:
                continue
            each = {choice: self._settings(_of(f, choice)) for choice in dimension.choices}
            for name, field in {
                n: s for settings in each.values() for n, s in settings.items()
            }.items():
                having = [str(choice) for choice, settings in each.items() if name in settings]
                everywhere = len(having) == len(each)
                self._own[name] = Own(
                    field, None if everywhere else _one_of(dimension.name, having)
                )

    def missing(self, name: str) -> str:
        """The line for a flag that there is not."""
        from project.cli.said import not_chosen

        plain = _plain(name)
        near = did_you_mean(plain, [*BY_NAME, *SHORT, *self._own])
        unknown = f"there is no flag {clipped(plain, 60)}{near}"
        return next(iter(not_chosen(plain, ["unknown "])), unknown)

    def ranged(self) -> Iterator[tuple[Field, str | None]]:
        """Every flag that has a range, and its condition."""
        for f in FLAGS:
            if "sweep" in f.metadata and self.shared(f.name)[0] is not None:
                yield f, None
        for f, condition in self._own.values():
            if "sweep" in f.metadata:
                yield f, condition

    def is_read(self, f: Field) -> bool:
        """Whether the model reads a flag of every model's, as far as its file tells."""
        text = self.values["model"]
        if f.name not in BY_NAME or plugs.is_outside("model", text):
            return True
        from project.plugs.texts import known, reader, text_of

        if reader("model", text) is not None:
            kept = text_of("model", text, known([("plugs", self.values["plugs"])]))
            return re.search(rf"\b{f.name}\b", kept) is not None
        return f"hparams.{f.name}" in plugs.source(plugs.find("model", text).path)

    def _settings(self, chosen: Iterable[tuple[str, str]]) -> dict[str, Field]:
        having = plugs.with_settings(chosen)
        if not having:
            return {}
        from project.cli.settings import settings_of  # 40 ms that few need
        from project.plugs.texts import known

        texts = known([("plugs", self.values["plugs"])])
        found, problems = settings_of(having, ALL_NAMES, texts)
        if problems:
            raise ValueError("\n".join(problems))
        return {name: setting.field for name, setting in found.items()}


def _plain(name: str) -> str:
    plain = spelled(name.lstrip("-").replace("-", "_"))
    return SHORT.get(plain, plain)


def _of(f: Field, choice: Any) -> list[tuple[str, str]]:
    texts = [] if choice is None else str(choice).split()
    return [(f.metadata["plug"], plugs.unweighted(text)) for text in texts]


def _one_of(name: str, choices: Sequence[str]) -> str:
    """The condition that a flag is one of some choices, in the language of `--where`."""
    texts = [f'"{each}"' if set(each) & set(" ,()<>=!'") else each for each in choices]
    return f"{name} == {texts[0]}" if len(texts) == 1 else f"{name} in ({', '.join(texts)})"
