"""Headers that the ingress removes from and adds to requests and responses.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from multidict import CIMultiDict, CIMultiDictProxy

from local_account.spcs.network.egress import ANYWHERE
from local_account.spcs.network.endpoints import PublicEndpoint

SESSION_COOKIE = "sfc-endpoint-session"
STATE_COOKIE = "sfc-endpoint-state"
TOKEN_HEADER = "X-SF-SPCS-Authorization"  # noqa: S105 a name
CURRENT_USER = "Sf-Context-Current-User"
_TOKEN = re.compile(r'Snowflake\s+Token\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))\s*', re.IGNORECASE)
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_FROM_REQUESTS = _HOP_BY_HOP | {"expect", "cookie", TOKEN_HEADER.lower()}
_FROM_RESPONSES = _HOP_BY_HOP | {
    "public-key-pins",
    "server",
    "x-powered-by",
    "x-xss-protection",
}
_ADDED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "credentialless",
}
_SCHEMES = {80: (("http",), ("ws",), ""), 443: (("https",), ("wss",), "")}
_CORS_SECONDS = "7200"
_EXECUTABLE = {
    "application/vnd.microsoft.portable-executable",
    "application/x-bat",
    "application/x-csh",
    "application/x-dosexec",
    "application/x-elf",
    "application/x-executable",
    "application/x-mach-binary",
    "application/x-msdos-program",
    "application/x-msdownload",
    "application/x-sh",
    "application/x-shellscript",
}


def snowflake_token(headers: Mapping[str, str]) -> str | None:
    """The Snowflake token in a program's request, written with or without quotes."""
    for name in ("Authorization", TOKEN_HEADER):
        found = _TOKEN.fullmatch(headers.get(name, ""))
        if found:
            return found["quoted"] if found["quoted"] is not None else found["bare"]
    return None


def for_service(headers: CIMultiDictProxy[str], user: str) -> CIMultiDict[str]:
    """The headers of a request in the form in which the service gets them."""
    dropped = _FROM_REQUESTS | _named_by_connection(headers)
    found: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        # Many servers do not distinguish `_` and `-` in header names.
        plain = name.lower().replace("_", "-")
        if plain in dropped or plain.startswith(("sf-context-", "sec-websocket-")):
            continue
        if plain == "authorization" and _TOKEN.fullmatch(value):
            continue
        found.add(name, value)
    cookies = _without_own_cookies(headers.getall("Cookie", []))
    if cookies:
        found["Cookie"] = cookies
    found[CURRENT_USER] = user
    return found


def for_client(
    headers: CIMultiDictProxy[str], endpoint: PublicEndpoint, origin: str | None
) -> CIMultiDict[str]:
    """The headers of a response in the form in which the client gets them."""
    dropped = _FROM_RESPONSES | _named_by_connection(headers) | {name.lower() for name in _ADDED}
    found: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        plain = name.lower()
        if plain in dropped or plain.startswith("access-control-"):
            continue
        if plain == "set-cookie" and _reaches_further(value):
            continue
        found.add(name, value)
    found.update(_ADDED)
    found.add("Content-Security-Policy", content_policy(endpoint.outside))
    found.extend(cors(endpoint, origin))
    return found


def content_policy(outside: Iterable[tuple[str, int]]) -> str:
    """Content-Security-Policy: a page may use its own host and the hosts that its service may reach outside.

    Args:
        outside: pairs of host and port; host `0.0.0.0` stands for every host.
    """
    loaded: list[str] = []
    connected: list[str] = []
    for host, port in sorted(outside):
        place = "*" if host == ANYWHERE else host
        pages, sockets, suffix = _SCHEMES.get(port, (("http", "https"), ("ws", "wss"), f":{port}"))
        loaded += [f"{scheme}://{place}{suffix}" for scheme in pages]
        connected += [f"{scheme}://{place}{suffix}" for scheme in sockets]
    default = " ".join(["'self' 'unsafe-inline' 'unsafe-eval'", *loaded, "blob: data:"])
    connect = " ".join(["'self'", *loaded, *connected])
    return f"default-src {default}; object-src 'none'; connect-src {connect}; frame-ancestors 'self';"


def cors(endpoint: PublicEndpoint, origin: str | None) -> dict[str, str]:
    """CORS headers for a request from another origin, if the endpoint's `corsSettings` allow the origin."""
    if not origin or origin not in endpoint.cors.get("Access-Control-Allow-Origin", ()):
        return {}
    lists = {
        name: ", ".join(values)
        for name, values in endpoint.cors.items()
        if name != "Access-Control-Allow-Origin" and values
    }
    return {
        "Access-Control-Allow-Origin": origin,
        **lists,
        "Access-Control-Max-Age": _CORS_SECONDS,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def is_executable(headers: Mapping[str, str]) -> bool:
    """Whether a response is an executable program, which the ingress does not pass on."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() in _EXECUTABLE


def _named_by_connection(headers: CIMultiDictProxy[str]) -> set[str]:
    listed = ",".join(headers.getall("Connection", []))
    return {name.strip().lower() for name in listed.split(",") if name.strip()}


def _reaches_further(cookie: str) -> bool:
    """Whether a service's cookie would replace the ingress's own cookie or be sent to other hosts.

    Snowflake's endpoints are under a public suffix, so browsers refuse a cookie that is for all of them.
    """
    parts = [part.strip().partition("=") for part in cookie.split(";")]
    domains = [value for name, _, value in parts[1:] if name.strip().lower() == "domain" and value.strip()]
    return parts[0][0].strip() in (SESSION_COOKIE, STATE_COOKIE) or bool(domains)


def _without_own_cookies(values: list[str]) -> str:
    pairs = [pair.strip() for value in values for pair in value.split(";")]
    own = {SESSION_COOKIE, STATE_COOKIE}
    return "; ".join(pair for pair in pairs if pair and pair.partition("=")[0].strip() not in own)
