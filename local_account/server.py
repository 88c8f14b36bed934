"""The local account's server process: SQL API, sign-in, ingress and the reconcilers behind them.

Run it as `python -m local_account.server`. It listens on loopback and on its container networks.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from functools import partial

from aiohttp import web

from local_account.base import settings as local_settings
from local_account.base.settings import LocalSettings, admin_credentials
from local_account.base.sql import Name
from local_account.http.protocol import Protocol
from local_account.http.wire import MAX_BODY, errors_as_json
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.credentials import hash_password
from local_account.ingress.app import ingress_runner
from local_account.ingress.sign_in import SignIn
from local_account.loading import outside
from local_account.modules import MODULES
from local_account.objects import provided, warehouse
from local_account.registry.container import RegistryReconciler
from local_account.registry.front import TokenFront
from local_account.registry.registry import Registry
from local_account.spcs.docker.reconciler import Reconciler
from local_account.spcs.service_functions.caller import ServiceFunctions
from local_account.spcs.state.events import Events
from local_account.spcs.state.measures import Measures
from local_account.spcs.state.observed import Observed
from local_account.spcs.state.sign_in import pool_at
from local_account.spcs.state.uses import Uses
from local_account.stages.store import StageStore
from local_account.stages.transfer import StageTransfer
from local_account.statement.dispatch import Dispatch
from local_account.statement.temporary import SessionObjects
from local_account.tables.engine.data_engine import DataEngine
from local_account.users import security_integration


def open_account(settings: LocalSettings) -> Account:
    """Open an account, with all of its parts, from its state folder. The caller must `close` it."""
    account = Account(settings)
    account.add(Dispatch(MODULES))
    account.add(warehouse.Load())
    temporary = account.add(SessionObjects())
    account.authenticator.on_close.append(temporary.forget)
    account.add(StageStore(settings.state / "stages", account.catalog, temporary.ids))
    account.add(Registry(settings, account.catalog))
    account.add(Observed(Events(settings.state / "events")))
    account.add(Uses())
    account.add(ServiceFunctions(account))
    account.add(Measures())
    account.network.pool_at = partial(pool_at, account)
    data = account.add(DataEngine(settings.state / "data", account.catalog))
    data.outside = outside.staged
    account.authenticator.on_close.append(data.forget)
    access.seed(account.catalog)
    security_integration.seed(account.catalog)
    provided.seed(account.catalog)
    _seed_admin(account)
    return account


def _seed_admin(account: Account) -> None:
    credentials = admin_credentials(account.settings)
    name = Name("", "", credentials["user"])
    if account.catalog.find("USER", name):
        return
    properties = {
        "LOGIN_NAME": credentials["user"],
        "DISPLAY_NAME": credentials["user"],
        "PASSWORD": hash_password(credentials["password"]),
        "DEFAULT_ROLE": "ACCOUNTADMIN",
    }
    with account.catalog.transaction():
        account.catalog.create("USER", name, owner="ACCOUNTADMIN", properties=properties)
        account.catalog.grant_role("ACCOUNTADMIN", "USER", name.name, granted_by="")


def account_app(account: Account) -> web.Application:
    """The web application on the account's port."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[errors_as_json])
    protocol = Protocol(account)
    protocol.add_routes(app)
    TokenFront(account).add_routes(app)
    StageTransfer(account).add_routes(app)
    SignIn(account).add_routes(app)
    identity = {"account": account.settings.account_id, "code": local_settings.code_version()}

    async def health(request: web.Request) -> web.Response:
        return web.json_response({**identity, "statements": protocol.statement_count})

    app.router.add_get("/healthz", health)
    return app


def _listen_for_services(account: Account, runner: web.AppRunner) -> None:
    """Listen on the container network too, once it exists, so that services can use the account."""
    loop = asyncio.get_running_loop()
    known: set[str] = set()

    async def listen(address: str) -> None:
        try:
            await web.TCPSite(runner, address, account.settings.port).start()
        except OSError as error:
            known.discard(address)
            logging.error("services cannot reach the account: cannot listen on %s: %s", address, error)

    def on_gateway(address: str) -> None:
        if address and address not in known:
            known.add(address)
            asyncio.run_coroutine_threadsafe(listen(address), loop)

    account.part(Observed).on_gateway.append(on_gateway)


async def serve(account: Account) -> None:
    """Run the account until SIGTERM or SIGINT."""
    services = account.add(Reconciler(account))
    # No automatic unpacking: uploaded files are stored unchanged, and the SQL API unpacks bodies itself.
    runner = web.AppRunner(account_app(account), access_log=None, shutdown_timeout=2.0, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", account.settings.port).start()
    ingress = ingress_runner(account)
    await ingress.setup()
    await web.TCPSite(ingress, "127.0.0.1", account.settings.ingress_port).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    registry = RegistryReconciler(account)
    registry.start()
    _listen_for_services(account, runner)
    services.start()
    logging.info("account ready on port %d", account.settings.port)
    await stop.wait()
    await asyncio.to_thread(services.stop)
    await asyncio.to_thread(registry.stop)
    await ingress.cleanup()
    await runner.cleanup()


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        account = open_account(local_settings.load())
    except local_settings.SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(account))
    except OSError as error:
        print(
            f"The local account cannot listen: {error}. Free the port, or choose another with "
            f"{local_settings.PORT_VARIABLE}.",
            file=sys.stderr,
        )
        return 3
    finally:
        account.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
