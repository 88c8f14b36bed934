"""Programmatic access tokens of users. Only a digest of each token is kept.

See https://docs.snowflake.com/en/user-guide/programmatic-access-tokens. This account has no authentication
policies, so the defaults for network policies apply: programs need one to get a token, people to use it.
"""

from __future__ import annotations

import math
import secrets
from typing import Any

from local_account.base import errors
from local_account.base.result import Result, columns, now, status, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Catalog, Object
from local_account.identity import access
from local_account.identity.credentials import digest, is_person
from local_account.identity.session import ACCESS_TOKEN
from local_account.statement.context import Context
from local_account.statement.object_type import Reader, integer, read_options, text

TOKEN_KIND = "pat"  # noqa: S105 a kind of token, not one
MAX_TOKENS = 15
MAX_DAYS = 365
_DAY, _HOUR, _MINUTE = 86400.0, 3600.0, 60.0
_DEFAULT_DAYS = 15
_ROTATED_HOURS = 24
MAX_BYPASS_MINUTES = 1440
_BYPASS = "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT"
_WORDS = (("PROGRAMMATIC", "ACCESS", "TOKEN"), ("PAT",))
_SHOW = columns(
    "name user_name role_restriction expires_at:timestamp_ltz status comment created_on:timestamp_ltz "
    "created_by mins_to_bypass_network_policy_requirement:fixed rotated_to"
)
_ADD_OPTIONS: dict[str, Reader] = {
    "ROLE_RESTRICTION": lambda statement: ".".join(statement.parts_or_text()),
    "DAYS_TO_EXPIRY": integer,
    _BYPASS: integer,
    "COMMENT": text,
}
_SET_OPTIONS: dict[str, Reader] = {
    "DISABLED": Statement.boolean,
    _BYPASS: integer,
    "COMMENT": text,
}
_UNSET: dict[str, Any] = {"DISABLED": False, _BYPASS: None, "COMMENT": ""}
_KEPT_AS = {
    "DISABLED": "disabled",
    _BYPASS: "bypass_until",
    "COMMENT": "comment",
}


def starts_here(statement: Statement) -> bool:
    """Whether ALTER USER continues with a token verb and no user name, which means the session's user."""
    return any(statement.words(1 + len(words)) == (verb, *words) for verb in _VERBS for words in _WORDS)


def alter_user(context: Context, user: Object, statement: Statement) -> Result | None:
    """ALTER USER … {ADD | MODIFY | ROTATE | REMOVE} PROGRAMMATIC ACCESS TOKEN …; None for other verbs."""
    for verb, run in _VERBS.items():
        for words in _WORDS:
            if statement.accept(verb, *words):
                _require(context, user, verb)
                with context.catalog.transaction():
                    return run(context, user, statement)
    return None


def show_tokens(context: Context, statement: Statement) -> Result:
    """SHOW USER {PROGRAMMATIC ACCESS TOKENS | PATS} [FOR USER <name>]"""
    name = context.session.account_user
    if statement.accept("FOR", "USER"):
        name = statement.identifier()
    statement.end()
    user = context.get("USER", Name("", "", name))
    if user.name != context.session.account_user and not context.access.has("MONITOR", user):
        _require(context, user)
    rows = [_row(token, expires, content) for token, expires, content in _tokens(context.catalog, user.name)]
    return table(_SHOW, sorted(rows, key=lambda row: row["name"]))


def forget_user(catalog: Catalog, name: str) -> None:
    """Remove all tokens of a dropped user."""
    for token, _, _ in _tokens(catalog, name):
        catalog.delete_token(token)


def rename_user(catalog: Catalog, old: str, new: str) -> None:
    for token, expires, content in _tokens(catalog, old):
        catalog.put_token(token, TOKEN_KIND, expires, {**content, "user": new})


def rename_role(catalog: Catalog, old: str, new: str) -> None:
    """Write a role's new name into the role restrictions of tokens."""
    for token, expires, content in catalog.tokens(TOKEN_KIND):
        if content.get("role") == old:
            catalog.put_token(token, TOKEN_KIND, expires, {**content, "role": new})


