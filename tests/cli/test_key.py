"""`shepherd key`."""

import argparse
import json
from pathlib import Path

import pytest

from shepherd.cli import key
from shepherd.edges.signing import PageSigner, PageVerifier, id_of_file
from shepherd.errors import SettingsError
from tests.cli.documents import fits


def run(folder: Path, *words: str) -> int:
    """Call the verb as the program does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", default=str(folder / "shepherd.toml"))
    key.add(parser.add_subparsers())
    args = parser.parse_args(["key", *words])
    return int(args.run(args))


def in_settings(folder: Path) -> Path:
    """A settings file that names a key, and the key's path."""
    private = folder / "lease.key"
    (folder / "shepherd.toml").write_text(
        f'[home]\nname = "h"\nschedds = ["s"]\nschedd_identities = ["c@h"]\n'
        f'[flock]\ncollector = "cm:9619"\nimage = "sha256:{"0" * 64}"\n'
        f'[lease]\nkey = "{private}"\n'
    )
    return private


def test_a_key_is_created_where_the_settings_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key lay in one place and the daemon looked in another."""
    private = in_settings(tmp_path)
    assert run(tmp_path, "create") == 0
    said = capsys.readouterr().out
    assert id_of_file(private) in said
    assert f"{private}.pub" in said
    assert "trusted_keys" in said


def test_what_was_done_with_a_key_is_told_to_machines_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deployment cut the id out of a sentence."""
    private = in_settings(tmp_path)
    told = []
    for words in (("create",), ("show",), ("show", "--key", f"{private}.pub"), ("rotate",), ("revoke", "--delete")):
        assert run(tmp_path, *words, "--json") == 0
        told.append(json.loads(capsys.readouterr().out))
        fits("key", told[-1])
    created, *shown, rotated, revoked = told
    assert {one["ident"] for one in shown} == {created["ident"], rotated["old_ident"]} == {created["ident"]}
    assert {one["public"] for one in shown} == {f"{private}.pub"}
    assert revoked["deleted"] == [str(private), f"{private}.pub"]


def test_a_second_create_changes_nothing(tmp_path: Path) -> None:
    """It would have ended every lease of the site."""
    private = in_settings(tmp_path)
    run(tmp_path, "create")
    before = private.read_bytes()
    with pytest.raises(SettingsError, match="never overwritten"):
        run(tmp_path, "create")
    assert private.read_bytes() == before


def test_show_tells_the_id_of_either_half(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal names an id; on a host there is only the public file to compare it with."""
    private = tmp_path / "lease.key"
    run(tmp_path, "create", "--key", str(private))
    ident = id_of_file(private)
    capsys.readouterr()
    run(tmp_path, "show", "--key", str(private))
    run(tmp_path, "show", "--key", f"{private}.pub")
    assert capsys.readouterr().out == (f"{ident}  {private} (private)\n{ident}  {private}.pub (public)\n")


def test_rotate_makes_the_next_key_and_leaves_the_present_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that is swapped before the hosts know it empties the flock."""
    old = in_settings(tmp_path)
    run(tmp_path, "create")
    before = old.read_bytes()
    assert run(tmp_path, "rotate") == 0
    new = tmp_path / "lease-2.key"
    said = capsys.readouterr().out
    assert old.read_bytes() == before
    assert id_of_file(new) != id_of_file(old)
    assert said.index("every host: copy") < said.index(f'set  key = "{new}"') < said.index("--delete")


def test_both_keys_of_a_rotation_can_be_trusted_at_once(tmp_path: Path) -> None:
    """The order that is printed only works if a host believes either."""
    old = in_settings(tmp_path)
    run(tmp_path, "create")
    run(tmp_path, "rotate")
    new = tmp_path / "lease-2.key"
    host = PageVerifier.from_files([Path(f"{old}.pub"), Path(f"{new}.pub")])
    signed = [PageSigner.from_file(path).sign(b"x") for path in (old, new)]
    for page in signed:
        host.verify(page)
    assert {page.key_id for page in signed} == host.key_ids


@pytest.mark.parametrize(
    ("name", "following"),
    [("lease.key", "lease-2.key"), ("lease-2.key", "lease-3.key"), ("k-9", "k-10")],
)
def test_keys_are_numbered(name: str, following: str) -> None:
    """lease.next.next.key told nobody which was the newest."""
    assert key.next_file(Path("/x") / name) == Path("/x") / following


def test_revoke_tells_what_to_do_and_deletes_nothing_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading how to revoke a key must not revoke it."""
    private = tmp_path / "lease.key"
    run(tmp_path, "create", "--key", str(private))
    assert run(tmp_path, "revoke", "--key", str(private)) == 0
    said = capsys.readouterr().out
    assert private.exists()
    assert "trusted_keys" in said
    assert f"shepherd key revoke --key {private} --delete" in said


def test_revoke_deletes_a_key_that_has_become_readable_by_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The very reason to revoke it must not be the reason it cannot be."""
    private = tmp_path / "lease.key"
    run(tmp_path, "create", "--key", str(private))
    private.chmod(0o644)
    assert run(tmp_path, "revoke", "--key", str(private), "--delete") == 0
    assert list(tmp_path.iterdir()) == []
    assert f"deleted {private} and {private}.pub" in capsys.readouterr().out


def test_a_broken_settings_file_is_named_before_anything_is_written(tmp_path: Path) -> None:
    """A key in the default place, while the settings mean another, is worse than none."""
    (tmp_path / "shepherd.toml").write_text("[lease]\nkey = 3\n")
    with pytest.raises(SettingsError, match=r"lease\.key: 3 is not a string"):
        run(tmp_path, "create")
    assert [path.name for path in tmp_path.iterdir()] == ["shepherd.toml"]
