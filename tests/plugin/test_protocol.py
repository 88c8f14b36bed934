"""The engine's requests to a served plugin."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from machine.paths import PROJECT
from standins.snowflake_plugin import VERSION, config
from standins.snowflake_plugin.errors import SnowflakeError
from standins.snowflake_plugin.server import Servicer
from standins.snowflake_plugin.wire import (
    UNKNOWN,
    decode,
    encode,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from tests.plugin import rows
from tests.plugin.account import MISSING, ScriptedAccount

POOL = {"name": "P", "minNodes": 1, "maxNodes": 1, "instanceFamily": "CPU_X64_XS"}
SETTINGS = {"organizationName": "LOCAL", "accountName": "MILVUS", "user": "U", "password": "hidden-password"}


def urn(name: str) -> str:
    return f"urn:pulumi:dev::project::component$snowflake:index/{name[0].lower()}{name[1:]}:{name}::unit"


@pytest.fixture
def servicer() -> Servicer:
    return Servicer("127.0.0.1:1")


@pytest.fixture
def plugin(servicer: Servicer) -> Iterator[Any]:
    """A client of a served plugin."""
    server = grpc.server(ThreadPoolExecutor(2))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(None)


@pytest.fixture
def account(servicer: Servicer, monkeypatch: pytest.MonkeyPatch) -> ScriptedAccount:
    """The account that the plugin is connected to."""
    scripted = ScriptedAccount()
    monkeypatch.setattr(servicer, "_pool", scripted)
    return scripted


def failure(call: Any, request: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    return caught.value.details()


def test_handshake_and_version(plugin: Any) -> None:
    from google.protobuf.empty_pb2 import Empty

    plugin.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))

    assert plugin.GetPluginInfo(Empty()).version == VERSION


def test_check_fills_in_defaults_and_hides_secrets(plugin: Any) -> None:
    news = encode({"name": "U", "password": "hidden"})

    answer = plugin.Check(provider_pb2.CheckRequest(urn=urn("User"), news=news))

    assert decode(answer.inputs)["disabled"] == "default"
    assert "value" in answer.inputs.fields["password"].struct_value.fields
    assert not answer.failures


def test_an_unsupported_type_is_refused_by_name(plugin: Any) -> None:
    text = failure(plugin.Check, provider_pb2.CheckRequest(urn=urn("Table"), news=encode({})))

    assert text.startswith("snowflake:index/table:Table is not supported by the local stand-in")
    assert "ComputePool" in text


def test_a_function_is_refused_by_name(plugin: Any) -> None:
    text = failure(plugin.Invoke, provider_pb2.InvokeRequest(tok="snowflake:index/getTables:getTables"))

    assert text.startswith("snowflake:index/getTables:getTables is not supported")


def test_preview_of_a_create_sends_nothing(plugin: Any, account: ScriptedAccount) -> None:
    request = provider_pb2.CreateRequest(urn=urn("ComputePool"), properties=encode(POOL), preview=True)

    outputs = decode(plugin.Create(request).properties)

    assert (outputs["fullyQualifiedName"], outputs["minNodes"]) == (UNKNOWN, 1)
    assert account.statements == []


def test_create_and_the_server_s_refusal(plugin: Any, account: ScriptedAccount) -> None:
    request = provider_pb2.CreateRequest(urn=urn("ComputePool"), properties=encode(POOL))
    account.answers = {"SHOW COMPUTE POOLS LIKE 'P'": rows.pool(), 'DESCRIBE COMPUTE POOL "P"': rows.pool()}

    assert plugin.Create(request).id == "P"

    statement = 'CREATE COMPUTE POOL "P" MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS'
    account.answers[statement] = SnowflakeError(2002, "42710", "Object 'P' already exists.")
    assert failure(plugin.Create, request) == "002002 (42710): Object 'P' already exists."


def test_what_was_made_but_not_read_is_handed_over(plugin: Any, account: ScriptedAccount) -> None:
    account.answers = {"SHOW COMPUTE POOLS LIKE 'P'": MISSING}
    request = provider_pb2.CreateRequest(urn=urn("ComputePool"), properties=encode(POOL))

    with pytest.raises(grpc.RpcError) as caught:
        plugin.Create(request)

    (entry,) = (item for item in caught.value.trailing_metadata() if item.key == "grpc-status-details-bin")
    detail = provider_pb2.ErrorResourceInitFailed()
    status_pb2.Status.FromString(entry.value).details[0].Unpack(detail)
    assert (detail.id, decode(detail.properties)["name"]) == ("P", "P")
    assert detail.reasons[0].startswith("002003 (02000)")


def test_diff_names_the_fields_that_changed(plugin: Any, account: ScriptedAccount) -> None:
    service = {"database": "D", "schema": "S", "name": "N", "computePool": "P"}
    olds, news = ({**service, "fromSpecification": {"text": text}} for text in ("a", "b"))

    answer = plugin.Diff(
        provider_pb2.DiffRequest(urn=urn("Service"), id="N", olds=encode(olds), news=encode(news))
    )

    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.detailedDiff) == ["fromSpecification.text"]
    assert not answer.replaces


def test_ignored_changes_are_no_changes(plugin: Any, account: ScriptedAccount) -> None:
    olds, news = ({**POOL, "comment": text} for text in ("a", "b"))
    request = provider_pb2.DiffRequest(urn=urn("ComputePool"), id="P", olds=encode(olds), news=encode(news))

    assert plugin.Diff(request).changes == provider_pb2.DiffResponse.DIFF_SOME
    request.ignoreChanges.append("comment")
    assert plugin.Diff(request).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_time_limits_of_the_program_are_kept(plugin: Any, account: ScriptedAccount) -> None:
    plugin.Delete(provider_pb2.DeleteRequest(urn=urn("AccountRole"), id="R", timeout=7))
    plugin.Delete(provider_pb2.DeleteRequest(urn=urn("AccountRole"), id="R"))

    assert account.timeouts == [7, 20 * 60]


def test_schema_has_every_type(plugin: Any) -> None:
    schema = json.loads(plugin.GetSchema(provider_pb2.GetSchemaRequest()).schema)

    assert schema["version"] == VERSION
    pool = schema["resources"]["snowflake:index/computePool:ComputePool"]
    assert pool["inputProperties"]["minNodes"] == {"type": "integer"}
    assert "instanceFamily" in pool["requiredInputs"]


def test_refresh_moves_the_inputs_along(plugin: Any, account: ScriptedAccount) -> None:
    account.answers = {
        "SHOW COMPUTE POOLS LIKE 'P'": rows.pool(max_nodes=3),
        'DESCRIBE COMPUTE POOL "P"': rows.pool(max_nodes=3),
    }

    answer = plugin.Read(
        provider_pb2.ReadRequest(urn=urn("ComputePool"), id="P", properties=encode(POOL), inputs=encode(POOL))
    )

    assert decode(answer.inputs) == {**POOL, "maxNodes": 3}


def test_refresh_of_what_is_gone_gives_no_id(plugin: Any, account: ScriptedAccount) -> None:
    account.answers = {"SHOW COMPUTE POOLS LIKE 'P'": []}

    answer = plugin.Read(provider_pb2.ReadRequest(urn=urn("ComputePool"), id="P", properties=encode(POOL)))

    assert answer.id == ""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"colour": "red"}, "snowflake:colour is not a setting of the Snowflake provider"),
        ({"proxyHost": "p"}, "snowflake:proxyHost is not supported by the local stand-in"),
        ({"authenticator": "OKTA"}, "snowflake:authenticator has the invalid value OKTA"),
        ({"protocol": "ftp"}, "snowflake:protocol has the invalid value ftp"),
        ({"port": "many"}, "snowflake:port cannot be read"),
        ({"accountName": ""}, "snowflake:accountName is missing: set it, or SNOWFLAKE_ACCOUNT_NAME"),
        ({"experimentalFeaturesDisableds": '["X"]'}, "snowflake:experimentalFeaturesDisableds"),
    ],
)
def test_refused_settings(plugin: Any, changed: dict[str, Any], reason: str) -> None:
    answer = plugin.CheckConfig(provider_pb2.CheckRequest(news=encode({**SETTINGS, **changed})))

    (found,) = answer.failures
    assert found.property == next(iter(changed))
    assert reason in found.reason
    assert "hidden-password" not in found.reason


def test_settings_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ORGANIZATION_NAME": "LOCAL", "ACCOUNT_NAME": "MILVUS", "PORT": "8480"}.items():
        monkeypatch.setenv(f"SNOWFLAKE_{name}", value)

    connection = config.read(
        {"host": "127.0.0.1", "user": "U", "validateDefaultParameters": "false"}
    ).connection()

    assert {key: connection[key] for key in ("account", "host", "port", "user", "authenticator")} == {
        "account": "LOCAL-MILVUS",
        "host": "127.0.0.1",
        "port": 8480,
        "user": "U",
        "authenticator": "SNOWFLAKE",
    }
    assert connection["validate_default_parameters"] is False


def test_lists_arrive_as_json() -> None:
    settings = config.read({**SETTINGS, "previewFeaturesEnabled": json.dumps(["a", "b"])})

    assert settings.preview_features == {"a", "b"}


def test_nothing_answers(plugin: Any) -> None:
    settings = {**SETTINGS, "host": "127.0.0.1", "port": "1", "protocol": "http", "loginTimeout": "1"}
    plugin.Configure(provider_pb2.ConfigureRequest(args=encode(settings)))

    text = failure(plugin.Delete, provider_pb2.DeleteRequest(urn=urn("AccountRole"), id="R"))

    assert text.startswith("open snowflake connection: ")
    assert "http://127.0.0.1:1" in text
    assert "hidden-password" not in text


def test_started_as_a_program_it_prints_its_port() -> None:
    command = [sys.executable, "-m", "standins.snowflake_plugin", "127.0.0.1:1"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert int(process.stdout.readline()) > 0
        process.terminate()
