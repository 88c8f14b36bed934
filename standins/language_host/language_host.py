"""Language host that runs a Pulumi Python program inside one process.

Pulumi's engine starts `pulumi-language-python`, reads a port from its first output line and calls
`pulumirpc.LanguageRuntime` there. Only the vendor's distribution has the official host; this one is used
where that distribution is out of reach.

Every command starts a host twice, the first time only to ask for versions. So this module answers those calls
without importing Pulumi's SDK, which takes longer than everything else together, and loads the SDK on
another thread meanwhile. It is started by its path, and of this project it imports only `language_program`.

See https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/languages.html
"""

from __future__ import annotations

import importlib.util
import os
import queue
import re
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc

_PARENT_CHECK_SECONDS = 1.0
_MESSAGE_LIMIT = 400 * 1024 * 1024  # bytes; the engine's own limit


class LanguageHost:
    """The calls of the engine that a run, `pulumi about` and `pulumi install` need, over raw messages.

    Calls arrive on server threads; `run` hands the program to the main thread, where libraries that install
    signal handlers expect to be.

    Args:
        engine: address of the engine's log service.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._work: queue.Queue[tuple[Callable[[], bytes], Future[bytes]]] = queue.Queue()

    def handler(self) -> grpc.GenericRpcHandler:
        """The service's methods; all others are answered as not implemented."""
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        return grpc.method_handlers_generic_handler(
            "pulumirpc.LanguageRuntime",
            {
                "Handshake": unary(lambda request, context: b""),
                "Cancel": unary(lambda request, context: b""),
                "GetPluginInfo": unary(self.plugin_info),
                "About": unary(self.about),
                "GetRequiredPackages": unary(lambda request, context: program().required_packages()),
                "GetProgramDependencies": unary(lambda request, context: program().dependencies()),
                "InstallDependencies": stream(self.install_dependencies),
                "Run": unary(self.run),
                "GenerateProgram": unary(self.refuse_code),
            },
        )

    def run_programs(self) -> None:
        """Run the programs that `run` hands over, on this thread and without end."""
        while True:
            task, result = self._work.get()
            try:
                result.set_result(task())
            except Exception as error:  # the caller's thread reports it
                result.set_exception(error)

    def plugin_info(self, request: bytes, context: Any) -> bytes:
        """PluginInfo {version = 1}."""
        return text_field(1, _sdk_version())

    def about(self, request: bytes, context: Any) -> bytes:
        """AboutResponse {executable = 1, version = 2}."""
        return text_field(1, sys.executable) + text_field(2, sys.version.split()[0])

    def install_dependencies(self, request: bytes, context: Any) -> Iterator[bytes]:
        """Stream what `uv sync` prints."""
        return program().install_dependencies(request, context)

    def run(self, request: bytes, context: Any) -> bytes:
        """Run the program on the main thread and wait for its end."""
        result: Future[bytes] = Future()
        self._work.put((lambda: program().run(request, self._engine), result))
        return result.result()

    def refuse_code(self, request: bytes, context: grpc.ServicerContext) -> None:
        """Refuse to generate code for imported resources, and say what is missing."""
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "the resource is in the state, but this stand-in for Pulumi's language host writes no code. Use "
            "`pulumi import --generate-code=false`, or install Pulumi: https://www.pulumi.com/docs/install/",
        )


@cache
def program() -> ModuleType:
    """The module that knows Pulumi's SDK, imported when it is first needed."""
    path = Path(__file__).with_name("language_program.py")
    spec = importlib.util.spec_from_file_location("_pulumi_language_program", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text_field(number: int, text: str) -> bytes:
    """A string field of a protocol buffer message; `number` is below 16."""
    data = text.encode()
    length, size = bytearray(), len(data)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data


def _sdk_version() -> str:
    names = (path.name for path in Path(sysconfig.get_path("purelib")).glob("pulumi-*.dist-info"))
    return next(
        (found[1] for name in names if (found := re.fullmatch(r"pulumi-(.+)\.dist-info", name))), "0.0.0"
    )


def exit_with(parent: int) -> None:
    """End this process soon after the engine has died without saying so."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)


def main() -> None:
    """Serve on a free loopback port and print it, as the engine expects of a plugin."""
    # At its end the engine interrupts its plugins and waits for them. The system's own reaction is immediate;
    # Python's would wait for an import that may be under way.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=exit_with, args=(os.getppid(),), daemon=True).start()
    host = LanguageHost(engine=sys.argv[-1])
    limits = [
        ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
        ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=limits)
    server.add_generic_rpc_handlers([host.handler()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    threading.Thread(target=program, daemon=True).start()
    host.run_programs()


if __name__ == "__main__":
    main()
