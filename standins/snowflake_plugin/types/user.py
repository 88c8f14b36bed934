"""Users: people, services, and services that still use a password.

See https://docs.snowflake.com/en/sql-reference/sql/create-user.
"""

from collections.abc import Sequence
from typing import ClassVar

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns, items, property_rows
from standins.snowflake_plugin.errors import SnowflakeError
from standins.snowflake_plugin.objects import NAME, Row
from standins.snowflake_plugin.parameters import ParameterResource, parameters
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Changes, State
from standins.snowflake_plugin.session import Session

_PARAMETERS = parameters(
    "NETWORK_POLICY:ident PREVENT_UNLOAD_TO_INTERNAL_STAGES:bool"
    " ENABLE_UNREDACTED_QUERY_SYNTAX_ERROR:bool ABORT_DETACHED_QUERY:bool AUTOCOMMIT:bool"
    " BINARY_INPUT_FORMAT BINARY_OUTPUT_FORMAT CLIENT_MEMORY_LIMIT:int"
    " CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX:bool CLIENT_PREFETCH_THREADS:int"
    " CLIENT_RESULT_CHUNK_SIZE:int CLIENT_RESULT_COLUMN_CASE_INSENSITIVE:bool"
    " CLIENT_SESSION_KEEP_ALIVE:bool CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY:int"
    " CLIENT_TIMESTAMP_TYPE_MAPPING DATE_INPUT_FORMAT DATE_OUTPUT_FORMAT"
    " ENABLE_UNLOAD_PHYSICAL_TYPE_OPTIMIZATION:bool ERROR_ON_NONDETERMINISTIC_MERGE:bool"
    " ERROR_ON_NONDETERMINISTIC_UPDATE:bool GEOGRAPHY_OUTPUT_FORMAT GEOMETRY_OUTPUT_FORMAT"
    " JDBC_TREAT_DECIMAL_AS_INT:bool JDBC_TREAT_TIMESTAMP_NTZ_AS_UTC:bool"
    " JDBC_USE_SESSION_TIMEZONE:bool JSON_INDENT:int LOCK_TIMEOUT:int LOG_EVENT_LEVEL:enum"
    " LOG_LEVEL:enum MULTI_STATEMENT_COUNT:int NOORDER_SEQUENCE_AS_DEFAULT:bool"
    " ODBC_TREAT_DECIMAL_AS_INT:bool QUERY_TAG QUOTED_IDENTIFIERS_IGNORE_CASE:bool"
    " ROWS_PER_RESULTSET:int S3_STAGE_VPCE_DNS_NAME SEARCH_PATH SIMULATED_DATA_SHARING_CONSUMER"
    " STATEMENT_QUEUED_TIMEOUT_IN_SECONDS:int STATEMENT_TIMEOUT_IN_SECONDS:int STRICT_JSON_OUTPUT:bool"
    " TIME_INPUT_FORMAT TIME_OUTPUT_FORMAT TIMESTAMP_DAY_IS_ALWAYS_24H:bool TIMESTAMP_INPUT_FORMAT"
    " TIMESTAMP_LTZ_OUTPUT_FORMAT TIMESTAMP_NTZ_OUTPUT_FORMAT TIMESTAMP_OUTPUT_FORMAT"
    " TIMESTAMP_TYPE_MAPPING TIMESTAMP_TZ_OUTPUT_FORMAT TIMEZONE TRACE_LEVEL:enum"
    " TRANSACTION_ABORT_ON_ERROR:bool TRANSACTION_DEFAULT_ISOLATION_LEVEL TWO_DIGIT_CENTURY_START:int"
    " UNSUPPORTED_DDL_ACTION USE_CACHED_RESULT:bool WEEK_OF_YEAR_POLICY:int WEEK_START:int"
)


def _secondary_roles(shown: str) -> str:
    """``["ALL"]`` is ALL, ``[]`` is NONE, and an absent value is DEFAULT."""
    return ("ALL" if items(shown) else "NONE") if shown else "DEFAULT"


_PASSWORD = Prop("password", secret=True)
_MUST_CHANGE = Prop("mustChangePassword", "flag", drift="mustChangePassword")
_PERSON = (
    Prop("firstName", secret=True, describe="FIRST_NAME"),
    Prop("middleName", secret=True, describe="MIDDLE_NAME"),
    Prop("lastName", secret=True, describe="LAST_NAME"),
)
_LOGIN = (Prop("loginName", secret=True, drift="loginName"), Prop("displayName", drift="displayName"))
_EMAIL = Prop("email", secret=True, describe="EMAIL")
_COMMON = (
    Prop("disabled", "flag", drift="disabled"),
    Prop("daysToExpiry", "int"),
    Prop("minsToUnlock", "count", minimum=0),
    Prop("defaultWarehouse", "ident", describe="DEFAULT_WAREHOUSE"),
    Prop("defaultNamespace", "name", drift="defaultNamespace"),
    Prop("defaultRole", "ident", describe="DEFAULT_ROLE"),
    Prop(
        "defaultSecondaryRolesOption",
        "enum",
        plain=False,
        choices=("DEFAULT", "NONE", "ALL"),
        what="secondary roles option",
        drift="defaultSecondaryRoles",
        from_show=_secondary_roles,
    ),
)
_KEYS = (
    Prop("rsaPublicKey", describe="RSA_PUBLIC_KEY"),
    Prop("rsaPublicKey2", sql="RSA_PUBLIC_KEY_2", describe="RSA_PUBLIC_KEY_2"),
    Prop("comment", describe="COMMENT"),
    *_PARAMETERS,
)


