"""Evidence on a host, for a person and as JSON."""

from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.evidence import Kept
from shepherd.model.one_line import one_line
from shepherd.views.wording import instant

SCHEMA = 1
VERIFIED_SCHEMA = 1
MIB = 1 << 20


def evidence_text(found: Sequence[Kept]) -> str:
    """`shepherd node evidence list`."""
    return "".join(f"{line}\n" for kept in found for line in lines(kept)) or "there is no evidence here\n"


def lines(kept: Kept) -> Iterator[str]:
    """One piece of evidence."""
    case = kept.case
    yield f"{case.ident}: container {case.container[:12] or '-'} of lend {one_line(case.lease)}"
    yield f"  ordered {instant(case.ordered_at_s)} by {one_line(case.who)}: {one_line(case.why)}"
    if not kept.manifest:
        yield "  not listed yet: the keeper does that when it runs"
        return
    yield f"  {kept.size_bytes / MIB:.1f} MiB, listed {instant(kept.made_at_s)}, manifest {kept.manifest}"
    yield f"  lost: {'; '.join(map(one_line, kept.lost)) or 'nothing'}"


def evidence_json(found: Sequence[Kept]) -> Mapping[str, object]:
    """The same for machines."""
    fields = ("ident", "container", "image", "lease", "address", "who", "why", "ordered_at_s", "seen_at_s", "keep_host")
    rows = [
        {name: getattr(kept.case, name) for name in fields}
        | {"manifest": kept.manifest, "size_bytes": kept.size_bytes, "lost": list(kept.lost)}
        for kept in found
    ]
    return {"schema": SCHEMA, "evidence": rows}


def evidence_verified_json(kept: Kept, ident: str, faults: Sequence[str]) -> Mapping[str, object]:
    """`shepherd node evidence verify`, for machines."""
    told = {"manifest": kept.manifest, "size_bytes": kept.size_bytes, "lost": list(kept.lost)}
    return {"schema": VERIFIED_SCHEMA, "ident": ident, "whole": not faults, "faults": list(faults), **told}
