"""The Puppet module by Puppet's own tools: it parses, is well written, specified, documented, and makes catalogs."""

import json
import re
from pathlib import Path

import pytest

from shepherd.model.finding import Subject
from tests.house import sources
from tests.puppet.module import FOLDER, Module

MANIFESTS = ("manifests", "functions", "types", "examples")
EXAMPLES = sorted(path.name for path in (FOLDER / "examples").glob("*.pp"))


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Module:
    """The module."""
    return Module(tmp_path_factory.mktemp("puppet"))


@pytest.mark.real
def test_every_manifest_parses(module: Module) -> None:
    """A missing comma stopped Puppet on a hundred hosts, for everything else, too."""
    done = module.run("puppet", "parser", "validate", *MANIFESTS)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.real
def test_every_template_parses(module: Module) -> None:
    """A template that does not parse is found by the one host that needs it."""
    templates = sorted(str(path) for path in (module.path / "templates").glob("*.epp"))
    done = module.run("puppet", "epp", "validate", *templates)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert templates


@pytest.mark.real
def test_lint_is_content(module: Module) -> None:
    """What each site writes in its own way, nobody reads."""
    done = module.run("puppet-lint", "--fail-on-warnings", *MANIFESTS)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_secret_may_lie_in_hiera_as_a_string() -> None:
    """A proxy's secret in Hiera made no catalog, and the daemon's run failed with the dashboard's."""
    told = (FOLDER / "data/common.yaml").read_text(encoding="utf-8")
    found = []
    for path in (FOLDER / "manifests").glob("*.pp"):
        text = path.read_text(encoding="utf-8")
        found += [
            f"{of}::{name}"
            for of in re.findall(r"^class (\S+) \(", text, re.MULTILINE)
            for name in re.findall(r"^  (?:Optional\[)?Sensitive\[.*? \$(\w+)", text, re.MULTILINE)
        ]
    assert "shepherd::central_manager::proxy_secret" in found
    assert [name for name in found if f"  {name}: {{ convert_to: Sensitive }}\n" not in told] == []


@pytest.mark.real
@pytest.mark.limit(200)
def test_the_specifications_hold(module: Module) -> None:
    """An order that was turned round in `absent` left hosts without a startd."""
    done = module.run("rspec")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d+ examples, 0 failures", done.stdout)


@pytest.mark.real
def test_the_reference_tells_of_everything_public(module: Module, tmp_path: Path) -> None:
    """A parameter that the reference did not know was found by reading the code, once things had gone wrong."""
    told = tmp_path / "told.json"
    done = module.run("puppet", "strings", "generate", "--format", "json", "--out", str(told))
    assert done.returncode == 0, done.stderr
    reference = one_line((FOLDER / "REFERENCE.md").read_text(encoding="utf-8"))
    found = json.loads(told.read_text())
    for kind in ("puppet_classes", "puppet_functions", "data_type_aliases"):
        public = [one for one in found[kind] if {"tag_name": "api", "text": "private"} not in tags_of(one)]
        assert public
        for one in public:
            assert [text for text in words_of(one) if one_line(text) not in reference] == [], one["name"]


def tags_of(described: dict[str, object]) -> list[dict[str, str]]:
    """The tags of one class, function or type."""
    docstring = described["docstring"]
    assert isinstance(docstring, dict)
    return list(docstring.get("tags", []))


def words_of(described: dict[str, object]) -> list[str]:
    """Its name, what it is, and its parameters with their meaning."""
    docstring = described["docstring"]
    assert isinstance(docstring, dict)
    named = [tag for tag in tags_of(described) if tag["tag_name"] in {"param", "summary"}]
    return [str(described["name"]), docstring["text"], *(tag["text"] for tag in named)]


def one_line(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split())


@pytest.mark.real
def test_every_parameter_is_documented(module: Module, tmp_path: Path) -> None:
    """Nobody dared to change a parameter whose name was all that was known of it."""
    done = module.run("puppet", "strings", "generate", "--format", "json", "--out", str(tmp_path / "told.json"))
    said = (done.stdout + done.stderr).splitlines()
    assert [line for line in said if line.startswith(("[warn]", "[error]"))] == []
    assert any(re.match(r"Puppet Classes: +\d+ \( +0 undocumented\)", line) for line in said), said


@pytest.mark.real
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_dry_run_of_an_example_works_on_a_machine_without_anything(example: str, module: Module) -> None:
    """A dry run failed wherever the program was not yet: the first question of every site."""
    said = module.puppet("apply", "--noop", "--detailed-exitcodes", f"examples/{example}")
    assert "Applied catalog" in said
    assert example == "absent.pp" or "(noop)" in said


