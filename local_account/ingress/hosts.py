"""Names under which public endpoints are served: `<id>-<organization>-<account>.localhost:<port>`."""

from __future__ import annotations

import re

from local_account.base.settings import LocalSettings

CALLBACK = "/sfc-endpoint/callback"
_HOST = re.compile(r"(?P<label>[a-z0-9-]{1,63})\.localhost(?::(?P<port>\d{1,5}))?", re.ASCII)


def label_of(host: str, settings: LocalSettings) -> str | None:
    """The endpoint's label in a Host header; None when the host is not one of this account's ingress."""
    found = _HOST.fullmatch(host.lower())
    if not found or found["port"] not in (None, str(settings.ingress_port)):
        return None
    return found["label"]


def origin(label: str, settings: LocalSettings) -> str:
    """Scheme, host and port of an endpoint."""
    return f"http://{label}.localhost:{settings.ingress_port}"


def callback(label: str, settings: LocalSettings) -> str:
    """Address to which the sign-in page sends a browser back."""
    return origin(label, settings) + CALLBACK
