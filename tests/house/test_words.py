"""Nothing in the project names the machine, the mirror or the workshop that it came from.

The patterns are kept in rot13, so that this file does not hold what it forbids.
"""

import codecs
import pathlib
import re

import pytest

from tests.house import sources

PATHS = [
    r"(?<![\j.}$])/jbex/(?:znva|funerq|\.)", r"/gzc/(?:rkc|oevrs)\o", r"/bcg/(?:jurryf|clcv)\o",
    r"\.claeni\o",
]  # fmt: skip
HOSTS = [
    r"clcv\.(?:bet|clguba)", r"clgubaubfgrq", r"qro\.qrovna\.bet", r"sgc\.\j*\.?qrovna\.bet",
    r"fancfubg\.qrovna", r"ertvfgel-\q\.qbpxre", r"uho\.qbpxre", r"vaqrk\.qbpxre", r"\otupe\.vb",
    r"\odhnl\.vb", r"aczwf\.",
]  # fmt: skip
WORKSHOP = [
    r"\opynhqr\o", r"\onaguebcvp\o", r"\obcranv\o", r"\opungtcg\o", r"\opbcvybg\o", r"\oyyzf?\o",
    r"\oynathntr zbqry", r"\onffvfgnagf?\o", r"\ofhontragf?\o", r"\ofho-ntragf?\o",
    r"(?<!chccrg[ -])(?<!vpvatn[ -])(?<!vpvatn2[ -])(?<!thrfg[ -])(?<!ffu[ -])(?<!hfre[ -])\ontragf?\o",
    r"\onegvsvpvny vagryyvtrapr", r"pb-nhguberq-ol", r"\ovffhr #?\q", r"\ovffhrf fubj\o",
    r"\orsber-fgbc\o",
]  # fmt: skip
EXACT = [r"\oNV\o"]
"""Only in this case: in small letters it is a syllable of many languages."""


def compiled(patterns: list[str], flags: int = re.IGNORECASE) -> list[re.Pattern[str]]:
    return [re.compile(plain(pattern), flags) for pattern in patterns]


def plain(pattern: str) -> str:
    return codecs.decode(pattern, "rot13")


FORBIDDEN = [*compiled([*PATHS, *HOSTS, *WORKSHOP]), *compiled(EXACT, 0)]


def words(text: str) -> list[str]:
    return [found.group() for pattern in FORBIDDEN for found in pattern.finditer(text)]


def text_of(path: pathlib.Path) -> str:
    return f"{sources.name(path)}\n{path.read_bytes().decode('utf-8', errors='replace')}"


def test_no_file_names_where_it_came_from() -> None:
    """A path of one machine in a script works there, and nowhere else."""
    found = {sources.name(path): words(text_of(path)) for path in sources.files()}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    "rot13", ["/jbex/znva/eha", "uggcf://clcv.bet/fvzcyr", "n Pynhqr gung", "na ntrag fnlf", "vffhr 7"]
)
def test_a_forbidden_word_is_seen(rot13: str) -> None:
    """The rule itself must bite."""
    assert words(codecs.decode(rot13, "rot13")) != []


@pytest.mark.parametrize(
    "text", ["overlay/work/index", "docker.io", "/opt/shepherd/src", "puppet agent -t", "remain"]
)
def test_an_ordinary_word_is_let_through(text: str) -> None:
    """A rule that refuses docker.io, the package, would be switched off."""
    assert words(text) == []
