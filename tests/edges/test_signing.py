"""Keys, signatures and the files they lie in."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.lease.encode import decode, encode
from shepherd.edges.signing import (
    DOMAIN,
    PageSigner,
    PageVerifier,
    create_key,
    delete_key,
    id_of_file,
    public_path,
)
from shepherd.errors import LeaseRefused, SettingsError
from shepherd.model.lease import SignedPage
from tests.core.lease.pages_of_leases import lease, page

KEY = Ed25519PrivateKey.generate()
SIGNER = PageSigner(KEY)
VERIFIER = PageVerifier([KEY.public_key()])
SIGNED = SIGNER.sign(encode(page(lease())))


def believed(signed: SignedPage, verifier: PageVerifier = VERIFIER) -> bool:
    """Whether a keeper would read on."""
    try:
        verifier.verify(signed)
        decode(signed.payload)
    except LeaseRefused:
        return False
    return True


def flipped(content: bytes, at: int, bits: int) -> bytes:
    """`content` with one byte changed."""
    return content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :]


def test_what_was_signed_is_believed() -> None:
    """The one page that must get through."""
    assert believed(SIGNED)


@given(at=st.integers(0, len(SIGNED.payload) - 1), bits=st.integers(1, 255))
def test_no_byte_of_a_signed_page_can_be_changed(at: int, bits: int) -> None:
    """Whoever may write into the collector turned `revoked` into `go`."""
    changed = SignedPage(
        payload=flipped(SIGNED.payload, at, bits),
        key_id=SIGNED.key_id,
        signature=SIGNED.signature,
    )
    assert not believed(changed)


@given(at=st.integers(0, len(SIGNED.signature) - 1), bits=st.integers(1, 255))
def test_no_byte_of_a_signature_can_be_changed(at: int, bits: int) -> None:
    """A second valid signature of one page would make digests of ads worthless."""
    signature = flipped(SIGNED.signature, at, bits)
    assert not believed(SignedPage(payload=SIGNED.payload, key_id=SIGNED.key_id, signature=signature))


OTHER_LENGTHS = {"none": b"", "short": SIGNED.signature[:-1], "long": SIGNED.signature + b"\0"}


@pytest.mark.parametrize("signature", OTHER_LENGTHS.values(), ids=OTHER_LENGTHS)
def test_a_signature_of_another_length_is_refused(signature: bytes) -> None:
    """Foreign code that raises something else here would end the keeper."""
    with pytest.raises(LeaseRefused, match="forged or damaged"):
        VERIFIER.verify(SignedPage(payload=SIGNED.payload, key_id=SIGNED.key_id, signature=signature))


def test_a_signature_for_another_purpose_is_none_for_a_page() -> None:
    """The key signed a text that somebody chose, and the text was a page."""
    bare = SignedPage(payload=SIGNED.payload, key_id=SIGNED.key_id, signature=KEY.sign(SIGNED.payload))
    assert not believed(bare)
    assert DOMAIN == b"shepherd-lease-page-v1\0"


def test_two_keys_are_trusted_during_a_rotation_and_a_third_is_not() -> None:
    """Half of the hosts refused every lease in the hour of a rotation."""
    new, strange = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    both = PageVerifier([KEY.public_key(), new.public_key()])
    assert both.key_ids == {SIGNER.key_id, PageSigner(new).key_id}
    assert believed(SIGNED, both)
    assert believed(PageSigner(new).sign(SIGNED.payload), both)
    assert not believed(PageSigner(strange).sign(SIGNED.payload), both)


def test_a_trusted_id_with_a_strange_signature_is_refused() -> None:
    """The id in an ad is only a hint; anybody can write it."""
    strange = PageSigner(Ed25519PrivateKey.generate()).sign(SIGNED.payload)
    claimed = SignedPage(payload=strange.payload, key_id=SIGNED.key_id, signature=strange.signature)
    assert not believed(claimed)


def test_without_any_trusted_key_nothing_is_believed() -> None:
    """An empty list of keys once meant that none had to match."""
    assert not believed(SIGNED, PageVerifier([]))


def test_a_created_key_signs_and_its_public_half_verifies(tmp_path: Path) -> None:
    """Creating, loading and trusting a key, as an administrator does."""
    private = tmp_path / "keys" / "lease.key"
    ident = create_key(private)
    signed = PageSigner.from_file(private).sign(b"payload")
    PageVerifier.from_files([public_path(private)]).verify(signed)
    assert signed.key_id == ident == id_of_file(private) == id_of_file(public_path(private))
    assert len(ident) == 16


def test_a_private_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """A generous umask at the administrator's desk must not matter, nor a tight one."""
    for mask in (0o000, 0o277):
        private = tmp_path / f"{mask:o}.key"
        before = os.umask(mask)
        try:
            create_key(private)
        finally:
            os.umask(before)
        assert private.stat().st_mode & 0o7777 == 0o600
        assert public_path(private).stat().st_mode & 0o7777 == 0o644