def _require(context: Context, user: Object, verb: str = "") -> None:
    own = context.session.account_user == user.name
    if verb in ("MODIFY", "ROTATE") and own and context.session.method == ACCESS_TOKEN:
        raise errors.SnowflakeError(
            "394408",
            "42501",
            f"Cannot {verb.lower()} a programmatic access token in a session that was opened with one.",
        )
    privilege = "MODIFY PROGRAMMATIC AUTHENTICATION METHODS"
    if user.name != context.session.account_user and not context.access.has(privilege, user):
        raise context.refused(privilege, user)


def _tokens(catalog: Catalog, user: str) -> list[tuple[str, float, dict[str, Any]]]:
    return [entry for entry in catalog.tokens(TOKEN_KIND) if entry[2]["user"] == user]


def _find(context: Context, user: Object, name: str) -> tuple[str, float, dict[str, Any]]:
    for entry in _tokens(context.catalog, user.name):
        if entry[2]["name"] == name:
            return entry
    raise errors.compilation_error(
        "002003", "02000", f"Programmatic access token '{name}' not found for user '{user.name}'."
    )


def _find_optional(
    context: Context, user: Object, statement: Statement
) -> tuple[str, float, dict[str, Any]] | None:
    """Read `[IF EXISTS] <name>`; digest, expiry and content of the token, or None if it does not exist."""
    if_exists = statement.accept("IF", "EXISTS")
    name = statement.identifier()
    if if_exists and not any(
        content["name"] == name for _, _, content in _tokens(context.catalog, user.name)
    ):
        return None
    return _find(context, user, name)


def _add(context: Context, user: Object, statement: Statement) -> Result:
    if_not_exists = statement.accept("IF", "NOT", "EXISTS")
    name = statement.identifier()
    options = read_options(statement, _ADD_OPTIONS)
    known = _tokens(context.catalog, user.name)
    if any(content["name"] == name for _, _, content in known):
        if if_not_exists:
            return status(f"{name} already exists, statement succeeded.")
        raise errors.already_exists(name)
    if not is_person(user) and context.account.network.policy_of(user.name) is None:
        raise errors.SnowflakeError("390432", "22023", "Fail : Network policy is required.")
    if len(known) >= MAX_TOKENS:
        raise errors.SnowflakeError(
            "394402", "22023", f"User '{user.name}' has {MAX_TOKENS} tokens already; remove one first."
        )
    days = options.get("DAYS_TO_EXPIRY", _DEFAULT_DAYS)
    if not 1 <= days <= MAX_DAYS:
        raise errors.invalid_value(days, "DAYS_TO_EXPIRY", f"1 to {MAX_DAYS}")
    content = {
        "user": user.name,
        "role": _restriction(context, user, options.get("ROLE_RESTRICTION")),
        "disabled": False,
        "name": name,
        "comment": options.get("COMMENT", ""),
        "bypass_until": _bypass_until(options.get(_BYPASS)),
        "created": now(),
        "created_by": context.session.user,
        "days": days,
    }
    secret = _put(context.catalog, content)
    return table(columns("token_name token_secret"), [{"token_name": name, "token_secret": secret}])


def _bypass_until(minutes: int | None) -> float | None:
    if minutes is None:
        return None
    if not 0 <= minutes <= MAX_BYPASS_MINUTES:
        raise errors.invalid_value(minutes, _BYPASS, f"0 to {MAX_BYPASS_MINUTES}")
    return now() + minutes * _MINUTE if minutes else None


def _restriction(context: Context, user: Object, role: str | None) -> str | None:
    if role is None:
        if not is_person(user):
            raise errors.missing_option("ROLE_RESTRICTION")
        return None
    name = role if context.catalog.find("ROLE", Name("", "", role)) else role.upper()
    if name not in access.roles_of_user(context.catalog, user.name):
        raise errors.invalid_value(role, "ROLE_RESTRICTION", f"roles granted to user {user.name}")
    return name


