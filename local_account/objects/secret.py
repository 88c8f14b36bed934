"""SECRET objects of type GENERIC_STRING and PASSWORD; values are encrypted in the catalog.

See https://docs.snowflake.com/en/sql-reference/sql/create-secret
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from local_account.base import errors, keys
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, one_of, text, unsupported

# The values of a secret, by its type.
_VALUES = {"GENERIC_STRING": ("SECRET_STRING",), "PASSWORD": ("USERNAME", "PASSWORD")}
_SHOW = "created_on:timestamp_ltz name schema_name database_name owner comment secret_type oauth_scopes "
_SEALED = "SEALED"
_OTHER_TYPES = ("OAUTH2", "CLOUD_PROVIDER_TOKEN", "SYMMETRIC_KEY")
_OTHER_OPTIONS = (
    *("API_AUTHENTICATION", "OAUTH_SCOPES", "OAUTH_REFRESH_TOKEN", "OAUTH_REFRESH_TOKEN_EXPIRY_TIME"),
    *("ALGORITHM", "ENABLED"),
)


def _type(statement: Statement) -> str:
    kind = one_of(*_VALUES, *_OTHER_TYPES)(statement)
    if kind in _OTHER_TYPES:
        raise errors.unsupported(f"CREATE SECRET TYPE = {kind}")
    return kind


class Secret(ObjectType):
    """Credentials for services and integrations. No statement can read a value."""

    kind, plural = "SECRET", "SECRETS"
    names_absent_parent = True
    renamable = False
    privileges = frozenset({"READ", "USAGE"})
    options: ClassVar[dict[str, Reader]] = {
        "TYPE": _type,
        "SECRET_STRING": text,
        "USERNAME": text,
        "PASSWORD": text,
        **{name: unsupported(f"SECRET {name}") for name in _OTHER_OPTIONS},
    }
    show_columns = columns(_SHOW + "owner_role_type")
    describe_columns = columns(
        _SHOW + "username oauth_access_token_expiry_time:timestamp_ltz "
        "oauth_refresh_token_expiry_time:timestamp_ltz integration_name"
    )

    def read_unset(self, statement: Statement) -> dict[str, Any]:
        """ALTER SECRET has no UNSET: SET COMMENT = '' removes a comment."""
        raise statement.unexpected(back=1)

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Refuse an unknown type and missing values, and encrypt the values."""
        kind = properties.get("TYPE")
        if kind is None:
            raise errors.missing_option("TYPE")
        missing = [option for option in _VALUES[kind] if option not in properties]
        if missing:
            raise errors.missing_option(", ".join(missing))
        self._seal(context, kind, properties, {})

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        if "TYPE" in changed:
            raise errors.unsupported("ALTER SECRET SET TYPE")
        self._seal(context, item.properties["TYPE"], changed, secret_values(context.account, item))

    def _seal(self, context: Context, kind: str, properties: dict[str, Any], known: dict[str, str]) -> None:
        """Encrypt the plain values among the properties."""
        given = {
            name: properties.pop(name) for names in _VALUES.values() for name in names if name in properties
        }
        for name in given:
            if name not in _VALUES[kind]:
                raise errors.compilation_error(
                    "001420", "22023", f"invalid property '{name}' for 'SECRET' of type {kind}"
                )
        if given:
            values = known | {name.lower(): value for name, value in given.items()}
            properties[_SEALED] = keys.seal(context.account.settings.state, json.dumps(values))
            properties["USERNAME"] = values.get("username")

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        return {
            "secret_type": item.properties["TYPE"],
            "comment": item.comment or None,
        }

    def describe(self, context: Context, item: Object) -> Result:
        row = self.show_row(context, item)
        row["username"] = item.properties.get("USERNAME")
        return table(self.describe_columns, [row])


def secret_values(account: Account, item: Object) -> dict[str, str]:
    """The values of a secret by their names in specifications: secret_string, or username and password."""
    return json.loads(keys.unseal(account.settings.state, item.properties[_SEALED]))


TYPES = [Secret()]
