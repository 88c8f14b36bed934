"""The kinds of values that settings have: each is a type, a check, and the allowed values in words.

A kind annotates a field of a pydantic model. A value that it refuses raises a ValueError whose message ends
the sentence "it must be …".
"""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StrictBool,
    ValidationError,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

# The families that the images run on, with size and price.
INSTANCE_FAMILIES = tomllib.loads((Path(__file__).parent / "instance_families.toml").read_text())["families"]
WAREHOUSE_SIZES = (
    "XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE", "XXXLARGE", "X4LARGE", "X5LARGE", "X6LARGE",
)  # fmt: skip
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})+")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,254}")
_SOURCE = re.compile(
    r"docker-image://[A-Za-z0-9][A-Za-z0-9._/:@-]*|oci-layout:///[^@\x00-\x1f\x7f]+@sha256:[0-9a-f]{64}"
    r"|/[^\x00-\x1f\x7f]*"
)
_HOSTS = (
    "a list of strings (pulumi config set --path 'egressHosts[0]' VALUE), each HOST or HOST:PORT, without "
    "scheme or wildcard, PORT 22, 80, 443 or 1024 to 65535, and 0.0.0.0 only with port 80 or 443"
)
_BASE_IMAGES = (
    """a map of strings (pulumi config set --path 'baseImages["IMAGE"]' SOURCE) from image names to """
    "docker-image://IMAGE, oci-layout:///FOLDER@sha256:DIGEST or the absolute path of a folder, without .."
)
_MAX_SHOWN = 200
MODEL_CONFIG = ConfigDict(
    frozen=True,
    extra="forbid",
    # Fields have their names from Pulumi.yaml in the configuration, and their own names in Python.
    alias_generator=to_camel,
    validate_by_name=True,
    # A refused value may be a secret.
    hide_input_in_errors=True,
)
"""How the models of this package behave."""


def shown(text: str | None) -> str:
    """A value as a message shows it: unprintable characters escaped, at most 200 characters long."""
    return ascii(text if text is None or len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…")


@dataclass(frozen=True)
class Allowed:
    """The allowed values of a field, in words and as a test.

    Every refusal of the field's type is reported in these words. A check of our own inside the type may raise
    a ValueError with a message that says more.

    Attributes:
        words: the end of the sentence "it must be …".
        fits: tells whether a value of the right type is allowed; default: every value is.
    """

    words: str
    fits: Callable[[Any], bool] = lambda value: True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._validate, handler(source))

    def _validate(self, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            value = read(value)
        except ValidationError as error:
            own = error.errors(include_url=False)[0].get("ctx", {}).get("error", "")
            raise ValueError(str(own) or self.words) from None
        if not self.fits(value):
            raise ValueError(self.words)
        return value


def number(least: int, most: int, unit: str, *, or_zero: bool = False) -> Allowed:
    """A whole number within limits.

    Args:
        least, most: the limits, both allowed.
        unit: what is counted, in the plural.
        or_zero: whether 0 is allowed too; default false.
    """
    return Allowed(
        f"a whole number of {unit} from {least} to {most}" + (", or 0" if or_zero else ""),
        lambda value: least <= value <= most or (or_zero and value == 0),
    )


def one_of(values: tuple[str, ...]) -> Allowed:
    """One of a few texts."""
    return Allowed("one of " + ", ".join(values), lambda value: value in values)


def matching(pattern: str, words: str) -> Allowed:
    """A text that matches a pattern as a whole, or the empty text.

    Args:
        pattern: a regular expression.
        words: the same, in words.
    """
    return Allowed(f"{words}, or empty", lambda value: not value or re.fullmatch(pattern, value) is not None)


def _without_pem_lines(key: str) -> str:
    body = re.sub(r"-----(BEGIN|END) PUBLIC KEY-----|\s", "", key)
    try:
        der = base64.b64decode(body, validate=True)
    except ValueError:
        der = b""
    # An RSA key of 2048 bits takes more than 256 bytes; its DER form begins with the mark of a sequence.
    if key and (len(der) < 256 or der[0] != 0x30):
        raise ValueError
    return body


def _host_and_port(item: str) -> str:
    host, _, port = item.partition(":")
    port = port or "443"
    number = int(port) if re.fullmatch("[0-9]{1,5}", port) else 0
    known_port = number in (22, 80, 443) or 1024 <= number <= 65535
    everywhere = host == "0.0.0.0" and number not in (80, 443)  # noqa: S104 - an egress rule, not a listener
    if not _HOST.fullmatch(host) or not known_port or everywhere:
        raise ValueError(f"{_HOSTS}; {shown(item)} is not")
    return f"{host.lower()}:{number}"


def _known_sources(images: Mapping[str, str]) -> Mapping[str, str]:
    for image, source in images.items():
        if not _IMAGE.fullmatch(image) or not _SOURCE.fullmatch(source) or ".." in source.split("/"):
            raise ValueError(f"{_BASE_IMAGES}; {shown(f'{image}: {source}')} is not")
    return images


Switch = Annotated[StrictBool, Allowed("true or false")]
Password = Annotated[
    str,
    # The account's own password policy may ask for more; Snowflake then says so.
    Allowed(
        "8 to 256 characters long, without control characters, or not set",
        lambda value: not value or (8 <= len(value) <= 256 and value.isprintable()),
    ),
]
PublicKey = Annotated[
    str,
    AfterValidator(_without_pem_lines),
    Allowed("an RSA public key of 2048 bits or more in PEM form (openssl rsa -pubout), or empty"),
]
InstanceFamily = Annotated[str, one_of(tuple(INSTANCE_FAMILIES))]
WarehouseSize = Annotated[str, one_of(WAREHOUSE_SIZES)]
ObjectName = Annotated[str, matching(r"[A-Z_][A-Z0-9_]{0,254}", "a name as SHOW lists it, of A-Z, 0-9 and _")]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host_and_port)], ...], Allowed(_HOSTS)]
BaseImages = Annotated[Mapping[str, str], AfterValidator(_known_sources), Allowed(_BASE_IMAGES)]


class NotebookUser(BaseModel):
    """A person who uses the notebook, in addition to MILVUS_USER.

    Attributes:
        name: the user's name exactly as SHOW USERS shows it; the stack's prefix is not put before it.
        create: make the user, and drop the user with the stack; default false: the user exists already.
        generate_password: give a new user an initial password that must be changed at the first sign-in;
            default false.
        public_key: RSA public key of a new user, base64 without PEM lines; default empty: no key.
        email: e-mail address of a new user; default empty: no address.
    """

    model_config = MODEL_CONFIG

    name: Annotated[str, Field(pattern=r'^[^"\x00-\x1f\x7f]{1,255}$')]
    create: StrictBool = False
    generate_password: StrictBool = False
    public_key: PublicKey = ""
    email: str = ""

    @model_validator(mode="after")
    def _only_new_users_have_properties(self) -> NotebookUser:
        if not self.create and (self.generate_password or self.public_key or self.email):
            raise ValueError("a list in which only users with create: true have other properties than a name")
        return self


def _no_name_twice(users: tuple[NotebookUser, ...]) -> tuple[NotebookUser, ...]:
    if len({user.name for user in users}) < len(users):
        raise ValueError("a list in which no name is twice")
    return users


NotebookUsers = Annotated[
    tuple[NotebookUser, ...],
    AfterValidator(_no_name_twice),
    Allowed(
        "a list of users (pulumi config set --path 'notebookUsers[0].name' ALICE), each with name and, if "
        "wanted, create, generatePassword, publicKey, email"
    ),
]
