"""Runs the Pulumi program against mocks and records what it registers with the engine."""

from __future__ import annotations

import asyncio
import json
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc
from pulumi.runtime import settings as runtime_settings
from pulumi.runtime.stack import run_in_stack

PROJECT = Path(__file__).resolve().parent.parent.parent
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
CONNECTION = {
    "organizationName": "LOCAL",
    "accountName": "MILVUS",
    "user": "ADMIN",
    "role": "ACCOUNTADMIN",
    "password": "admin-password",
    "host": "localhost",
    "port": "8480",
    "protocol": "http",
}
ENDPOINTS = [{"name": "jupyter", "is_public": "true", "ingress_url": "abc.localhost:8481"}]
REPOSITORY_URL = "localhost:8482/milvus_demo/public/milvus_repo"
FOUND = "Alan Turing was the first person to conduct substantial research in AI."


@dataclass
class Registered:
    """One resource as the engine was told of it."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    secrets: set[str]
    parent: str
    dependencies: set[str]
    provider: str
    deleted_with: str
    replace_with: set[str]
    protect: bool
    ignore_changes: list[str]
    retain_on_delete: bool
    says_retain: bool
    replace_on_changes: list[str]
    delete_before_replace: bool
    error_hooks: list[str]
    hooks_before: list[str]


@dataclass
class Program:
    """All that one run of the program registered."""

    resources: dict[str, Registered] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: set[str] = field(default_factory=set)
    hooks: dict[str, pulumi.ErrorHook] = field(default_factory=dict)
    resource_hooks: dict[str, pulumi.ResourceHook] = field(default_factory=dict)

    def named(self, name: str) -> Registered:
        """The resource with a logical name that only one resource in a module has."""
        found = [
            item
            for item in self.resources.values()
            if item.name == name and not item.type.startswith("milvus-spcs:")
        ]
        assert len(found) == 1, f"{name}: {[item.urn for item in found]}"
        return found[0]

    def of_type(self, kind: str) -> list[Registered]:
        """All resources of a type, given by the last part of its token; no components."""
        return [
            item
            for item in self.resources.values()
            if item.type.split(":")[-1] == kind and not item.type.startswith("milvus-spcs:")
        ]

    def provider_name(self, resource: Registered) -> str:
        """Logical name of the provider that manages a resource."""
        return resource.provider.split("::")[-2] if resource.provider else ""

    def needs(self, resource: Registered) -> set[str]:
        """Logical names of all that must exist before a resource, through dependencies and providers."""
        names: set[str] = set()
        open_ends = [resource]
        while open_ends:
            item = open_ends.pop()
            urns = set(item.dependencies)
            if item.provider:
                urns.add(item.provider.rpartition("::")[0])
            for urn in urns:
                needed = self.resources.get(urn)
                if needed and needed.urn not in names:
                    names.add(needed.urn)
                    open_ends.append(needed)
        return {self.resources[urn].name for urn in names}


class Answers(mocks.Mocks):
    """Outputs that the providers would give."""

    def __init__(self, deployed: Sequence[Mapping[str, Any]] = ()) -> None:
        """
        Args:
            deployed: `type` and `outputs` of each resource in the stack's state; default none.
        """
        self.deployed = deployed

    def call(self, args: mocks.MockCallArgs) -> Any:
        if args.token == "pulumi:pulumi:readStackResourceOutputs":
            return {"outputs": {str(number): item for number, item in enumerate(self.deployed)}}
        raise AssertionError(f"the program calls no provider function, but called {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        # One that the program only reads has no inputs, and its id is its name.
        outputs = dict(args.inputs) or {"name": args.resource_id}
        parts = [outputs.get(key) for key in ("database", "schema", "name")]
        outputs["fullyQualifiedName"] = ".".join(f'"{part}"' for part in parts if part)
        kind = args.typ.split(":")[-1]
        if kind == "ImageRepository":
            outputs["showOutputs"] = [{"repositoryUrl": REPOSITORY_URL}]
        elif kind == "Stash":
            outputs["output"] = args.inputs["input"]
        elif args.typ == "docker-build:index:Image":
            digest = "0" * 63 + str(len(args.name))
            outputs["ref"] = f"{args.inputs['tags'][0]}@sha256:{digest}"
        elif kind == "Execute":
            outputs["queryResults"] = self.rows(args.inputs.get("query") or "")
        return f"{args.name}-id", outputs

    def rows(self, query: str) -> list[dict[str, str]]:
        """Rows of a query of an Execute resource."""
        if query.startswith("SHOW ENDPOINTS"):
            return ENDPOINTS
        if query.startswith("SHOW SERVICES"):
            name = query.split("'")[1].lower()
            return [{"status": "RUNNING", "dns_name": f"{name}.k3m6.svc.spcs.internal"}]
        return [{"LOGS": f"searching\nfound: {FOUND}\n"}] if "GET_SERVICE_LOGS" in query else []


class Monitor(mocks.MockMonitor):
    """A mock engine that keeps every registration."""

    def __init__(self, answers: Answers, program: Program) -> None:
        super().__init__(answers)
        self.program = program

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            self._keep(request)
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if "pulumi:pulumi:Stack" in request.urn:
            content = json_format.MessageToDict(request.outputs)
            self.program.secret_outputs = {key for key, value in content.items() if _holds_secret(value)}
            self.program.outputs = _plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)

    def _keep(self, request: Any) -> None:
        urn = self.make_urn(request.parent, request.type, request.name)
        content = json_format.MessageToDict(request.object)
        self.program.resources[urn] = Registered(
            urn=urn,
            type=request.type,
            name=request.name,
            inputs=_plain(rpc.deserialize_properties(request.object)),
            secrets={key for key, value in content.items() if _holds_secret(value)},
            parent=request.parent,
            dependencies=set(request.dependencies),
            provider=request.provider,
            deleted_with=request.deletedWith,
            replace_with=set(request.replace_with),
            protect=request.protect,
            ignore_changes=list(request.ignoreChanges),
            retain_on_delete=request.retainOnDelete,
            says_retain=request.HasField("retainOnDelete"),
            replace_on_changes=list(request.replaceOnChanges),
            delete_before_replace=request.deleteBeforeReplace,
            error_hooks=list(request.hooks.on_error),
            hooks_before=list(request.hooks.before_create),
        )


class Hooks:
    """Takes the place of the server through which the engine calls the program back."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        self.program.hooks[hook.name] = hook

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.program.resource_hooks[hook.name] = hook


