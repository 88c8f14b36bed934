"""Language host that runs a Pulumi Python program inside one process.

Pulumi's engine starts `pulumi-language-python`, reads a port from its first output line and calls
`pulumirpc.LanguageRuntime` there. The official host is part of the vendor's distribution only; this one is
used where that distribution cannot be had. It is started by path, imports nothing of this project and leaves
`sys.path` as a program expects it.

See https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/languages.html
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import os
import queue
import re
import runpy
import shutil
import signal
import subprocess
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pulumi.runtime
from pulumi.runtime.proto import (
    LanguageRuntimeServicer,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
)

_DIST_INFO = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.dist-info")
_PARENT_CHECK_SECONDS = 1.0
_STREAM_LIMIT = 400 * 1024 * 1024  # the engine's own limit for one message


class LanguageHost(LanguageRuntimeServicer):
    """The calls of the engine that a run, `pulumi about` and `pulumi install` need.

    Calls arrive on server threads; `Run` hands the program to the main thread, where libraries that install
    signal handlers expect to be.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._work: queue.Queue[tuple[Callable[[], Any], Future[Any]]] = queue.Queue()

    def serve_until_orphaned(self, parent: int) -> None:
        """Run handed-over programs on this thread until the engine, process `parent`, is gone."""
        while os.getppid() == parent:
            with suppress(queue.Empty):
                task, result = self._work.get(timeout=_PARENT_CHECK_SECONDS)
                result.set_result(task())

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        packages = (json.loads(path.read_text()) for path in _site_packages().glob("*/pulumi-plugin.json"))
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(
                    name=package["name"],
                    kind="resource",
                    version=package.get("version", ""),
                    server=package.get("server", ""),
                )
                for package in packages
                if package.get("resource")
            ]
        )

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        found = (
            _DIST_INFO.fullmatch(name) for name in sorted(path.name for path in _site_packages().iterdir())
        )
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=each["name"], version=each["version"])
                for each in found
                if each
            ]
        )

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        uv = shutil.which("uv")
        if uv is None or not Path(request.info.program_directory, "uv.lock").exists():
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                "dependencies are installed with uv from uv.lock, but "
                + ("uv is not on PATH" if uv is None else f"{request.info.program_directory} has no uv.lock"),
            )
        with subprocess.Popen(
            [str(uv), "sync", "--frozen"],
            cwd=request.info.program_directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as sync:
            assert sync.stdout is not None
            for line in sync.stdout:
                yield language_pb2.InstallDependenciesResponse(stdout=line)
        if sync.returncode:
            context.abort(grpc.StatusCode.INTERNAL, f"uv sync ended with exit code {sync.returncode}")

    def Run(self, request: Any, context: Any) -> Any:
        result: Future[Any] = Future()
        self._work.put((lambda: contextvars.copy_context().run(run_program, request, self._engine), result))
        return result.result()


def run_program(request: Any, engine: str) -> Any:
    """Run one program to its end and wait for its resources.

    Args:
        request: the engine's `RunRequest`.
        engine: address of the engine's log service.

    Returns:
        A `RunResponse`; `bail` is set when the error has been shown to the user already.
    """
    _configure(request, engine)
    directory = request.info.program_directory or request.pwd
    program = os.path.normpath(Path(directory, request.info.entry_point or request.program))
    os.chdir(directory)
    sys.argv = [program, *request.args]
    if directory not in sys.path:
        sys.path.insert(0, directory)
    try:
        _run_to_end(lambda: _execute(program), request.parallel)
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return language_pb2.RunResponse(bail=True)
    except SystemExit as stop:
        if stop.code not in (None, 0):
            return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {stop.code}")
    except Exception as error:
        text = program_traceback(error, directory)
        pulumi.log.error(f"Program failed with an unhandled exception:\n{text}")
        return language_pb2.RunResponse(bail=True)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return language_pb2.RunResponse()


def program_traceback(error: BaseException, directory: str) -> str:
    """The traceback of `error`, from the first frame inside the program's `directory` if there is one."""
    where = error.__traceback__
    while where and not _inside(where.tb_frame.f_code.co_filename, directory):
        where = where.tb_next
    return "".join(traceback.format_exception(type(error), error, where or error.__traceback__))


def _configure(request: Any, engine: str) -> None:
    pulumi.runtime.set_all_config(dict(request.config), list(request.configSecretKeys))
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=request.monitor_address,
            engine=engine,
            project=request.project,
            stack=request.stack,
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization,
            root_directory=request.info.root_directory,
        )
    )


def _run_to_end(program: Callable[[], None], parallel: int) -> None:
    # A failing program leaves tasks that nobody awaits; asyncio's complaints would hide the real error.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                loop.run_until_complete(task)
        executor.shutdown(wait=True)
        loop.close()


def _execute(program: str) -> None:
    main = Path(program, "__main__.py") if Path(program).is_dir() else Path(program)
    if not main.is_file():
        raise pulumi.RunError(f"unable to find main python program `{main.name}` in `{main.parent}`")
    runpy.run_path(program, run_name="__main__")


def _inside(file: str, directory: str) -> bool:
    relative = os.path.relpath(file, directory) if Path(file).is_absolute() else file
    return not relative.startswith("..") and "site-packages" not in relative and not file.startswith("<")


def _site_packages() -> Path:
    return Path(sysconfig.get_path("purelib"))


def main() -> None:
    """Serve on a free loopback port and print it, as the engine expects of a plugin."""
    parent = os.getppid()
    # The engine interrupts its plugins when it is done with them.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    host = LanguageHost(engine=sys.argv[-1])
    server = grpc.server(
        ThreadPoolExecutor(max_workers=4),
        options=[
            ("grpc.max_receive_message_length", _STREAM_LIMIT),
            ("grpc.max_send_message_length", _STREAM_LIMIT),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    host.serve_until_orphaned(parent)


if __name__ == "__main__":
    main()
