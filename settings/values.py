"""The values that settings may have: how each kind is read from its text, and what is refused.

A refusal is a ValueError whose message ends the sentence "it must be …".
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

# The families that the images run on, with their size and price.
INSTANCE_FAMILIES = tomllib.loads((Path(__file__).parent / "instance_families.toml").read_text())["families"]
WAREHOUSE_SIZES = (
    "XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE", "XXXLARGE", "X4LARGE", "X5LARGE", "X6LARGE",
)  # fmt: skip
EGRESS_PORTS = "22, 80, 443 or 1024 to 65535"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,254}")
_SOURCE = re.compile(
    r"docker-image://[A-Za-z0-9][A-Za-z0-9._/:@-]*|oci-layout:///[^@\x00-\x1f\x7f]+@sha256:[0-9a-f]{64}"
    r"|/[^\x00-\x1f\x7f]*"
)
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})+")
_MAX_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class NotebookUser:
    """A person who uses the notebook, besides MILVUS_USER.

    Attributes:
        name: the user's name exactly as SHOW USERS shows it; no prefix is put before it.
        create: make the user, and drop it with the stack; default false, the user is there already.
        generate_password: give a made user an initial password, which must be changed at the first sign-in.
        public_key: RSA public key of a made user; default none.
        email: of a made user; default none.
    """

    name: str
    create: bool = False
    generate_password: bool = False
    public_key: str = ""
    email: str = ""


def camel_case(name: str) -> str:
    """Name of a setting in Pulumi.yaml: `warehouse_size` is `warehouseSize` there."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def shown(text: str | None) -> str:
    """A value in a message: what cannot be printed is escaped, and a long text is cut."""
    return ascii(text if text is None or len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…")


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("a whole number")
    return int(text)


def _strings(text: str) -> tuple[str, ...]:
    value = _json(text)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of strings (pulumi config set --path 'NAME[0]' VALUE)")
    return tuple(value)


def _notebook_users(text: str) -> tuple[NotebookUser, ...]:
    items = _json(text)
    if not isinstance(items, list):
        raise ValueError("a list (pulumi config set --path 'notebookUsers[0].name' ALICE)")
    users = tuple(_notebook_user(item) for item in items)
    names = [user.name for user in users]
    if len(set(names)) < len(names):
        raise ValueError("a list in which no name is twice")
    return users


def _notebook_user(item: Any) -> NotebookUser:
    kinds = {
        camel_case(part.name): (part.name, bool if part.type == "bool" else str)
        for part in fields(NotebookUser)
    }
    known = isinstance(item, dict) and all(
        key in kinds and isinstance(value, kinds[key][1]) for key, value in item.items()
    )
    if not known or not re.fullmatch(r'[^"\x00-\x1f\x7f]{1,255}', item.get("name", "")):
        raise ValueError(f"a list of users, each with name and, if wanted, {', '.join(list(kinds)[1:])}")
    user = NotebookUser(**{kinds[key][0]: value for key, value in item.items()})
    if not user.create and (user.generate_password or user.public_key or user.email):
        raise ValueError("a list in which only users with create: true have other properties than a name")
    return replace(user, public_key=_public_key(user.public_key))


def _string_map(text: str) -> Mapping[str, str]:
    value = _json(text)
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError("""a map of strings (pulumi config set --path 'NAME["key"]' VALUE)""")
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


# Keyed by the annotation's text, for annotations are not evaluated here.
PARSERS: Mapping[Any, Callable[[str], Any]] = {
    "str": str.strip,
    "bool": _boolean,
    "int": _integer,
    "tuple[str, ...]": _strings,
    "tuple[NotebookUser, ...]": _notebook_users,
    "Mapping[str, str]": _string_map,
}


def anything(value: Any) -> Any:
    return value


def _matching(pattern: str, allowed: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value and not re.fullmatch(pattern, value):
            raise ValueError(f"{allowed}, or empty")
        return value

    return check


def _one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return value

    return check


def _between(least: int, most: int, unit: str) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not least <= value <= most:
            raise ValueError(f"a whole number of {unit} from {least} to {most}")
        return value

    return check


def _zero_or(least: int, most: int, unit: str) -> Callable[[int], int]:
    def check(value: int) -> int:
        if value and not least <= value <= most:
            raise ValueError(f"a whole number of {unit} from {least} to {most}, or 0")
        return value

    return check


def _password(value: str) -> str:
    # The account's own password policy may ask for more; Snowflake then says so.
    if value and not (8 <= len(value) <= 256 and value.isprintable()):
        raise ValueError("8 to 256 characters long, without control characters, or not set")
    return value


def _public_key(value: str) -> str:
    """The key without PEM lines, as RSA_PUBLIC_KEY takes it."""
    body = re.sub(r"-----(BEGIN|END) PUBLIC KEY-----|\s", "", value)
    try:
        der = base64.b64decode(body, validate=True)
    except ValueError:
        der = b""
    if value and (len(der) < 256 or der[0] != 0x30):
        raise ValueError("an RSA public key of 2048 bits or more in PEM form (openssl rsa -pubout), or empty")
    return body


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_host(item) for item in value)


def _host(item: str) -> str:
    host, _, port = item.partition(":")
    port = port or "443"
    number = int(port) if re.fullmatch("[0-9]{1,5}", port) else 0
    known_port = number in (22, 80, 443) or 1024 <= number <= 65535
    everywhere = host == "0.0.0.0" and number not in (80, 443)  # noqa: S104 - an egress rule, not a listener
    if not _HOST.fullmatch(host) or not known_port or everywhere:
        raise ValueError(
            f"a list of HOST or HOST:PORT, without scheme or wildcard, PORT {EGRESS_PORTS}, "
            f"and 0.0.0.0 only with port 80 or 443; {shown(item)} is not"
        )
    return f"{host.lower()}:{number}"


def _images(value: Mapping[str, str]) -> Mapping[str, str]:
    for image, source in value.items():
        if not _IMAGE.fullmatch(image) or not _SOURCE.fullmatch(source) or ".." in source.split("/"):
            raise ValueError(
                "a map from image names to docker-image://IMAGE, oci-layout:///FOLDER@sha256:DIGEST or the "
                f"absolute path of a folder, without ..; {shown(f'{image}: {source}')} is not"
            )
    return value


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "prefix": _matching(
        r"[A-Z]([A-Z0-9_]{0,18}[A-Z0-9])?",
        "1 to 20 of A-Z, 0-9 and _, beginning with a letter and not ending with _",
    ),
    "user_password": _password,
    "user_public_key": _public_key,
    "warehouse_size": _one_of(WAREHOUSE_SIZES),
    "warehouse_auto_suspend": _between(60, 86400, "seconds"),
    "warehouse_monthly_credits": _between(0, 1_000_000, "credits"),
    "notebooks": _between(1, 20, "services"),
    "pool_auto_suspend": _between(0, 86400, "seconds"),
    "milvus_instance_family": _one_of(tuple(INSTANCE_FAMILIES)),
    "jupyter_instance_family": _one_of(tuple(INSTANCE_FAMILIES)),
    "milvus_volume_size": _between(1, 16384, "GiB"),
    # All clouds together: which one the account is on is not known before the first statement.
    "milvus_volume_iops": _zero_or(2000, 160_000, "operations per second"),
    "milvus_volume_throughput": _zero_or(125, 2400, "MiB per second"),
    "milvus_snapshot": _matching(r"[A-Z_][A-Z0-9_]{0,254}", "the name of a snapshot, in upper case"),
    "egress_hosts": _hosts,
    "base_images": _images,
    "builder": _matching(r"[A-Za-z0-9][A-Za-z0-9._-]*", "the name of a buildx builder"),
    "monthly_credit_budget": _between(0, 1_000_000, "credits"),
    **dict.fromkeys(
        ("existing_warehouse", "existing_database", "existing_role", "existing_integration"),
        _matching(r"[A-Z_][A-Z0-9_]{0,254}", "a name as SHOW lists it, of A-Z, 0-9 and _"),
    ),
    "ready_timeout": _between(30, 3600, "seconds"),
}
