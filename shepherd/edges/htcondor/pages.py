"""Lease pages as ads of the home collector.

They lie in the collector's License table, which HTCondor itself no longer fills: it holds nothing but our few pages,
so a question is answered from memory without a fork. Ads of the generic kind cost a fork of the whole collector each
(measured with 100 000 slots: 17 ms against 0.5 ms), and the bindings can ask only for those of `MyType` "Generic".
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence

from shepherd.edges.htcondor.values import Ad, number, text
from shepherd.model.lease import SignedPage

MY_TYPE = "ShepherdLeasePage"
ATTRIBUTES = ["Payload", "KeyId", "Signature"]
ALL = f'MyType == "{MY_TYPE}"'
_ADDRESS = "<127.0.0.1:9618>"
"""The table's key is name and address; nobody calls it."""


def constraint(spot: int) -> str:
    """The page of a host. `spot` is the host's place (63 bits); the ad itself says how many pages there are."""
    return f"{ALL} && Page =?= ({spot} % Pages)"


def to_ad(page: SignedPage) -> Mapping[str, object]:
    """Attributes of the page's ad. The payload is our own and therefore well formed."""
    body = json.loads(page.payload)
    return {
        "MyType": MY_TYPE,
        "Name": f"shepherd-leases-{body['page']}@{body['pool']}",
        "MyAddress": _ADDRESS,
        "Page": body["page"],
        "Pages": body["pages"],
        "Serial": body["serial"],
        "Payload": base64.b64encode(page.payload).decode(),
        "KeyId": page.key_id,
        "Signature": base64.b64encode(page.signature).decode(),
    }


def rows(ads: Iterable[Ad]) -> list[list[str]]:
    """What the worker hands over of each ad; an ad that lacks a part is no page."""
    found = [[text(ad.get(name)) or "" for name in ATTRIBUTES] for ad in ads]
    return [row for row in found if all(row)]


def from_rows(found: Sequence[Sequence[str]]) -> list[SignedPage]:
    """Signed pages, unverified. What is not base64 is left out: nobody signed it."""
    pages: list[SignedPage] = []
    for payload, key_id, signature in found:
        try:
            signed = base64.b64decode(payload, validate=True), base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            continue
        pages.append(SignedPage(payload=signed[0], key_id=key_id, signature=signed[1]))
    return pages


def serials(ads: Iterable[Ad]) -> dict[str, int]:
    """Name to serial, to see whether what was sent has arrived."""
    return {text(ad.get("Name")) or "": int(number(ad.get("Serial")) or 0) for ad in ads}
