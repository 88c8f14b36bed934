"""The part of the language host that needs Pulumi's SDK: running a program and naming its packages.

All functions take and give the bytes of `pulumirpc` messages, see `language_host`.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pulumi.runtime
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, plugin_pb2

_DIST_INFO = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.dist-info")


def required_packages() -> bytes:
    """The resource plugins of all installed packages, as a GetRequiredPackagesResponse."""
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
    ).SerializeToString()


def dependencies() -> bytes:
    """All installed packages, as a GetProgramDependenciesResponse."""
    found = (_DIST_INFO.fullmatch(name) for name in sorted(path.name for path in _site_packages().iterdir()))
    return language_pb2.GetProgramDependenciesResponse(
        dependencies=[
            language_pb2.DependencyInfo(name=each["name"], version=each["version"]) for each in found if each
        ]
    ).SerializeToString()


def install_dependencies(message: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    """Run `uv sync` in the program's folder; its output as InstallDependenciesResponses."""
    folder = language_pb2.InstallDependenciesRequest.FromString(message).info.program_directory
    uv = shutil.which("uv")
    if uv is None or not Path(folder, "uv.lock").exists():
        missing = "uv is not on PATH" if uv is None else f"{folder} has no uv.lock"
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION, f"dependencies come from uv.lock by uv, but {missing}"
        )
    with subprocess.Popen(
        [str(uv), "sync", "--frozen"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as sync:
        assert sync.stdout is not None
        for line in sync.stdout:
            yield language_pb2.InstallDependenciesResponse(stdout=line).SerializeToString()
    if sync.returncode:
        context.abort(grpc.StatusCode.INTERNAL, f"uv sync ended with exit code {sync.returncode}")


def run(message: bytes, engine: str) -> bytes:
    """Run the program of a RunRequest to its end and wait for its resources.

    Args:
        message: the engine's `RunRequest`.
        engine: address of the engine's log service.

    Returns:
        A `RunResponse`; `bail` is set when the error has been shown to the user already.
    """
    request = language_pb2.RunRequest.FromString(message)
    return contextvars.copy_context().run(_run, request, engine).SerializeToString()


def program_traceback(error: BaseException, directory: str) -> str:
    """The traceback of `error`, from the first frame inside the program's `directory` if there is one."""
    where = error.__traceback__
    while where and not _inside(where.tb_frame.f_code.co_filename, directory):
        where = where.tb_next
    return "".join(traceback.format_exception(type(error), error, where or error.__traceback__))


class Engine:
    """The engine's service. The SDK sends about five debug lines for each resource; nobody waits for them."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
        self._sent: list[Any] = []

    def __getattr__(self, method: str) -> Any:
        return getattr(self._stub, method)

    def Log(self, request: Any) -> None:
        """Show a line; an error or a warning has arrived when this returns."""
        if request.severity == engine_pb2.DEBUG:
            self._sent.append(self._stub.Log.future(request))
        else:
            self._stub.Log(request)

    def flush(self) -> None:
        """Wait until the engine has all debug lines."""
        for answer in self._sent:
            answer.exception()


def _run(request: Any, address: str) -> Any:
    engine = Engine(address)
    try:
        return _run_program(request, engine)
    finally:
        engine.flush()


def _run_program(request: Any, engine: Engine) -> Any:
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


def _configure(request: Any, engine: Engine) -> None:
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
    return file.startswith(directory.rstrip("/") + "/") and "site-packages" not in file


def _site_packages() -> Path:
    return Path(sysconfig.get_path("purelib"))
