"""Data SQL: tables and queries, run by fakesnow on DuckDB, which is loaded at the first use.

The privileges are checked in the catalog before a statement runs (see `access`). The engine itself cannot
reach files or the network. Each session has a separate engine connection, so sessions run in parallel.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.session import Session
from local_account.metadata import definition
from local_account.statement.context import Context
from local_account.tables import access, definitions, results, rewrite
from local_account.tables.access import Plan

if TYPE_CHECKING:
    from local_account.metadata.definition import Definition
    from local_account.tables.data_session import DataSession
    from local_account.tables.store import DataStore

MAX_SESSIONS = 256
_ROWS_AT_ONCE = 200


class DataEngine(definition.Learner):
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
        statement = rewrite.divided_casts(statement)
        with _alone(context.session, session):
            plan = access.plan(context, statement, session.temporary)
            text = plan.expression.sql(dialect="snowflake") if plan.relations else statement.text
            text = rewrite.named_values(plan.expression, text)
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

    def learn(self, context: Context, items: Iterable[Object]) -> None:
        """Keep the columns of tables and views that an older version made, which did not keep them."""
        unknown = [item for item in items if definition.of(item) is None]
        if not unknown:
            return
        session = self._session(context.session)
        with session.lock:
            self._present(context, {(item.database, item.schema) for item in unknown})
            for item in unknown:
                found = session.columns(item.fqn)
                context.catalog.set_properties(item.id, found.properties())
                item.properties |= found.properties()

    def is_temporary(self, context: Context, name: Name) -> bool:
        """Whether the session has a temporary table of that name."""
        known = self._known(context.session)
        return known is not None and name in known.temporary

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

    def _run(
        self, context: Context, session: DataSession, plan: Plan, text: str, values: list[Any]
    ) -> Result:
        self._present(context, plan.schemas)
        session.enter(context.session, self._catalog)
        if plan.relations:
            self._fill(context, plan)
        if context.describe_only:
            return session.describe(plan, text)
        if not plan.is_query:
            context.changing()
        if plan.is_definition:
            return self._define(context, session, plan, text, values)
        if values and all(isinstance(value, list) for value in values):
            return session.run_batch(plan, text, list(zip(*values, strict=True)), _ROWS_AT_ONCE)
        return session.run(plan, text, values)

    def _fill(self, context: Context, plan: Plan) -> None:
        """Make the rows of the relations in a statement, for this session's roles."""
        from local_account.tables import relations

        for name, make in plan.relations.items():
            plan.contents[name] = relations.table(*make())

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
        declared = definitions.declared(context, plan) if expression.key == "create" else None
        if expression.key == "alter":
            definitions.check_alter(context, plan)
        result = session.run(plan, definitions.engine_text(context, plan, text), values)
        if access.is_temporary(expression):
            session.temporary.add(name)
        elif expression.key == "create":
            made = declared or definitions.of_query(context, plan, session.columns(name))
            self._record(context, plan, str(expression.args["kind"]).upper(), name, text, made)
        elif plan.item and name not in session.temporary:
            definitions.record_alter(context, plan)
        return result

    def _record(
        self, context: Context, plan: Plan, kind: str, name: Name, text: str, made: Definition
    ) -> None:
        with context.catalog.transaction():
            context.require_parents(name)
            if plan.item:
                context.catalog.delete(plan.item)
            comment = plan.expression.find(access.exp.SchemaCommentProperty)
            remark = comment.this.name if comment else ""
            properties = made.properties() | ({"text": text} if kind == "VIEW" else {})
            if plan.expression.find(access.exp.TransientProperty):
                properties["TRANSIENT"] = True
            item = context.catalog.create(kind, name, context.session.role, properties, remark)
            context.creating(item)


@contextlib.contextmanager
def _alone(client: Session, session: DataSession) -> Iterator[None]:
    """Run the body as the session's only statement; then tell the client whether a transaction is open."""
    with session.lock:
        try:
            yield
        finally:
            client.in_transaction = session.in_transaction
