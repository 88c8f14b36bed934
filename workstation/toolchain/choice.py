"""Which parts of Pulumi come from the vendor and which from here: decided once and remembered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from machine.paths import STATE

Origin = Literal["vendor", "built", "stand-in"]
_FILE = STATE / "toolchain" / "choice.json"


@dataclass(frozen=True)
class Part:
    """One part of the toolchain.

    Attributes:
        origin: `vendor` (the official build), `built` (the official source, built here) or `stand-in` (ours).
        version: version without a leading "v".
        path: program or plugin folder that is used.
    """

    origin: Origin
    version: str
    path: str


@dataclass(frozen=True)
class Choice:
    """What `make up` decided to use.

    Attributes:
        pulumi: the engine and command line.
        plugins: resource plugins by name.
        reason: why parts do not come from the vendor; "" when all do.
    """

    pulumi: Part
    plugins: dict[str, Part]
    reason: str = ""

    def sentence(self) -> str:
        """The decision in one line."""
        parts = {"pulumi": self.pulumi, **self.plugins}
        text = ", ".join(f"{name} {part.version} ({part.origin})" for name, part in parts.items())
        return f"{text}; {self.reason}" if self.reason else text


def load() -> Choice | None:
    """The remembered decision, or None before the first one."""
    if not _FILE.exists():
        return None
    data = json.loads(_FILE.read_text())
    plugins = {name: Part(**part) for name, part in data["plugins"].items()}
    return Choice(pulumi=Part(**data["pulumi"]), plugins=plugins, reason=data["reason"])


def save(choice: Choice) -> None:
    """Remember the decision until `make clean`."""
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    _FILE.write_text(json.dumps(asdict(choice), indent=2) + "\n")
