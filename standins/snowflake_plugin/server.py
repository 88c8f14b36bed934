"""The engine's provider protocol: every request becomes a call of a resource type.

See https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/providers/README.html.
"""

import json
import os
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any

import grpc
from google.protobuf import empty_pb2

from standins.language_host.language_host import exit_with
from standins.snowflake_plugin import VERSION, config
from standins.snowflake_plugin.errors import Failure, PartialError, PluginError
from standins.snowflake_plugin.resource import Resource, State
from standins.snowflake_plugin.schema import package_schema
from standins.snowflake_plugin.session import Limited, Pool, Session, load_connector
from standins.snowflake_plugin.types import TYPES
from standins.snowflake_plugin.wire import (
    decode,
    encode,
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

_WORKERS = 32
"""Operations at the same time; the engine starts four for each processor."""

_OPTIONS = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]


def _reported(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turns what went wrong into a status that the engine shows."""

    @wraps(method)
    def call(self: "Servicer", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request)
        except PartialError as error:
            _abort_partial(context, error, self.resource(request))
        except (PluginError, ValueError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception:
            context.abort(grpc.StatusCode.INTERNAL, f"the Snowflake plugin failed:\n{traceback.format_exc()}")

    return call


def _abort_partial(context: grpc.ServicerContext, error: PartialError, resource: Resource) -> None:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=encode(error.state, resource.secrets), reasons=[str(error)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine for one provider resource at a time."""

    def __init__(self, engine_address: str) -> None:
        """Start without settings: the engine sends them by Configure."""
        self._engine_address = engine_address
        self._pool = Pool(config.Settings(), self._warn)

    # The plugin and its settings

    @_reported
    def Handshake(self, request: Any) -> Any:
        """Say what the plugin understands, and begin to load the connector."""
        threading.Thread(target=load_connector, daemon=True).start()
        self._engine_address = request.engine_address or self._engine_address
        return provider_pb2.ProviderHandshakeResponse()

    @_reported
    def GetPluginInfo(self, request: Any) -> Any:
        """The version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @_reported
    def Attach(self, request: Any) -> Any:
        """Take the engine's address, when something else has started the plugin."""
        self._engine_address = request.address
        return empty_pb2.Empty()

    @_reported
    def GetSchema(self, request: Any) -> Any:
        """The supported types, for `pulumi import`; programs use the published SDK."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps(package_schema()))

    @_reported
    def CheckConfig(self, request: Any) -> Any:
        """Check the settings."""
        inputs = decode(request.news)
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(config.check(inputs)))

    @_reported
    def DiffConfig(self, request: Any) -> Any:
        """New settings never replace a resource."""
        olds, news = decode(request.old_inputs) or decode(request.olds), decode(request.news)
        changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key))
        kinds = provider_pb2.DiffResponse
        return kinds(changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE, diffs=changed)

    @_reported
    def Configure(self, request: Any) -> Any:
        """Keep the settings; nothing is connected yet."""
        inputs = decode(request.args)
        if failures := config.check(inputs):
            raise PluginError("; ".join(failure.reason for failure in failures))
        self._pool = Pool(config.read(inputs), self._warn)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    @_reported
    def Invoke(self, request: Any) -> Any:
        """Functions are left to the official plugin."""
        raise PluginError(
            f"{request.tok} is not supported by the local stand-in for the Snowflake plugin: "
            "install the official plugin"
        )

    @_reported
    def Cancel(self, request: Any) -> Any:
        """Close what is not in use; running statements end by themselves."""
        self._pool.close()
        return empty_pb2.Empty()

    # Resources

    def resource(self, request: Any) -> Resource:
        """The type of a request's resource."""
        token = request.type or request.urn.split("::")[2].split("$")[-1]
        if token not in TYPES:
            raise PluginError(
                f"{token} is not supported by the local stand-in for the Snowflake plugin, which has: "
                f"{', '.join(sorted(kind.type for kind in TYPES.values()))}. Install the official "
                "plugin."
            )
        return TYPES[token]

    def session(self, request: Any) -> Session:
        """The account, with the program's time limit for this resource if it has one."""
        return Limited(self._pool, request.timeout) if request.timeout else self._pool

    @_reported
    def Check(self, request: Any) -> Any:
        """Check inputs and fill in defaults."""
        name = request.name or request.urn.split("::")[-1]
        resource = self.resource(request)
        inputs, failures = resource.check(name, decode(request.olds), decode(request.news))
        return provider_pb2.CheckResponse(
            inputs=encode(inputs, resource.secrets), failures=_failures(failures)
        )

    @_reported
    def Diff(self, request: Any) -> Any:
        """What would change."""
        resource, olds, news = self.resource(request), decode(request.olds), _wanted(request)
        difference = resource.diff(self._pool, request.id, olds, news)
        kinds = provider_pb2.DiffResponse
        return kinds(
            changes=kinds.DIFF_SOME if difference.changes else kinds.DIFF_NONE,
            diffs=sorted(difference.changes),
            replaces=difference.replaces,
            deleteBeforeReplace=difference.delete_first,
            hasDetailedDiff=True,
            detailedDiff=_detailed(olds, news, difference.changes),
        )

    @_reported
    def Create(self, request: Any) -> Any:
        """Make the resource, or for a preview return the outputs that are known."""
        resource, inputs = self.resource(request), decode(request.properties)
        if request.preview:
            state = resource.planned({}, inputs, {})
            return provider_pb2.CreateResponse(properties=encode(state, resource.secrets))
        resource.gated(self._pool)
        resource_id, state = resource.create(self.session(request), inputs)
        return provider_pb2.CreateResponse(id=resource_id, properties=encode(state, resource.secrets))

    @_reported
    def Read(self, request: Any) -> Any:
        """Refresh or import the resource; an empty answer means that it is gone."""
        resource = self.resource(request)
        resource.gated(self._pool)
        olds, inputs = decode(request.properties), decode(request.inputs)
        state = resource.read(self._pool, request.id, olds)
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=encode(state, resource.secrets),
            inputs=encode(_inputs(resource, inputs, olds, state), resource.secrets),
        )

    @_reported
    def Update(self, request: Any) -> Any:
        """Change the resource, or for a preview return the outputs that are known."""
        resource, olds, news = self.resource(request), decode(request.olds), _wanted(request)
        if request.preview:
            state = resource.planned(olds, news, resource.changes(self._pool, request.id, olds, news))
        else:
            resource.gated(self._pool)
            state = resource.update(self.session(request), request.id, olds, news)
        return provider_pb2.UpdateResponse(properties=encode(state, resource.secrets))

    @_reported
    def Delete(self, request: Any) -> Any:
        """Remove the resource."""
        resource = self.resource(request)
        resource.gated(self._pool)
        resource.delete(self.session(request), request.id, decode(request.properties))
        return empty_pb2.Empty()

    def _warn(self, message: str) -> None:
        """Show a warning in the engine's output."""
        with grpc.insecure_channel(self._engine_address) as channel:
            engine_pb2_grpc.EngineStub(channel).Log(
                engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message)
            )


