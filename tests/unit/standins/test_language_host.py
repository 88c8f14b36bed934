"""The language host, asked over gRPC as the engine asks it, and its messages about failing programs."""

from __future__ import annotations

import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
)

from standins.language_host import language_host, language_program


@pytest.fixture(scope="module")
def host() -> Iterator[language_pb2_grpc.LanguageRuntimeStub]:
    command = [sys.executable, "-P", str(Path(language_host.__file__)), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield language_pb2_grpc.LanguageRuntimeStub(channel)
        process.kill()


@pytest.mark.parametrize("text", ["", "short", "x" * 127, "x" * 128, "ä" * 20000])
def test_text_field_is_protocol_buffer_encoding(text: str) -> None:
    message = plugin_pb2.PluginInfo.FromString(language_host.text_field(1, text))
    assert message.version == text


def test_versions(host: language_pb2_grpc.LanguageRuntimeStub) -> None:
    assert host.Handshake(language_pb2.LanguageHandshakeRequest()) == language_pb2.LanguageHandshakeResponse()
    about = host.About(language_pb2.AboutRequest())
    assert about.executable == sys.executable
    assert sys.version.startswith(about.version)


def test_required_plugins_carry_their_versions(host: language_pb2_grpc.LanguageRuntimeStub) -> None:
    found = host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages
    assert {"snowflake", "docker-build"} <= {package.name for package in found if package.version}


def test_dependencies_are_named(host: language_pb2_grpc.LanguageRuntimeStub) -> None:
    found = host.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest()).dependencies
    assert any(each.name == "pulumi" and each.version for each in found)


def test_unknown_calls_are_refused(host: language_pb2_grpc.LanguageRuntimeStub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        host.Pack(language_pb2.PackRequest())
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_code_for_an_import_is_refused_with_the_way_out(
    host: language_pb2_grpc.LanguageRuntimeStub,
) -> None:
    with pytest.raises(grpc.RpcError, match="--generate-code=false"):
        host.GenerateProgram(language_pb2.GenerateProgramRequest())


def test_install_without_lock_file_says_so(
    host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path
) -> None:
    info = language_pb2.ProgramInfo(program_directory=str(tmp_path))
    with pytest.raises(grpc.RpcError, match=r"no uv.lock|uv is not on PATH"):
        list(host.InstallDependencies(language_pb2.InstallDependenciesRequest(info=info)))


def test_traceback_starts_in_the_program(tmp_path: Path) -> None:
    program = tmp_path / "__main__.py"
    program.write_text("def fail():\n    raise ValueError('boom')\n\n\nfail()\n")
    with pytest.raises(ValueError, match="boom") as failure:
        runpy.run_path(str(tmp_path), run_name="__main__")
    text = language_program.program_traceback(failure.value, str(tmp_path))
    assert text.startswith(f'Traceback (most recent call last):\n  File "{program}", line 5, in <module>')
    assert "runpy" not in text
    assert text.endswith("ValueError: boom\n")


class _SlowEngine(engine_pb2_grpc.EngineServicer):
    """Takes debug lines only once it is told to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.takes_debug = threading.Event()

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        if request.severity == engine_pb2.DEBUG:
            self.takes_debug.wait(10)
        self.lines.append(request.message)
        return empty_pb2.Empty()


def test_program_does_not_wait_for_debug_lines_but_none_is_lost() -> None:
    service, server = _SlowEngine(), grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        engine = language_program.Engine(f"127.0.0.1:{port}")
        engine.Log(engine_pb2.LogRequest(severity=engine_pb2.DEBUG, message="detail"))
        engine.Log(engine_pb2.LogRequest(severity=engine_pb2.ERROR, message="refused"))
        assert service.lines == ["refused"]
        service.takes_debug.set()
        engine.flush()
        assert service.lines == ["refused", "detail"]
    finally:
        server.stop(None)
