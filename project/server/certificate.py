"""The server's certificate: checked before anything is started, and whether clients trust it."""

from __future__ import annotations

import argparse
import ssl
from pathlib import Path


def check_certificate(arguments: argparse.Namespace) -> str | None:
    """Read the certificate and its key, to find mistakes before anything is started.

    Returns:
        The certificate's absolute path if clients must be told to trust it.
    Raises:
        ValueError: one is missing or can't be used.
    """
    certificate, key = arguments.ssl_certfile, arguments.ssl_keyfile
    if key and not certificate:
        raise ValueError("--ssl-keyfile needs --ssl-certfile")
    if not certificate:
        return None
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(certificate, key)
    except OSError as error:  # which ssl.SSLError is too
        raise ValueError(f"--ssl-certfile {certificate}: {error}") from error
    return None if _trusted(server) else str(Path(certificate).resolve())


def _trusted(server: ssl.SSLContext) -> bool:
    """Whether the authorities that Python's clients know vouch for it: a handshake in memory."""
    import certifi  # what `requests` trusts, and so both clients do

    client = ssl.create_default_context(cafile=certifi.where())
    client.check_hostname = False
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)]
    while ends:
        try:
            ends[0].do_handshake()
            ends.pop(0)
        except ssl.SSLWantReadError:
            ends.reverse()
        except ssl.SSLCertVerificationError:
            return False
    return True
