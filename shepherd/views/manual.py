"""Manual pages, made of the same command line that `--help` is made of: one of the program, one of each verb."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.place_settings import FlockOffSettings

Verbs = Mapping[str, tuple[str, argparse.ArgumentParser]]
"""Verbs below a parser: what each is for, in one clause, and its own parser."""

MANUAL = "The flocking shepherd"
EXIT_STATUS = (
    ("0", "well"),
    ("1", "something is wrong, or was refused; one line on standard error says what, and what to do"),
    ("2", "bad input: a setting, a verb or an argument; nothing was changed"),
)
FILES = (
    ("/etc/shepherd/shepherd.toml", "settings of the daemon, on the central manager; `--settings` names another file"),
    ("/etc/shepherd/node.toml", "settings of a host's keeper"),
    ("/etc/shepherd/gateway.toml", "settings of the firewall, on the VLAN's gateway"),
    ("/opt/shepherd/share/shepherd", "units, examples of settings with every field explained, the image's recipe"),
    (FlockOffSettings().path, "whatever lies here stops all flocking"),
)


def pages(parser: argparse.ArgumentParser, version: str) -> Mapping[str, str]:
    """Name of each page, `shepherd.1` and `shepherd-VERB.1`, and its text in the man macros."""
    verbs = verbs_of(parser)
    others = [page_name(parser), *(page_name(of_verb) for _, of_verb in verbs.values())]
    made = {page_name(parser): "\n".join(page(parser, "lends idle hosts of a pool to guests", others, version))}
    for about, of_verb in verbs.values():
        made[page_name(of_verb)] = "\n".join(page(of_verb, about, others[:1], version))
    return {f"{name}.1": f"{text}\n" for name, text in made.items()}


def page(parser: argparse.ArgumentParser, about: str, others: Sequence[str], version: str) -> Iterator[str]:
    """The lines of one page."""
    name = page_name(parser)
    yield f'.TH {roff(name.upper())} 1 "" "shepherd {roff(version)}" "{MANUAL}"\n.ad l\n.nh'
    yield f".SH NAME\n{roff(name)} \\- {roff(about)}"
    yield ".SH SYNOPSIS"
    yield from synopsis(parser)
    yield f".SH DESCRIPTION\n{prose(parser.description or sentence(about))}"
    yield from options(parser, ".SH OPTIONS")
    if verbs := verbs_of(parser):
        yield ".SH COMMANDS"
        for of_verb, (what, below) in verbs.items():
            yield from command(name, of_verb, what, below)
    yield from listed("EXIT STATUS", EXIT_STATUS)
    yield from listed("FILES", FILES)
    see = ", ".join(f"\\fB{roff(other)}\\fR(1)" for other in others if other != name)
    yield f".SH SEE ALSO\n{see}"


def command(name: str, verb: str, about: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """A verb of the program, which has a page of its own; or an act of a verb, which is told here in full."""
    if name == "shepherd":
        yield f".TP\n\\fB{roff(verb)}\\fR\n{prose(about)}; see \\fB{roff(page_name(parser))}\\fR(1)"
        return
    yield f".SS {roff(parser.prog)}"
    yield from synopsis(parser)
    yield f".PP\n{prose(parser.description or sentence(about))}"
    yield from options(parser, ".PP")
    for act, (what, below) in verbs_of(parser).items():
        yield from command(name, act, what, below)


def synopsis(parser: argparse.ArgumentParser) -> Iterator[str]:
    """How it is called."""
    called = (f"[{invocation(one)}]" if is_optional(one) else invocation(one) for one in actions(parser))
    yield f".HP\n\\fB{roff(parser.prog)}\\fR {' '.join(called)}"


def options(parser: argparse.ArgumentParser, heading: str) -> Iterator[str]:
    """Every option and argument with what it is for."""
    shown = [action for action in actions(parser) if not isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    if shown:
        yield heading
    for action in shown:
        text = (action.help or "") % {**vars(action), "prog": parser.prog}
        yield f".TP\n{invocation(action)}\n{prose(text) or '.'}"


def listed(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A section of words and what they mean."""
    yield f".SH {title}"
    for word, meaning in rows:
        yield f".TP\n\\fB{roff(word)}\\fR\n{prose(meaning)}"


def actions(parser: argparse.ArgumentParser) -> Sequence[argparse.Action]:
    """Its options and arguments but `--help`. argparse tells them nowhere else."""
    shown = [action for action in parser._actions if action.help is not argparse.SUPPRESS]  # noqa: SLF001
    return [action for action in shown if not isinstance(action, argparse._HelpAction)]  # noqa: SLF001


def verbs_of(parser: argparse.ArgumentParser) -> Verbs:
    """The parsers below, in their order."""
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            about = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            return {name: (about.get(name, ""), below) for name, below in action.choices.items()}
    return {}


def invocation(action: argparse.Action) -> str:
    """`-s`, `--settings FILE`, `REASON`."""
    if not action.option_strings:
        return value(action)
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in action.option_strings)
    return names if action.nargs == 0 else f"{names} {value(action)}"


def is_optional(action: argparse.Action) -> bool:
    """Whether it may be left out; a place for a word says that by itself."""
    return bool(action.option_strings) and not action.required


def value(action: argparse.Action) -> str:
    """How the value of an option or argument is named."""
    choices = [str(choice) for choice in action.choices or ()]
    words = [str(action.metavar)] if action.metavar else choices or [action.dest.upper()]
    named = "|\\:".join(f"\\fI{roff(word)}\\fR" for word in words)
    return f"[{named}]" if action.nargs == "?" else named


def page_name(parser: argparse.ArgumentParser) -> str:
    """`shepherd ledger` is told in shepherd-ledger(1)."""
    return "-".join(word for word in parser.prog.split() if re.fullmatch(r"[\w-]+", word))


def sentence(clause: str) -> str:
    """A clause of the help, as a sentence."""
    return f"{clause[:1].upper()}{clause[1:]}{'' if clause.endswith('.') else '.'}"


def prose(text: str) -> str:
    """A sentence or more; `words in backticks` are bold."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    said = "".join(f"\\fB{roff(part)}\\fR" if at % 2 else roff(part) for at, part in enumerate(parts))
    return said if not said.startswith((".", "'")) else f"\\&{said}"


def roff(text: str) -> str:
    """Text that means nothing to roff."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("…", "\\&...")
