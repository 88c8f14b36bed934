"""Answers of the client protocol, as the JSON that official drivers read."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from local_account.base.errors import SnowflakeError
from local_account.base.result import Result
from local_account.http.statements import Query
from local_account.identity.session import Session

_IN_PROGRESS = "333334"


def session_info(session: Session) -> dict[str, str | None]:
    """Role, warehouse, database and schema of a session, in the form that a login returns."""
    return {
        "databaseName": session.database or None,
        "schemaName": session.schema or None,
        "warehouseName": session.warehouse or None,
        "roleName": session.role,
    }


def result_data(query: Query, result: Result, shown: list[dict[str, Any]]) -> dict[str, Any]:
    """A result set, and the session's state after the statement.

    Args:
        shown: name and value of each parameter in force.
    """
    session = query.session
    return {
        "parameters": shown,
        "rowtype": [
            {
                "name": column.name,
                "type": column.type,
                "nullable": True,
                "length": 16777216 if column.type == "text" else None,
                "byteLength": 16777216 if column.type == "text" else None,
                "precision": column.precision if column.type == "fixed" else 0,
                "scale": column.scale,
            }
            for column in result.columns
        ],
        "rowset": None if "rowsetBase64" in result.extra else result.rows,
        "total": result.count,
        "returned": result.count,
        "queryId": query.id,
        "sqlState": "00000",
        "statementTypeId": result.statement_type,
        "queryResultFormat": "json",
        "finalDatabaseName": session.database or None,
        "finalSchemaName": session.schema or None,
        "finalWarehouseName": session.warehouse or None,
        "finalRoleName": session.role,
        **result.extra,
    }


def query_state(query: Query) -> dict[str, Any]:
    """Text, start and state of a query: RUNNING, SUCCESS or FAILED_WITH_ERROR."""
    failure = None
    if not query.task.done():
        state = "RUNNING"
    elif query.task.cancelled() or (failure := query.task.exception()):
        state = "FAILED_WITH_ERROR"
    else:
        state = "SUCCESS"
    entry = {
        "id": query.id,
        "status": state,
        "sqlText": query.text,
        "startTime": int(query.started * 1000),
    }
    if isinstance(failure, SnowflakeError):
        entry |= {"errorCode": failure.code, "errorMessage": failure.message}
    return entry


def pending(query: Query) -> web.Response:
    """The answer while a statement still runs; the client asks again at the address in it."""
    url = f"/queries/{query.id}/result"
    data = {"queryId": query.id, "getResultUrl": url, "queryAbortsAfterSecs": 172800, "progressDesc": None}
    return as_json(
        {"success": True, "code": _IN_PROGRESS, "message": "Query execution in progress.", "data": data}
    )


def success(data: Any) -> web.Response:
    """An answer with data."""
    return as_json({"success": True, "code": None, "message": None, "data": data})


def failure(error: SnowflakeError, query_id: str | None = None) -> web.Response:
    """The answer to a refused request or statement; HTTP 200, as drivers expect."""
    data = {"sqlState": error.sqlstate, "queryId": query_id, "errorCode": error.code}
    return as_json({"success": False, "code": error.code, "message": error.message, "data": data})


def as_json(content: Any) -> web.Response:
    """A response with any content."""
    return web.Response(text=json.dumps(content), content_type="application/json")