def run(
    settings: Mapping[str, Any] | None = None,
    *,
    connection: Mapping[str, str] | None = None,
    answers: Answers | None = None,
    preview: bool = False,
    program: Program | None = None,
) -> Program:
    """Run `__main__.py` once.

    Args:
        settings: the project's settings, by their names in Pulumi.yaml; default none.
        connection: the provider's settings; default a password login to the local account.
        answers: outputs of the providers.
        preview: whether it is a preview.
        program: what to record into, for runs that fail.
    """
    program = program or Program()
    config = {f"snowflake:{key}": value for key, value in (connection or CONNECTION).items()}
    for key, value in (settings or {}).items():
        config[f"milvus-spcs:{key}"] = value if isinstance(value, str) else json.dumps(value)
    answers = answers or Answers()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        mocks.set_mocks(
            answers,
            project="milvus-spcs",
            stack="test",
            organization="organization",
            preview=preview,
            monitor=Monitor(answers, program),
        )
        # The mocks come with a stack resource of their own, which would take the program's outputs.
        runtime_settings.set_root_resource(None)
        runtime_settings.SETTINGS.callbacks = Hooks(program)
        pulumi.runtime.set_all_config(config)
        loop.run_until_complete(run_in_stack(lambda: runpy.run_path(str(PROJECT / "__main__.py")) and None))
    finally:
        pulumi.runtime.set_all_config({})
        loop.close()
        asyncio.set_event_loop(None)
    return program


def _plain(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return SECRET_SIGNATURE in value.values() or any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)
