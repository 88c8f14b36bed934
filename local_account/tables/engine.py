"""Data SQL: tables and queries, run by fakesnow on DuckDB, which is loaded at the first use.

The privileges are checked in the catalog before a statement runs (see `access`). The engine itself cannot
reach files or the network. Each session has a separate engine connection, so sessions run in parallel.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.parameters import values_in_session
from local_account.identity.session import Session
from local_account.statement.context import Context
from local_account.tables import access, results, rewrite, types
from local_account.tables.access import Plan

if TYPE_CHECKING:
    from local_account.tables.data_session import DataSession
    from local_account.tables.store import DataStore

MAX_SESSIONS = 256
_ROWS_AT_ONCE = 200


class DataEngine:
    """Runs data SQL; databases are DuckDB files in `folder`."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder, self._catalog = folder, catalog
        self._lock = threading.Lock()
        self._store: DataStore | None = None
        self._sessions: OrderedDict[int, DataSession] = OrderedDict()

    def execute(self, context: Context, statement: Statement) -> Result:
        """Run a query or a change of tables.

        Args:
            context: account and session; with `describe_only` the statement is not run.
            statement: one query or change of tables, with the bindings of each `?`.

        Raises:
            SnowflakeError: the statement is not permitted, or the data engine refuses it.
        """
        session = self._session(context.session)
        statement = rewrite.readable(statement)
        with _alone(context.session, session), session.failing():
            self._follow(context.session, session)
            plan = access.plan(context, statement, session.temporary)
            types.require(statement, plan.expression)
            text = rewrite.named_values(plan.expression, statement.text)
            values = [results.bound(binding) for binding in statement.bindings or []]
            with context.cancelled.ending(session.interrupt):
                return self._run(context, session, plan, text, values)

    def transaction(self, context: Context, verb: str) -> Result:
        """BEGIN, COMMIT or ROLLBACK in a session."""
        session = self._session(context.session)
        with _alone(context.session, session):
            if verb == "COMMIT":
                context.changing()
            {"BEGIN": session.begin, "COMMIT": session.commit, "ROLLBACK": session.rollback}[verb]()
        return Result([Column("status")], [["Statement executed successfully."]], statement_type=0x5000)

    def end_transaction(self, context: Context) -> None:
        """Commit the session's open transaction, as definitions of objects do; nothing happens without one.

        Raises:
            SnowflakeError: the transaction's changes are not stored.
        """
        if known := self._known(context.session):
            with _alone(context.session, known):
                known.commit()

    def set_autocommit(self, session: Session, on: bool) -> None:
        """Follow ALTER SESSION SET AUTOCOMMIT; a session that is not open here yet begins with it."""
        if known := self._known(session):
            with _alone(session, known):
                known.set_autocommit(on)

    def drop(self, context: Context, item: Object) -> None:
        """Remove the data of a table or view that was dropped from the catalog."""
        session = self._session(context.session)
        context.changing()
        with session.lock:
            self._present(context, {(item.database, item.schema)})
            session.drop(item.type, item.fqn)

    def drop_temporary(self, context: Context, name: Name) -> bool:
        """Remove a temporary table of this session; False when the session has no such table."""
        session = self._session(context.session)
        with session.lock:
            if name not in session.temporary:
                return False
            context.changing()
            session.drop("TABLE", name)
            session.temporary.discard(name)
        return True

    def rows(self, context: Context, item: Object) -> int | None:
        """Number of rows in a table for SHOW; None before the data engine is loaded."""
        return self._store.rows(item.fqn) if self._store else None

    def forget(self, session: Session) -> None:
        """Close the engine connection of a closed client session."""
        with self._lock:
            known = self._sessions.pop(session.id, None)
        if known:
            known.close()

    def close(self) -> None:
        """Close the databases' files."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()
            if self._store:
                self._store.close()
                self._store = None

    def _known(self, session: Session) -> DataSession | None:
        """The engine connection that a client session has already."""
        with self._lock:
            return self._sessions.get(session.id)

    def _session(self, session: Session) -> DataSession:
        with self._lock:
            if self._store is None:
                # The import alone takes seconds and most of the memory; many accounts never need it.
                from local_account.tables.store import DataStore

                self._store = DataStore(self._folder, self._catalog)
            if session.id not in self._sessions:
                self._sessions[session.id] = self._store.open(session)
                self._close_idle()
            self._sessions.move_to_end(session.id)
            return self._sessions[session.id]

    def _close_idle(self) -> None:
        for identity, session in list(self._sessions.items())[: -MAX_SESSIONS or None]:
            idle = session.idle_seconds(time.monotonic()) > 60 and not session.in_transaction
            if len(self._sessions) > MAX_SESSIONS and idle:
                self._sessions.pop(identity).close()

    def _present(self, context: Context, schemas: set[tuple[str, str]]) -> None:
        assert self._store
        with self._lock:
            self._store.follow_catalog()
            for database, schema in schemas:
                self._store.ensure(database, schema)
            with contextlib.suppress(SnowflakeError):
                # The engine's helper functions are in every database. A missing database does no harm here.
                self._store.ensure(context.session.database, context.session.schema)

    def _follow(self, client: Session, session: DataSession) -> None:
        """Make the session's parameters known to the engine; they are read after a change in the catalog."""
        stamp = (client.parameters, self._catalog.version)
        if session.followed != stamp:
            session.follow(client, values_in_session(self._catalog, client))
            session.followed = stamp

    def _run(
        self, context: Context, session: DataSession, plan: Plan, text: str, values: list[Any]
    ) -> Result:
        self._present(context, plan.schemas)
        session.enter(context.session, self._catalog)
        if context.describe_only:
            return session.describe(plan, text)
        if not plan.is_query:
            context.changing()
        if plan.is_definition:
            return self._define(context, session, plan, text, values)
        if values and all(isinstance(value, list) for value in values):
            return session.run_batch(plan, text, list(zip(*values, strict=True)), _ROWS_AT_ONCE)
        return session.run(plan, text, values)

    def _define(
        self, context: Context, session: DataSession, plan: Plan, text: str, values: list[Any]
    ) -> Result:
        """Run CREATE or ALTER in the engine and record it in the catalog."""
        assert plan.target
        name, expression = plan.target, plan.expression
        # Definitions end an open transaction, as in Snowflake.
        session.commit()
        if expression.key == "create" and plan.item is None and name not in session.temporary:
            session.drop(str(expression.args["kind"]), name)
        elif expression.key == "create" and plan.item and not expression.args.get("replace"):
            return Result([Column("status")], [[f"{name.name} already exists, statement succeeded."]])
        result = session.run(plan, text, values)
        if access.is_temporary(expression):
            session.temporary.add(name)
        elif expression.key == "create":
            self._record(context, plan, str(expression.args["kind"]).upper(), name, text)
        elif name not in session.temporary:
            self._rename(context, plan)
        return result

    def _record(self, context: Context, plan: Plan, kind: str, name: Name, text: str) -> None:
        with context.catalog.transaction():
            context.require_parents(name)
            if plan.item:
                context.catalog.delete(plan.item)
            comment = plan.expression.find(access.exp.SchemaCommentProperty)
            remark = comment.this.name if comment else ""
            properties = {"text": text} if kind == "VIEW" else {}
            item = context.catalog.create(kind, name, context.session.role, properties, remark)
            context.creating(item)

    def _rename(self, context: Context, plan: Plan) -> None:
        renamed = plan.expression.find(access.exp.AlterRename)
        if not renamed or not plan.item:
            return
        name = access.table_name(context, renamed.this)
        if name[:2] != plan.item.fqn[:2]:
            raise errors.unsupported("ALTER TABLE RENAME to another schema")
        with context.catalog.transaction():
            item = context.catalog.by_id(plan.item.id)
            if item is not None:
                item.name = name.name
                context.catalog.save(item)


@contextlib.contextmanager
def _alone(client: Session, session: DataSession) -> Iterator[None]:
    """Run the body as the session's only statement; then tell the client whether a transaction is open."""
    with session.lock:
        try:
            yield
        finally:
            client.in_transaction = session.in_transaction