class User(ParameterResource):
    """A person."""

    type = "User"
    kind = "USER"
    level = "USER"
    written_type: ClassVar[str] = ""
    props = (
        NAME,
        _PASSWORD,
        *_LOGIN,
        *_PERSON,
        _EMAIL,
        _MUST_CHANGE,
        *_COMMON,
        Prop("minsToBypassMfa", "count", minimum=0),
        Prop("disableMfa", "flag", plain=False),
        *_KEYS,
    )
    type_output = ("userType", "type", ("", "PERSON"))
    show_columns = columns(
        "name created_on login_name display_name first_name last_name email mins_to_unlock"
        " days_to_expiry comment disabled:bool must_change_password:bool snowflake_lock:bool"
        " default_warehouse default_namespace default_role default_secondary_roles ext_authn_duo:bool"
        " ext_authn_uid mins_to_bypass_mfa owner last_success_login expires_at_time locked_until_time"
        " has_password:bool has_rsa_public_key:bool type has_mfa:bool has_workload_identity:bool"
    )
    computed = ("fullyQualifiedName", "showOutputs", "userType")

    def same(self, prop: Prop, olds: State, news: State) -> bool:
        """Login names are the same in any case; no secondary-roles option means DEFAULT."""
        if prop.name == "loginName":
            return super().same(prop, _upper(prop, olds), _upper(prop, news))
        if prop.name == "defaultSecondaryRolesOption":
            olds, news = (
                {**values, prop.name: values.get(prop.name) or "DEFAULT"} for values in (olds, news)
            )
        return super().same(prop, olds, news)

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Create the user; DISABLE_MFA follows, because CREATE USER does not take it."""
        session.run(f"CREATE USER {sql.path(names)}{self._options(inputs)}", self.timeout)
        if inputs.get("disableMfa", "default") != "default":
            self.apply(session, names, [f"DISABLE_MFA = {inputs['disableMfa']}"], [])

    def _options(self, inputs: State) -> str:
        """The settings, with the secondary roles and the type where CREATE USER has them."""
        written = []
        for prop in self.props:
            if self.in_sql(prop) and prop.given(inputs.get(prop.name)):
                written.append(prop.render(inputs[prop.name]))
            elif prop.name == "defaultSecondaryRolesOption":
                written += self._roles(inputs)
            if prop.name == "rsaPublicKey2" and self.written_type:
                written.append(f"TYPE = {self.written_type}")
        return "".join(" " + part for part in written)

    @staticmethod
    def _roles(values: State) -> list[str]:
        option = str(values.get("defaultSecondaryRolesOption") or "DEFAULT").upper()
        return {"ALL": ["DEFAULT_SECONDARY_ROLES = ('ALL')"], "NONE": ["DEFAULT_SECONDARY_ROLES = ()"]}.get(
            option, []
        )

    def alter(
        self, session: Session, names: Sequence[str], olds: State, news: State, changes: Changes
    ) -> None:
        """Set properties, then the password, then parameters, each in separate statements."""
        own = {name for name, prop in self.by_name.items() if not prop.parameter and name != "password"}
        super().alter(session, names, olds, news, {name: False for name in changes if name in own})
        if "defaultSecondaryRolesOption" in changes:
            setting = self._roles(news)
            self.apply(session, names, setting, [] if setting else ["DEFAULT_SECONDARY_ROLES"])
        if "disableMfa" in changes:
            value = news.get("disableMfa", "default")
            unset = value == "default"
            self.apply(
                session, names, [] if unset else [f"DISABLE_MFA = {value}"], ["DISABLE_MFA"] if unset else []
            )
        if "password" in changes:
            self._change_password(session, names, news)
        super().alter(
            session,
            names,
            olds,
            news,
            {name: False for name in changes if name in self.by_name and self.by_name[name].parameter},
        )

    def _change_password(self, session: Session, names: Sequence[str], news: State) -> None:
        """Set the password; not an error if it is the present one already."""
        value = news.get("password")
        try:
            self.apply(
                session, names, [_PASSWORD.render(value)] if value else [], [] if value else ["PASSWORD"]
            )
        except SnowflakeError as error:
            if "003002 (28P01)" not in str(error) and "Reason: 'PRIOR_USE'" not in error.message:
                raise

    def describe(self, session: Session, names: Sequence[str]) -> Row | None:
        """DESCRIBE USER has a row for each property."""
        try:
            return property_rows(session.run(f"DESCRIBE USER {sql.path(names)}", self.timeout))
        except SnowflakeError as error:
            if error.missing:
                return None
            raise


class ServiceUser(User):
    """A program that signs in with a key or a token: it has no password."""

    type = "ServiceUser"
    written_type = "SERVICE"
    props = (NAME, *_LOGIN, _EMAIL, *_COMMON, *_KEYS)
    type_output = ("userType", "type", ("SERVICE",))


class LegacyServiceUser(User):
    """A program that still signs in with a password."""

    type = "LegacyServiceUser"
    written_type = "LEGACY_SERVICE"
    props = (NAME, _PASSWORD, *_LOGIN, _EMAIL, _MUST_CHANGE, *_COMMON, *_KEYS)
    type_output = ("userType", "type", ("LEGACY_SERVICE",))


def _upper(prop: Prop, values: State) -> State:
    shown = [
        {**row, prop.drift: str(row.get(prop.drift, "")).upper()} for row in values.get("showOutputs", [])
    ]
    return {**values, prop.name: str(values.get(prop.name) or "").upper(), "showOutputs": shown}