@pytest.mark.parametrize("existing", ["lease.key", "lease.key.pub"])
def test_no_key_is_ever_overwritten(tmp_path: Path, existing: str) -> None:
    """A second `key create` would have ended every lease of the site."""
    (tmp_path / existing).write_text("precious")
    with pytest.raises(SettingsError, match="never overwritten"):
        create_key(tmp_path / "lease.key")
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "precious"


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    """Somebody else's link made root write a key where it could be read."""
    (tmp_path / "lease.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError):
        create_key(tmp_path / "lease.key")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A backup restored a key for all to read; the daemon used it as if nothing had happened."""
    private = tmp_path / "lease.key"
    create_key(private)
    private.chmod(mode)
    with pytest.raises(SettingsError, match=rf"mode {mode:04o} lets others in; chmod 0600"):
        PageSigner.from_file(private)


def test_a_trusted_key_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """Whoever can write the public key grants leases."""
    create_key(tmp_path / "lease.key")
    public = tmp_path / "lease.key.pub"
    public.chmod(0o664)
    with pytest.raises(SettingsError, match="chmod go-w"):
        PageVerifier.from_files([public])


def test_a_key_that_belongs_to_another_user_is_refused(tmp_path: Path) -> None:
    """Its owner can change it, whatever its mode says."""
    create_key(tmp_path / "lease.key")
    os.chown(tmp_path / "lease.key", 12345, 12345)
    with pytest.raises(SettingsError, match="belongs to uid 12345"):
        PageSigner.from_file(tmp_path / "lease.key")


def other_kind() -> bytes:
    """A private key, but not Ed25519."""
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def with_password() -> bytes:
    """A private key that needs a person at every start."""
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))


def public_half() -> bytes:
    """The wrong half."""
    return KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("content", [b"", b"nonsense", other_kind(), with_password(), public_half()])
def test_a_file_that_holds_no_private_key_is_named(tmp_path: Path, content: bytes) -> None:
    """A traceback out of a crypto library tells nobody which file to look at."""
    path = tmp_path / "lease.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match=f"{path}: key: no Ed25519 private key"):
        PageSigner.from_file(path)


def test_a_file_that_holds_no_public_key_is_named(tmp_path: Path) -> None:
    """The private half was copied to every host by mistake."""
    create_key(tmp_path / "lease.key")
    with pytest.raises(SettingsError, match="no Ed25519 public key"):
        PageVerifier.from_files([tmp_path / "lease.key"])


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    """Missing, a directory, or a pipe that nobody writes: none may hang or trace back."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (tmp_path / "none", tmp_path, pipe):
        with pytest.raises(SettingsError, match=str(path)):
            PageSigner.from_file(path)


def test_deleting_a_key_twice_is_deleting_it_once(tmp_path: Path) -> None:
    """A revocation that was interrupted is repeated."""
    private = tmp_path / "lease.key"
    create_key(private)
    assert delete_key(private) == [private, public_path(private)]
    assert delete_key(private) == []
    assert list(tmp_path.iterdir()) == []
