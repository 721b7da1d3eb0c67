"""The flock image of a small tree: the same wherever and whenever it is built, and without what could harm."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from shepherd.cli.main import main
from shepherd.core.image.describe import versions_of
from shepherd.errors import CommandFailed, SettingsError
from shepherd.model.image import Built
from shepherd.programs.image_wiring import build
from tests.cli.documents import fits

RECIPE = """\
suite = "forky"
packages = ["condor"]
entrypoint = ["/usr/local/libexec/flock-init"]
slots = 2
left_out = ["usr/share/doc/*", "*/__pycache__", "etc/machine-id"]
[files]
"init.py" = "usr/local/libexec/flock-init"
"""
STATUS = """\
Package: condor
Status: install ok installed
Version: 25.14.1+dfsg-1
Description: workload
 Package: not a field

Package: gone
Status: deinstall ok config-files
Version: 1
"""
TREE = {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/shadow": "root:!:19700:0:99999:7:::\n",
    "etc/machine-id": "4711\n",
    "usr/bin/su": "su\n",
    "usr/lib/py/__pycache__/a.pyc": "when\n",
    "usr/lib/py/a.py": "a\n",
    "usr/share/doc/condor/README": "read me\n",
    "var/lib/dpkg/status": STATUS,
}


def tree(folder: Path, order: int = 1) -> Path:
    """A Debian tree in small, its files made in one order or the other, at another time."""
    root = folder / f"tree{order}"
    for name in sorted(TREE)[::order]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TREE[name])
        path.chmod(0o644)
        os.utime(path, (1_000_000 + order, 2_000_000 + order))
    (root / "usr/bin/su").chmod(0o4755)
    (root / "usr/bin/switch").hardlink_to(root / "usr/bin/su")
    (root / "bin").symlink_to("usr/bin")
    os.mkfifo(root / "etc/pipe")
    return root


def built(folder: Path, root: Path, name: str = "image.tar", recipe: str = RECIPE) -> tuple[Built, Path]:
    """The image of a tree."""
    here = folder / "recipe"
    here.mkdir(exist_ok=True)
    (here / "recipe.toml").write_text(recipe)
    (here / "init.py").write_text("#!/usr/bin/python3\n")
    out = folder / name
    return build(here / "recipe.toml", root, out, "shepherd/flock:1"), out


def contents(out: Path) -> tuple[dict[str, tarfile.TarInfo], dict[str, str], dict[str, object]]:
    """Members of all layers, their texts, and the configuration."""
    with tarfile.open(out) as archive:
        files = {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]
    (listed,) = json.loads(files["manifest.json"])
    members, texts = {}, {}
    for name in listed["Layers"]:
        with tarfile.open(fileobj=io.BytesIO(files[name])) as layer:
            for info in layer:
                members[info.name] = info
                if info.isfile():
                    texts[info.name] = layer.extractfile(info).read().decode()  # type: ignore[union-attr]
    return members, texts, json.loads(files[listed["Config"]])


def test_the_same_files_give_the_same_image_whenever_they_were_made(tmp_path: Path) -> None:
    """Two sites built one recipe, and neither could say whether they ran the same."""
    (one, first), (other, second) = (
        built(tmp_path, tree(tmp_path, order), f"{order}.tar") for order in (1, -1)
    )
    assert one == other
    assert first.read_bytes() == second.read_bytes()


def test_what_was_built_is_told_to_machines_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline cut the id out of the first line."""
    made, out = built(tmp_path, tree(tmp_path))
    words = ["--root", str(tmp_path / "tree1"), "--out", str(out), "--recipe", str(tmp_path / "recipe/recipe.toml")]
    assert main(["image", "build", *words, "--tag", "shepherd/flock:1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    fits("image", told)
    assert told["id"] == made.ident


def test_one_changed_byte_is_another_image(tmp_path: Path) -> None:
    """A library was patched, and the image kept its name."""
    root = tree(tmp_path)
    before, _ = built(tmp_path, root)
    (root / "usr/lib/py/a.py").write_text("b\n")
    after, _ = built(tmp_path, root)
    assert before.ident != after.ident
    assert before.layers[1] == after.layers[1]


def test_no_program_of_the_image_becomes_anybody_else(tmp_path: Path) -> None:
    """A set-user-id program of the distribution's was the way out of the working directory."""
    members, _, _ = contents(built(tmp_path, tree(tmp_path))[1])
    assert members["usr/bin/su"].mode == 0o755
    assert not [name for name, info in members.items() if info.isfile() and info.mode & 0o6000]
    assert {info.mtime for info in members.values()} == {946_684_800}


def test_what_the_recipe_leaves_out_and_what_no_image_has_is_not_there(tmp_path: Path) -> None:
    """The machine's id was the same on all hosts, and a pipe of the builder's hung the unpacking."""
    members, _, _ = contents(built(tmp_path, tree(tmp_path))[1])
    gone = {"etc/machine-id", "usr/lib/py/__pycache__", "usr/share/doc/condor", "etc/pipe"}
    assert not gone & set(members)
    assert members["usr/bin/switch"].linkname == "usr/bin/su"
    assert members["bin"].linkname == "usr/bin"


def test_each_slot_has_an_account_and_htcondor_knows_it(tmp_path: Path) -> None:
    """Two jobs shared a user and read each other's files."""
    _, texts, _ = contents(built(tmp_path, tree(tmp_path))[1])
    assert texts["etc/passwd"].splitlines()[1:] == [
        "slot1_1:x:3001:3001::/nonexistent:/bin/sh",
        "slot1_2:x:3002:3002::/nonexistent:/bin/sh",
    ]
    assert texts["etc/shadow"] == "root:!::0:99999:7:::\n"
    assert "SLOT1_2_USER = slot1_2\n" in texts["etc/condor/config.d/20-slot-users.conf"]


def test_the_image_says_what_is_in_it(tmp_path: Path) -> None:
    """After an advisory nobody knew which hosts ran the version it named."""
    made, out = built(tmp_path, tree(tmp_path))
    members, _, config = contents(out)
    assert config["config"]["Labels"] == {"shepherd.package.condor": "25.14.1+dfsg-1"}  # type: ignore[index]
    assert config["config"]["Entrypoint"] == ["/usr/local/libexec/flock-init"]  # type: ignore[index]
    assert config["rootfs"]["diff_ids"] == list(made.layers)  # type: ignore[index]
    assert members["usr/local/libexec/flock-init"].mode == 0o755


def test_only_installed_packages_have_versions() -> None:
    """A package that was removed and not purged stood in the list of what ran."""
    assert versions_of(STATUS) == {"condor": "25.14.1+dfsg-1"}


def test_a_tree_without_the_packages_is_refused(tmp_path: Path) -> None:
    """The image was built of the wrong tree, and containers ended at once."""
    with pytest.raises(CommandFailed, match="has no package strace"):
        built(tmp_path, tree(tmp_path), recipe=RECIPE.replace('["condor"]', '["condor", "strace"]'))
    with pytest.raises(CommandFailed, match="cannot be read"):
        built(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"usr/local/libexec/flock-init"', '"../flock-init"'), "no place in the image"),
        (("slots = 2", "slots = 0"), "slots"),
        (("slots = 2", "slot = 2"), "did you mean slots?"),
        (('entrypoint = ["/usr/local/libexec/flock-init"]', "entrypoint = []"), "entrypoint"),
    ],
)
def test_a_wrong_recipe_is_named_with_a_remedy(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """A slip in the recipe was found when the first guest's job started."""
    with pytest.raises(SettingsError, match=r"recipe\.toml") as caught:
        built(tmp_path, tree(tmp_path), recipe=RECIPE.replace(*change))
    assert said in str(caught.value)
    assert not (tmp_path / "image.tar").exists()