def _put(catalog: Catalog, content: dict[str, Any]) -> str:
    secret = secrets.token_urlsafe(64)
    catalog.put_token(digest(secret), TOKEN_KIND, now() + content["days"] * _DAY, content)
    return secret


def _modify(context: Context, user: Object, statement: Statement) -> Result:
    entry = _find_optional(context, user, statement)
    if statement.accept("RENAME", "TO"):
        new = statement.identifier()
        if any(other["name"] == new for _, _, other in _tokens(context.catalog, user.name)):
            raise errors.already_exists(new)
        changed: dict[str, Any] = {"name": new}
    elif statement.accept("UNSET"):
        names = [statement.word()]
        while statement.accept(","):
            names.append(statement.word())
        if not set(names) <= set(_UNSET):
            raise statement.unexpected(back=1)
        changed = {_KEPT_AS[name]: _UNSET[name] for name in names}
    else:
        statement.expect("SET")
        options = read_options(statement, _SET_OPTIONS)
        if _BYPASS in options:
            options[_BYPASS] = _bypass_until(options[_BYPASS])
        changed = {_KEPT_AS[key]: value for key, value in options.items()}
    statement.end()
    if entry:
        token, expires, content = entry
        context.catalog.put_token(token, TOKEN_KIND, expires, {**content, **changed})
    return status("Statement executed successfully.")


def _rotate(context: Context, user: Object, statement: Statement) -> Result:
    """ROTATE: make a new secret with the same name; the old one gets another name and soon expires."""
    entry = _find_optional(context, user, statement)
    options = read_options(statement, {"EXPIRE_ROTATED_TOKEN_AFTER_HOURS": integer})
    hours = options.get("EXPIRE_ROTATED_TOKEN_AFTER_HOURS", _ROTATED_HOURS)
    if hours < 0:
        raise errors.invalid_value(hours, "EXPIRE_ROTATED_TOKEN_AFTER_HOURS", "0 or more")
    if entry is None:
        return status("Statement executed successfully.")
    token, expires, content = entry
    name = content["name"]
    old = f"{name}_ROTATED_{int(now() * 1000)}"
    retired = {**content, "name": old, "rotated_to": name}
    context.catalog.put_token(token, TOKEN_KIND, min(expires, now() + hours * _HOUR), retired)
    fresh = {**content, "created": now(), "created_by": context.session.user}
    row = {"token_name": name, "token_secret": _put(context.catalog, fresh), "rotated_token_name": old}
    return table(columns("token_name token_secret rotated_token_name"), [row])


def _remove(context: Context, user: Object, statement: Statement) -> Result:
    entry = _find_optional(context, user, statement)
    statement.end()
    if entry:
        context.catalog.delete_token(entry[0])
    return status("Statement executed successfully.")


def _row(token: str, expires: float, content: dict[str, Any]) -> dict[str, Any]:
    del token
    bypass = (content.get("bypass_until") or 0) - now()
    state = "EXPIRED" if expires < now() else "DISABLED" if content["disabled"] else "ACTIVE"
    return {
        "name": content["name"],
        "user_name": content["user"],
        "role_restriction": content["role"],
        "expires_at": expires,
        "status": state,
        "comment": content["comment"] or None,
        "created_on": content["created"],
        "created_by": content["created_by"],
        "mins_to_bypass_network_policy_requirement": math.ceil(bypass / _MINUTE) if bypass > 0 else None,
        "rotated_to": content.get("rotated_to"),
    }


_VERBS = {"ADD": _add, "MODIFY": _modify, "ROTATE": _rotate, "REMOVE": _remove}
STATEMENTS = {
    ("SHOW", "USER", "PROGRAMMATIC", "ACCESS", "TOKENS"): show_tokens,
    ("SHOW", "USER", "PATS"): show_tokens,
}
