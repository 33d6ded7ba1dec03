"""The argparse base of all commands: flags are written out, a mistake is one line with its fix."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from project.cli.numbers import number, whole_number
from project.words.telling import did_you_mean, quoted

_KINDS = {"int": "a whole number", "float": "a number", "Path": "a path"}
# What argparse says of a flag without its values, and what we say.
_LACKING = {"one argument": "a value", "at least one argument": "at least one value"}
_FLAG = re.compile(r"--?[^\W\d]")


class Parser(argparse.ArgumentParser):
    """Reports a mistake as ValueError, for the caller to show in one line; takes no abbreviation.

    Parsers of subcommands are of this kind, too.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        own = {"allow_abbrev": False, "exit_on_error": False, "formatter_class": _Formatter}
        super().__init__(*args, **own | options)
        # argparse's own pattern takes -1e-3 and -inf for flags.
        self._negative_number_matcher = re.compile(r"-\.?(\d|inf|nan)", re.IGNORECASE)

    def error(self, message: str) -> NoReturn:
        required = "the following arguments are required: "
        if message.startswith(required):
            message = self._missing(message.removeprefix(required))
        raise ValueError(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given = list(sys.argv[1:] if args is None else args)
        try:
            return super().parse_known_args(args, namespace)
        except argparse.ArgumentError as error:
            if error.argument_name is None:
                self.error(error.message)
            raise ValueError(_told(error.argument_name, error.message)) from None

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """All of `args`.

        Raises:
            ValueError: a flag is unknown, a value is missing or of the wrong kind; one line each.
        """
        self.complete()
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            raise ValueError("\n".join(self.unknown_problems(unknown)))
        return known

    def parse_own(self, args: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """The flags of this command, and the words that are a run's; `--` may stand before these.

        Raises:
            ValueError: as of `parse_args`, but for unknown flags.
        """
        self.complete()
        said = list(args)
        if "--" in said:
            said.remove("--")
        return self.parse_known_args(said)

    def complete(self) -> None:
        """Where a shell asks what may stand next, answer it and end."""
        if "_ARGCOMPLETE" in os.environ:
            from project.cli.completion import complete

            complete(self)

    def add_subparsers(self, **options: Any) -> Any:
        return super().add_subparsers(**{"parser_class": _Subparser} | options)

    def unknown_problems(self, unknown: Sequence[str]) -> list[str]:
        """A line for each of the words that `parse_known_args` left, with the nearest flag."""
        return self.unknown_words(unknown)[1]

    def unknown_words(self, unknown: Sequence[str]) -> tuple[list[str], list[str]]:
        """The words that are wrong among those that `parse_known_args` left, and the lines."""
        flags = [w.partition("=")[0] for w in unknown if _FLAG.match(w)]
        if not flags:
            hint = self._hint()
            return list(unknown), [f"unexpected argument {quoted(w)}{hint}" for w in unknown]
        return flags, [f"unknown flag {quoted(f)[1:-1]}{self._near(f)}" for f in flags]

    def _near(self, flag: str) -> str:
        from project.cli.spellings import meant  # only after a mistake

        near = meant(flag, self._option_string_actions)
        return f", did you mean {near!r}?" if near else ""

    def _hint(self) -> str:
        if self._get_positional_actions():
            return ": arguments without a flag stand together"
        return ": values follow a flag"

    def _missing(self, names: str) -> str:
        for action in self._get_positional_actions():
            if action.choices and action.metavar == names:
                return self._early() or f"{names} is missing (choices: {', '.join(action.choices)})"
        # Whoever mistypes a flag may have meant its value; the flag is the mistake to tell.
        given = self._given[: self._given.index("--")] if "--" in self._given else self._given
        known = self._option_string_actions
        if unknown := [w for w in given if _FLAG.match(w) and w.partition("=")[0] not in known]:
            return "\n".join(self.unknown_problems(unknown))
        usage = " ".join(self.format_usage().split()).removeprefix("usage: ")
        return f"{names} missing: {usage}"

    def _early(self) -> str | None:
        """What to say where a flag stands before the subcommand that it belongs to."""
        action = self._get_positional_actions()[0]
        known = self._option_string_actions
        flags = [word.partition("=")[0] for word in self._given[:1] if _FLAG.match(word)]
        if action.choices is None or not flags or flags[0] in known:
            return None
        *names, last = action.choices
        first = f"{', '.join(names)} or {last}"
        return f"give {action.metavar} first: {first}, then {quoted(flags[0])[1:-1]}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            name = "/".join(action.option_strings) or action.metavar or action.dest
            if not action.option_strings and (early := self._early()):
                raise ValueError(early)
            near = did_you_mean(str(value), action.choices)
            choices = ", ".join(map(str, action.choices))
            raise ValueError(f"{name} {quoted(value)} is unknown{near} (choices: {choices})")


def whole(what: str, low: int, high: int) -> Callable[[str], int]:
    """A flag's `type`: a whole number within these bounds, spelled as those of a run are."""
    return _within(whole_number, what, low, high)


def real(what: str, low: float, high: float) -> Callable[[str], float]:
    """A flag's `type`: a number within these bounds, spelled as those of a run are."""
    return _within(number, what, low, high)


def _within(read: Callable[[str], Any], what: str, low: float, high: float) -> Callable[[str], Any]:
    def value(text: str) -> Any:
        found = read(text)
        if found is None or not low <= found <= high:
            raise argparse.ArgumentTypeError(
                f"{quoted(text)} is no {what}: give one from {low} to {high}"
            )
        return found

    return value


class _Formatter(argparse.HelpFormatter):
    """As wide as the terminal, for which argparse itself would load `shutil`: 4 ms."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{"width": _columns() - 2} | options)


def _columns() -> int:
    """Of the terminal, or as COLUMNS says; 80 where neither tells."""
    text = os.environ.get("COLUMNS", "")
    if text.isdecimal() and int(text):
        return int(text)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80
    except (AttributeError, ValueError, OSError):  # closed, or no terminal
        return 80


class _Subparser(Parser):
    """Names what it does not know itself: the suggestions are its own flags."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            raise ValueError("\n".join(self.unknown_problems(unknown)))
        return known, unknown


def _told(name: str, message: str) -> str:
    """argparse's `message` about the flag or argument `name`, in our words."""
    first, _, other = name.partition("/")
    if message.startswith("expected "):
        what = message.removeprefix("expected ")
        return f"{first} needs {_LACKING.get(what, what.replace('argument', 'value'))}"
    if message.startswith("ignored explicit argument "):
        value = quoted(message.removeprefix("ignored explicit argument ")[1:-1])
        fix = f"give {first} or {other}" if other else "give it alone"
        return f"{first} takes no value, not {value}: {fix}"
    if match := re.fullmatch(r"invalid (\w+) value: '(.*)'", message, re.DOTALL):
        return f"{first} must be {_KINDS.get(match[1], match[1])}, not {quoted(match[2])}"
    return f"{first}: {message}"
