"""Under which address other machines find this process, and through which network interface."""

import fcntl
import ipaddress
import os
import socket
import struct
import sys
from pathlib import Path

VARIABLE = "GLOO_SOCKET_IFNAME"
_SIOCGIFADDR = 0x8915


def describe() -> dict[str, str]:
    """`host`; `address` that gloo tells the others, and `because`; `machine`, by its loopback."""
    asked = os.environ.get(VARIABLE)
    return {
        "host": socket.gethostname(),
        "address": address(),
        "because": f"{VARIABLE} is {asked}" if asked else "its host's name means that there",
        "machine": _machine(),
    }


def address() -> str:
    """The address that gloo chooses: the interface's that is asked for, or what the host's name is.

    Raises:
        ValueError: there is no such interface.
    """
    if asked := os.environ.get(VARIABLE):
        return _of_interface(asked)
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            try:
                probe.bind(address)
            except OSError:
                continue  # an address of another machine
            return str(address[0])
    return "127.0.0.1"


def choose(host: str) -> None:
    """Set GLOO_SOCKET_IFNAME where the host's own name means loopback, to the way to `host`.

    Nothing is changed where the person has chosen, or all processes are on one machine.
    """
    if VARIABLE in os.environ or not is_loopback(address()):
        return
    own = _way_to(host)
    if own is None or is_loopback(own):
        return
    for _, name in socket.if_nameindex():
        if _address_of(name) == own:
            print(
                f"note: the name of this host, {socket.gethostname()}, means {address()} here;"
                f" others reach it at {own}, through {name} ({VARIABLE} chooses another interface)",
                file=sys.stderr,
            )
            os.environ[VARIABLE] = name
            return


def is_loopback(address: str) -> bool:
    """Whether an address means each machine itself."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _of_interface(names: str) -> str:
    for name in names.split(","):
        if found := _address_of(name):
            return found
    there = ", ".join(name for _, name in socket.if_nameindex())
    raise ValueError(f"{VARIABLE}={names}: no such interface with an address here (there: {there})")


def _address_of(interface: str) -> str | None:
    """Its IPv4 address; None if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            request = struct.pack("256s", interface.encode()[:15])
            answer = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, request)
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def _way_to(host: str) -> str | None:
    """Which of its addresses this machine would use to send to `host`; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _machine() -> str:
    """The same for processes with the same loopback: one kernel, one network namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    try:
        return f"{boot.read_text().strip()} {os.readlink('/proc/self/ns/net')}"
    except OSError:
        return socket.gethostname()
