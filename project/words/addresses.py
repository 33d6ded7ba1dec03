"""Addresses that hold what they are of, for pages that ask for nothing."""

from base64 import b64encode


def data_address(content: bytes, media: str = "image/png") -> str:
    """The content itself as an address, of a kind such as `image/png`."""
    return f"data:{media};base64,{b64encode(content).decode()}"