def _wanted(request: Any) -> State:
    """The new inputs, with the present values of properties whose changes the program ignores."""
    olds, news = decode(request.olds), decode(request.news)
    ignored = {path.split(".")[0].split("[")[0] for path in request.ignoreChanges}
    kept = {name: olds[name] for name in ignored if name in olds}
    return {**{name: value for name, value in news.items() if name not in ignored}, **kept}


def _failures(failures: list[Failure]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=item.property, reason=item.reason) for item in failures]


def _detailed(olds: State, news: State, changes: Mapping[str, bool]) -> dict[str, Any]:
    """The changed properties; in nested objects, the changed fields."""
    detailed = {}
    for name, replace in changes.items():
        old, new = olds.get(name), news.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            paths = {
                f"{name}.{key}": (old.get(key), new.get(key))
                for key in {*old, *new}
                if old.get(key) != new.get(key)
            }
        else:
            paths = {name: (old, new)}
        for path, (before, after) in (paths or {name: (old, new)}).items():
            word = "ADD" if before is None else "DELETE" if after is None else "UPDATE"
            kind = getattr(provider_pb2.PropertyDiff, word + ("_REPLACE" if replace else ""))
            detailed[path] = provider_pb2.PropertyDiff(kind=kind)
    return detailed


def _inputs(resource: Resource, inputs: State, olds: State, state: State) -> State:
    """The inputs after a refresh: what changed in the state is changed in them too."""
    moved = {
        prop.name: state[prop.name]
        for prop in resource.props
        if prop.name in state
        and (prop.given(state[prop.name]) or prop.name in inputs)
        and prop.normal(state[prop.name]) != prop.normal(olds.get(prop.name))
        and not (prop.parameter and prop.name not in inputs)
    }
    return {**inputs, **moved}


def serve(engine_address: str) -> None:
    """Serve until the engine ends the process or itself; prints the port, as the engine expects."""
    # The system's own reaction to an interrupt is immediate; Python's would wait until an import has ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=exit_with, args=(os.getppid(),), daemon=True).start()
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(engine_address), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()
