"""What of connection tracking the kernel tells us at all: a filter of its own (socket(7), SO_ATTACH_FILTER).

What is filtered takes no room and is no loss. So nobody can drown what is told by connections that are not asked for,
as a job could on its loopback. Of TCP's seven events a connection four are left: beginning, first answer, close, end.
"""

import ctypes
import ipaddress
import socket
import struct
import sys
from collections.abc import Callable, Sequence

from shepherd.edges.conntrack.decode import BODY, CREATE, DELETE, PROTOINFO, SYN_RECV, TIME_WAIT

LOAD_BYTE, LOAD_WORD, LOAD_BYTE_AT_X, LOAD, LOAD_X, TO_X = 0x30, 0x20, 0x50, 0x00, 0x01, 0x07
AND, EQUAL, EQUAL_X, AT_LEAST, ANY_BIT, RETURN = 0x54, 0x15, 0x1D, 0x35, 0x45, 0x06
"""Instructions of the classic packet filter (linux/filter.h)."""
ANCILLARY, ATTRIBUTE_OF_TYPE, NESTED_OF_TYPE = 0xFFFFF000, 12, 16
"""SKF_AD_OFF, SKF_AD_NLATTR, SKF_AD_NLATTR_NEST: where the attribute of type X lies, after or within A; 0: nowhere."""
FAMILY_AT, SOURCE_AT, DESTINATION_AT = 16, 32, 40
"""The first tuple always comes first (`ctnetlink_conntrack_event`)."""
FIRST, VALUE = 1, 4
INSTRUCTION = struct.Struct("=HBBI")
IS_LITTLE = sys.byteorder == "little"
KIND_AT, FLAGS_AT = (4, 7) if IS_LITTLE else (5, 6)
"""The byte of the type that tells the message, and that of the flags that has NLM_F_CREATE."""
WHOLE = 0xFFFFFFFF
ATTACH_FILTER = 26
"""SO_ATTACH_FILTER; Python has no name for it."""

Instruction = tuple[int, int, int, int]
"""Code, how many to skip if true and if not, operand."""
KEEP, DROP = "keep", "drop"


def passing(network: ipaddress.IPv4Network, but: ipaddress.IPv4Address | None) -> Sequence[Instruction]:
    """Connections from `network`, but not from one address in it, and none that lead back to where they come from."""
    steps: list[tuple[int, int | str, int | str, int]] = [
        (LOAD_BYTE, 0, 0, FAMILY_AT), (EQUAL, 0, DROP, socket.AF_INET),
        (LOAD_WORD, 0, 0, SOURCE_AT), (EQUAL, DROP, 0, int(but) if but else WHOLE),
        (AND, 0, 0, int(network.netmask)), (EQUAL, 0, DROP, int(network.network_address)),
        (LOAD_WORD, 0, 0, SOURCE_AT), (TO_X, 0, 0, 0), (LOAD_WORD, 0, 0, DESTINATION_AT), (EQUAL_X, DROP, 0, 0),
        (LOAD_BYTE, 0, 0, KIND_AT), (EQUAL, KEEP, 0, DELETE),
        (LOAD_BYTE, 0, 0, FLAGS_AT), (ANY_BIT, KEEP, 0, CREATE >> 8),
        (LOAD, 0, 0, BODY), (LOAD_X, 0, 0, PROTOINFO), (LOAD_WORD, 0, 0, ANCILLARY + ATTRIBUTE_OF_TYPE),
        (EQUAL, KEEP, 0, 0), (LOAD_X, 0, 0, FIRST), (LOAD_WORD, 0, 0, ANCILLARY + NESTED_OF_TYPE),
        (EQUAL, KEEP, 0, 0), (LOAD_X, 0, 0, FIRST), (LOAD_WORD, 0, 0, ANCILLARY + NESTED_OF_TYPE),
        (EQUAL, KEEP, 0, 0), (TO_X, 0, 0, 0), (LOAD_BYTE_AT_X, 0, 0, VALUE),
        (EQUAL, KEEP, 0, SYN_RECV), (AT_LEAST, KEEP, DROP, TIME_WAIT),
    ]  # fmt: skip
    ends: list[Instruction] = [(RETURN, 0, 0, 0), (RETURN, 0, 0, WHOLE)]
    place = {DROP: len(steps), KEEP: len(steps) + 1}

    def skip(here: int, to: int | str) -> int:
        return place[to] - here - 1 if isinstance(to, str) else to

    return [(code, skip(at, yes), skip(at, no), operand) for at, (code, yes, no, operand) in enumerate(steps)] + ends


def passes(network: ipaddress.IPv4Network, but: ipaddress.IPv4Address | None) -> Callable[[str, str], bool]:
    """The same of addresses, for what is listed and not told."""

    def judge(address: str, far_address: str) -> bool:
        source = ipaddress.IPv4Address(address)
        return source in network and source != but and address != far_address

    return judge


def attach(line: socket.socket, instructions: Sequence[Instruction]) -> None:
    """Tell this socket nothing else from now on. Raises OSError."""
    code = b"".join(INSTRUCTION.pack(*one) for one in instructions)
    there = ctypes.create_string_buffer(code)
    line.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("@HP", len(instructions), ctypes.addressof(there)))