@pytest.mark.real
@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_copied_from_the_program_is_in_it(example: str, module: Module) -> None:
    """A unit was renamed, and every host kept the old one."""
    told = module.catalog((FOLDER / "examples" / example).read_text())
    copied = [told.parameter(f"Shepherd::Shipped[{title}]", "source") for title in told.titles("Shepherd::Shipped")]
    assert [source for source in copied if not in_checkout(source).is_file()] == []
    assert bool(copied) == (example != "absent.pp")


@pytest.mark.real
@pytest.mark.parametrize("example", EXAMPLES)
def test_shellcheck_is_content_with_what_is_run(example: str, module: Module, tmp_path: Path) -> None:
    """An empty variable in a command that no other example ran removed what lay beside the program."""
    told = module.catalog((FOLDER / "examples" / example).read_text())
    scripts = {
        str(told.parameter(f"Exec[{title}]", part) or "")
        for title in told.titles("Exec") for part in ("command", "unless", "onlyif")
    }  # fmt: skip
    files = [tmp_path / f"{number}.sh" for number in range(len(scripts))]
    for file, script in zip(files, sorted(scripts), strict=True):
        file.write_text(f"#!/bin/sh\n{script}\n")
    done = module.run("shellcheck", "--severity=warning", *map(str, files))
    assert (done.returncode, done.stdout) == (0, "")
    assert len(files) > 3


@pytest.mark.real
def test_the_examples_hierarchy_rolls_out_group_by_group(module: Module) -> None:
    """The example was copied by every site, and had never been tried."""
    found = {group: classes_of(module, group) for group in ("", "check", "canary", "herd")}
    assert found == {"": {"absent", "home"}, "check": STAGE | {"home", "check"}, "canary": LENT, "herd": LENT}


STAGE = {"docker", "keeper_settings", "units", "guard"}
LENT = STAGE | {"lending"}


def classes_of(module: Module, group: str) -> set[str]:
    """The parts of `shepherd::node` that a host of this group has."""
    code = f"$shepherd_group = '{group}'\ninclude shepherd::node\n"
    told = module.catalog(code, hierarchy="examples/hiera/hiera.yaml")
    prefix = "Shepherd::Node::"
    return {title.removeprefix(prefix).lower() for title in told.titles("Class") if title.startswith(prefix)}


def in_checkout(source: str) -> Path:
    """Where a file of the program's `share/shepherd` comes from."""
    folder, _, rest = source.partition("/")
    return sources.ROOT / {"condor": "puppet/files"}.get(folder, folder) / rest


def test_the_module_is_of_the_version_that_it_installs() -> None:
    """The module of a release installed the program of the release before."""
    from shepherd import __version__

    metadata = json.loads((FOLDER / "metadata.json").read_text())
    assert metadata["version"] == __version__
    assert f"shepherd::version: {__version__}\n" in (FOLDER / "data/common.yaml").read_text()


def test_the_stage_before_lending_forgives_only_what_the_next_brings() -> None:
    """A finding had got another name, and a whole rack never left the first stage."""
    subjects = {one.value for one in Subject}
    text = (FOLDER / "templates/ready.sh.epp").read_text()
    forgiven = set(re.findall(r'"([^"]+)"', text.partition("NEXT_STAGE = {")[2].partition("}")[0]))
    assert forgiven <= subjects
    assert forgiven == {Subject.STARTD.value, Subject.BACKOFF.value, Subject.KEEPER.value}


OURS = {
    "shepherd", "shepherd-audit.timer", "shepherd-flock-pool", "shepherd-gateway", "shepherd-keeper",
    "shepherd-network", "shepherd-web",
}  # fmt: skip


def test_no_manifest_starts_or_stops_condor() -> None:
    """Puppet started HTCondor on hosts that an administrator had taken off, all in one night."""
    text = "\n".join(path.read_text() for path in (FOLDER / "manifests").rglob("*.pp"))
    assert re.findall(r"systemctl (?:start|stop|restart|try-restart) \S*condor", text) == []
    assert re.findall(r"service \{ '?[^']*condor", text) == []
    kept_running = set(re.findall(r"shepherd::running \{ '([^']+)'", text))
    assert kept_running == {"docker", *OURS}
    templates = {path.name: path.read_text() for path in (FOLDER / "templates").glob("*.epp")}
    ends = re.compile(r"\b(?:kill -|pkill|condor_off|condor_restart|systemctl (?:re)?start <%= \$condor)")
    assert [name for name, script in sorted(templates.items()) if ends.search(script)] == ["behind_guard.sh.epp"]
