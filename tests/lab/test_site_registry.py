"""The image by way of a real registry: brought there by the verb, fetched by the keeper, started by its id only."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.errors import CommandFailed
from shepherd.lab import engine
from shepherd.lab.addresses import CM_PRIVATE
from shepherd.lab.command import kill_session
from shepherd.lab.eventually import eventually
from shepherd.lab.image import docker_socket
from shepherd.lab.node import SITE_IN_NODE, SOURCE, Node
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import provide_trees
from shepherd.lab.site import Site, SiteSpec
from shepherd.programs.image_wiring import build

pytestmark = pytest.mark.real

PLACE = f"{CM_PRIVATE}:5000"
REPOSITORY = f"{PLACE}/shepherd/flock"
USER, PASSWORD = "keepers", "a-password-that-is-nowhere-else"
LOGIN = "/etc/shepherd/registry.json"
CONFIG = f"""\
version: 0.1
storage: {{filesystem: {{rootdirectory: /var/lib/registry}}}}
http: {{addr: "{PLACE}", tls: {{certificate: /etc/registry/server.crt, key: /etc/registry/server.key}}}}
auth: {{htpasswd: {{realm: flock, path: /etc/registry/htpasswd}}}}
"""
MAKE_CERTIFICATES = f"""
import datetime, ipaddress
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
def name(text): return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
def made(subject, key, issuer, signer, *extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    build = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
    build = build.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    build = build.not_valid_after(now + datetime.timedelta(days=2))
    extensions += (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),)
    extensions += (x509.SubjectKeyIdentifier.from_public_key(key.public_key()),)
    for one in extensions:
        vital = isinstance(one, (x509.BasicConstraints, x509.KeyUsage))
        build = build.add_extension(one, critical=vital)
    return build.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("{CM_PRIVATE}"))])
plain = serialization.NoEncryption()
secret = server.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
limits = x509.BasicConstraints(ca=True, path_length=0)
signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
open("/etc/registry/ca.crt", "wb").write(made("lab", authority, "lab", authority, limits, signs))
open("/etc/registry/server.crt", "wb").write(made("cm", server, "lab", authority, alternative))
open("/etc/registry/server.key", "wb").write(secret)
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    node = {"registry": REPOSITORY, "registry_login": LOGIN}
    with Site(SiteSpec(hosts=1, node=node, start_shepherd=True)) as made:
        registry = run_registry(made.cm)
        host = made.hosts[0]
        host.write(f"/etc/docker/certs.d/{PLACE}/ca.crt", made.cm.read("/etc/registry/ca.crt"))
        for one in (host, made.cm):
            one.write(LOGIN, json.dumps({"username": USER, "password": PASSWORD}), mode=0o600)
        engine.ask(docker_socket(host), "DELETE", f"/images/{made.image_id}?force=1")
        yield made
        kill_session(registry)


def run_registry(cm: Node) -> "subprocess.Popen[bytes]":
    """Debian's registry, with TLS by an authority of the site's own, and a password."""
    cm.must(("mkdir", "-p", "/etc/registry"))
    cm.must(("python3", "-c", MAKE_CERTIFICATES), env={"PYTHONPATH": SITE_IN_NODE})
    hashed = cm.must(("perl", "-e", f"print crypt('{PASSWORD}', '$2y$05$' . 'abcdefghijklmnopqrstuu')"))
    cm.write("/etc/registry/htpasswd", f"{USER}:{hashed}\n")
    cm.write("/etc/registry/config.yml", CONFIG)
    return cm.spawn(("docker-registry", "serve", "/etc/registry/config.yml"), out=Path(cm.home, "registry.log"))


@pytest.fixture(scope="module")
def archive(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image built once more of the same tree; its path on the central manager."""
    out = tmp_path_factory.mktemp("image") / "flock.tar"
    again = build(SOURCE / "images/flock/recipe.toml", provide_trees(Progress()).image, out, "shepherd/flock:lab")
    assert again.ident == site.image_id
    with out.open("rb") as file:
        subprocess.run(site.cm.argv(("sh", "-c", "cat >/var/tmp/flock.tar")), stdin=file, check=True, timeout=60)
    out.unlink()
    return "/var/tmp/flock.tar"


def push(site: Site, archive: str, *more: str) -> str:
    """`shepherd image push`."""
    return site.cm.must(
        ("shepherd", "image", "push", "--archive", archive, "--to", REPOSITORY, *more), timeout_s=120
    )


CA = ("--ca", "/etc/registry/ca.crt")


def test_without_the_password_or_the_authority_nothing_is_brought_there(site: Site, archive: str) -> None:
    """Whoever reached the registry could put an image there that every host would start."""
    with pytest.raises(CommandFailed, match="401"):
        push(site, archive, *CA)
    with pytest.raises(CommandFailed, match="does not answer"):
        push(site, archive, "--login", LOGIN)


def test_an_image_goes_through_the_registry_and_is_the_same_image(site: Site, archive: str) -> None:
    """Hosts had images of one name and three contents."""
    host = site.hosts[0]
    assert image_finding(host).startswith("WRONG")
    said = push(site, archive, "--login", LOGIN, *CA)
    assert image_finding(host).endswith("it is fetched before the first lend")
    assert said.strip() == f"{REPOSITORY}:{site.image_id.removeprefix('sha256:')}"
    assert push(site, archive, "--login", LOGIN, *CA) == said
    host.start("keeper")
    eventually(lambda: "f201" in site.flocking_startds(), 120, 0.5, what="the host is lent")
    assert json.loads(engine.ask(docker_socket(host), "GET", f"/images/{site.image_id}/json"))["Id"] == site.image_id
    assert image_finding(host).endswith("one that is allowed is here")


def image_finding(host: Node) -> str:
    """What `shepherd check --node` says of the image."""
    said = host.run(("shepherd", "check", "--node"), timeout_s=90).stdout
    return next(line for line in said.splitlines() if line[7:].startswith("image: "))


def test_the_password_is_in_no_command_line_and_no_log(site: Site, archive: str) -> None:
    """It stood in the unit file, and so in everybody's `systemctl cat`."""
    host = site.hosts[0]
    for node in (host, site.cm):
        found = node.run(("grep", "-rlF", PASSWORD, "/etc/systemd", "/var/log", "/run/shepherd", "/root/.docker"))
        assert found.stdout == ""
    assert host.pids(PASSWORD) == []
