"""Data SQL: tables and queries, run by fakesnow on DuckDB, which is loaded at the first use.

The privileges are checked in the catalog before a statement runs (see `access`). The engine itself cannot
reach files or the network. Each session has a separate engine connection, so sessions run in parallel.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_account.base import errors
from local_account.base.result import Column, Result, status
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.parameters import values_in_session
from local_account.identity.session import Session
from local_account.metadata import definition
from local_account.objects.warehouse import Load
from local_account.statement.context import Context
from local_account.tables.engine import definitions
from local_account.tables.engine.calls import ANSWER, Answers, Calls, note_calls
from local_account.tables.engine.engine_statement import EngineStatement, Places, prepared
from local_account.tables.plan import access, options, scans
from local_account.tables.plan.access import Plan
from local_account.tables.translation import constructs, results, rewrite, types

if TYPE_CHECKING:
    from local_account.metadata.definition import Definition
    from local_account.tables.engine.data_session import DataSession
    from local_account.tables.engine.store import DataStore

Outside = Callable[
    ["Context", "DataSession", Statement], AbstractContextManager[tuple[Statement, frozenset[Name]]]
]
MAX_SESSIONS = 256
_ROWS_AT_ONCE = 200


class DataEngine(definition.Learner):
    """Runs data SQL; databases are DuckDB files in `folder`.

    Attributes:
        outside: makes what a statement reads from outside of tables, for example from stages, into views of
            the session's connection. It gives the statement with these views, and their names.
    """

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder, self._catalog = folder, catalog
        self._lock = threading.Lock()
        self._store: DataStore | None = None
        self._answers: Answers | None = None
        self._sessions: OrderedDict[int, DataSession] = OrderedDict()
        self.outside: Outside = _nothing_outside

    def execute(self, context: Context, statement: Statement, written: str) -> Result:
        """Run a query or a change of tables.

        Args:
            context: account and session; with `describe_only` the statement is not run.
            statement: one query or change of tables, with the bindings of each `?`.
            written: the statement as the user wrote it, which a view keeps.

        Raises:
            SnowflakeError: the statement is not permitted, or the data engine refuses it.
        """
        session = self._session(context.session)
        statement, scanned = scans.replaced(context, rewrite.unmarked(rewrite.readable(statement)))
        with (
            _alone(context.session, session),
            session.failing(),
            self.outside(context, session, statement) as (statement, views),
        ):
            session.follow_catalog(self._catalog)
            self._follow(context.session, session)
            plan = access.plan(context, statement, session.temporary, scanned, views)
            types.require(statement, plan.expression)
            note_calls(context, plan, statement.text)
            rewrite.paths_as_text(plan.expression, statement.text)
            constructs.mend(plan.expression)
            values = [results.bound(binding) for binding in statement.bindings or []]
            load = context.account.part(Load)
            with load.one_more(plan.warehouse), context.cancelled.ending(session.interrupt):
                return self._run(context, session, plan, written, values)

    @property
    def folder(self) -> Path:
        """The only folder whose files the engine can read and write."""
        return self._folder

    @contextlib.contextmanager
    def alone(self, context: Context) -> Iterator[DataSession]:
        """The session's connection, on which the body is the only statement."""
        session = self._session(context.session)
        with (
            _alone(context.session, session),
            session.failing(),
            context.cancelled.ending(session.interrupt),
        ):
            session.follow_catalog(self._catalog)
            self._follow(context.session, session)
            yield session

    @contextlib.contextmanager
    def aside(self, context: Context) -> Iterator[DataSession]:
        """A connection of its own, on which an error does not touch the session's transaction."""
        session = self._loaded().open(context.session)
        self._follow(context.session, session)
        try:
            with context.cancelled.ending(session.interrupt):
                yield session
        finally:
            session.close()

    def prepared(self, session: DataSession, plan: Plan, text: str) -> EngineStatement:
        """A plan's statement in the engine's names, whose schemas are made if necessary."""
        return prepared(plan, text, self._places(session, plan.schemas))

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
            place = self._places(session, {item.fqn[:2]}).table(item.fqn, permanent=True)
            session.drop(item.type, place)

    def drop_temporary(self, context: Context, kind: str, name: Name) -> bool:
        """Remove a temporary table or view of this session; False when the session has no such one."""
        session = self._session(context.session)
        with session.lock:
            session.follow_catalog(self._catalog)
            if name not in session.temporary or session.temporary[name].kind != kind:
                return False
            context.changing()
            session.drop(kind, self._places(session, set()).table(name))
            del session.temporary[name]
        return True

    def rows(self, context: Context, item: Object) -> int | None:
        """Number of rows in a table, without those of open transactions; None if the engine has none."""
        session = self._session(context.session)
        return self._loaded().rows(self._places(session, {item.fqn[:2]}).table(item.fqn, permanent=True))

    def learn(self, context: Context, items: Iterable[Object]) -> None:
        """Keep the columns of tables and views that an older version made, which did not keep them."""
        unknown = [item for item in items if definition.of(item) is None]
        if not unknown:
            return
        session = self._session(context.session)
        with session.lock:
            places = self._places(session, {item.fqn[:2] for item in unknown})
            for item in unknown:
                found = session.columns(places.table(item.fqn, permanent=True))
                context.catalog.set_properties(item.id, found.properties())
                item.properties |= found.properties()

    def is_temporary(self, context: Context, name: Name) -> bool:
        """Whether the session has a temporary table or view of that name."""
        known = self._known(context.session)
        if known is None:
            return False
        with known.lock:
            known.follow_catalog(self._catalog)
            return name in known.temporary

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
            if session.id not in self._sessions:
                self._sessions[session.id] = self._loaded().open(session)
                self._close_idle()
            self._sessions.move_to_end(session.id)
            return self._sessions[session.id]

    def _loaded(self) -> DataStore:
        if self._store is None:
            # The import alone takes seconds and most of the memory; many accounts never need it.
            from local_account.tables.engine.store import DataStore

            self._store = DataStore(self._folder, self._catalog)
        return self._store

    def _close_idle(self) -> None:
        for identity, session in list(self._sessions.items())[: -MAX_SESSIONS or None]:
            idle = session.idle_seconds(time.monotonic()) > 60 and not session.in_transaction
            if len(self._sessions) > MAX_SESSIONS and idle:
                self._sessions.pop(identity).close()

    def _places(self, session: DataSession, schemas: set[tuple[str, str]]) -> Places:
        """Where the engine has schemas, which are made there if necessary, and the session's own tables."""
        with self._lock:
            store = self._loaded()
            store.follow_catalog()
            found = {place: store.place(*place) for place in schemas}
        return Places(found, session.temporary)

    def _follow(self, client: Session, session: DataSession) -> None:
        """Make the session's parameters known to the engine; they are read after a change in the catalog."""
        stamp = (client.parameters, self._catalog.version)
        if session.followed != stamp:
            session.follow(client, values_in_session(self._catalog, client))
            session.followed = stamp

    def _run(
        self, context: Context, session: DataSession, plan: Plan, text: str, values: list[Any]
    ) -> Result:
        if plan.is_done:
            return status("Statement executed successfully.")
        places = self._places(session, plan.schemas)
        if not plan.functions:
            return self._run_plan(context, session, plan, text, values, places)
        calls = Calls(context, plan)
        answers = self._answering()
        plan = replace(plan, expression=calls.written(session, places, values))
        with answers.given(calls):
            return self._run_plan(context, session, plan, text, values, places)

    def _answering(self) -> Answers:
        with self._lock:
            assert self._store
            if self._answers is None:
                answers = Answers()
                self._store.answer(ANSWER, answers.answer)
                self._answers = answers
            return self._answers

    def _run_plan(
        self,
        context: Context,
        session: DataSession,
        plan: Plan,
        text: str,
        values: list[Any],
        places: Places,
    ) -> Result:
        if plan.is_definition and not context.describe_only:
            context.changing()
            return self._define(context, session, plan, text, values, places)
        statement = prepared(plan, text, places)
        if context.describe_only:
            return session.describe(statement)
        if not plan.is_query:
            context.changing()
        if values and all(isinstance(value, list) for value in values):
            return session.run_batch(statement, list(zip(*values, strict=True)), _ROWS_AT_ONCE)
        return session.run(statement, values)

    def _define(
        self,
        context: Context,
        session: DataSession,
        plan: Plan,
        text: str,
        values: list[Any],
        places: Places,
    ) -> Result:
        """Run CREATE or ALTER in the engine and record it in the catalog."""
        assert plan.target
        name = plan.target
        # Definitions end an open transaction, as in Snowflake.
        session.commit()
        if plan.expression.key == "alter":
            if name in session.temporary:
                return self._alter_temporary(context, session, plan, text, places)
            new_name = self._new_name(context, plan)
            definitions.check_alter(context, plan)
            session.run(self._definition(context, session, plan, text, places), values)
            definitions.record_alter(context, plan, new_name)
            return status("Statement executed successfully.")
        kind = str(plan.expression.args["kind"]).upper()
        temporary = access.is_temporary(plan.expression)
        exists = name in session.temporary if temporary else plan.item is not None
        if exists and not plan.expression.args.get("replace"):
            return status(f"{name.name} already exists, statement succeeded.")
        declared = None if temporary else definitions.declared(context, plan, session.temporary)
        if not exists and temporary:
            schema = context.catalog.find("SCHEMA", Name(name.database, "", name.schema))
            assert schema
            session.new_temporary(kind, name, schema)
        elif not exists:
            session.drop(kind, places.table(name, permanent=True))
        try:
            session.run(self._definition(context, session, plan, text, places), values)
        except BaseException:
            if temporary and not exists:
                del session.temporary[name]
            raise
        if not temporary:
            present = session.columns(places.table(name, permanent=True))
            made = declared or definitions.of_query(context, plan, present)
            self._record(context, plan, kind, name, text, made)
        return status(f"{kind.capitalize()} {name.name} successfully created.")

    def _definition(
        self, context: Context, session: DataSession, plan: Plan, text: str, places: Places
    ) -> EngineStatement:
        """A CREATE or ALTER as the engine gets it, without what stands in the catalog alone."""
        return prepared(definitions.engine_plan(context, plan, session.temporary), text, places)

    def _alter_temporary(
        self, context: Context, session: DataSession, plan: Plan, text: str, places: Places
    ) -> Result:
        assert plan.target
        if new_name := self._new_name(context, plan):
            session.temporary[new_name] = session.temporary.pop(plan.target)
        else:
            session.run(self._definition(context, session, plan, text, places))
        return status("Statement executed successfully.")

    def _record(
        self, context: Context, plan: Plan, kind: str, name: Name, text: str, made: Definition
    ) -> None:
        with context.catalog.transaction():
            context.require_parents(name)
            grants = context.catalog.grants_on(plan.item.id) if plan.item else []
            if plan.item:
                context.catalog.delete(plan.item)
            comment = plan.expression.find(access.exp.SchemaCommentProperty)
            remark = comment.this.name if comment else ""
            properties = made.properties() | ({"text": text} if kind == "VIEW" else {})
            if plan.expression.find(access.exp.TransientProperty):
                properties["TRANSIENT"] = True
            properties |= options.read(plan.expression)
            item = context.catalog.create(kind, name, context.session.role, properties, remark)
            context.creating(item)
            for grant in grants if options.copies_grants(plan.expression) else ():
                context.catalog.grant(
                    grant.privilege, item.id, grant.role, grant.with_option, grant.granted_by
                )

    def _new_name(self, context: Context, plan: Plan) -> Name | None:
        """The new name in ALTER … RENAME TO; None for other definitions."""
        renamed = plan.expression.find(access.exp.AlterRename)
        name = access.table_name(context, renamed.this) if renamed and plan.target else None
        if name and plan.target and name[:2] != plan.target[:2]:
            raise errors.unsupported("ALTER TABLE RENAME to another schema")
        return name


@contextlib.contextmanager
def _nothing_outside(
    context: Context, session: DataSession, statement: Statement
) -> Iterator[tuple[Statement, frozenset[Name]]]:
    del context, session
    yield statement, frozenset()


@contextlib.contextmanager
def _alone(client: Session, session: DataSession) -> Iterator[None]:
    """Run the body as the session's only statement; then tell the client whether a transaction is open."""
    with session.lock:
        try:
            yield
        finally:
            client.in_transaction = session.in_transaction
