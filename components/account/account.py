"""The Snowflake account that a stack deploys to: connection settings, providers, registry login.

The settings are the provider's own (`pulumi config set snowflake:user …`). A setting that is not set is read
from the provider's environment variable (SNOWFLAKE_USER, …). See
https://www.pulumi.com/registry/packages/snowflake/.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import environ
from typing import TYPE_CHECKING, Any, cast

import pulumi
import pulumi_docker_build as docker_build
import pulumi_snowflake as snowflake

from components.account.errors import AccountError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# Resource types of the program that the provider has only when they are enabled.
PREVIEW_FEATURES = ("snowflake_external_access_integration_resource",)
PASSWORD, KEY_PAIR, TOKEN, OAUTH = "SNOWFLAKE", "SNOWFLAKE_JWT", "PROGRAMMATIC_ACCESS_TOKEN", "OAUTH"
WORKLOAD = "WORKLOAD_IDENTITY"
# The setting that must be set for each way to sign in. A workload identity stores no credential; its provider
# selects the machine's own.
_CREDENTIAL = {
    PASSWORD: "password",
    KEY_PAIR: "privateKey",
    TOKEN: "token",
    OAUTH: "token",
    WORKLOAD: "workloadIdentityProvider",
}
_LOGIN_SECONDS = 60
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_ACCOUNT = r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}", "letters, digits, _ and -"
# The provider puts names into double quotes.
_NAME = r'[^"\x00-\x1f\x7f]{1,255}', 'a name of 1 to 255 characters without " and control characters'
_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
# The form of the settings that become part of addresses and statements: a pattern, and the same in words.
_FORMS = {
    "organizationName": _ACCOUNT,
    "accountName": _ACCOUNT,
    "user": _NAME,
    "role": _NAME,
    "host": (r"[A-Za-z0-9:]([A-Za-z0-9_.:-]{0,251}[A-Za-z0-9])?", "a host name without scheme and path"),
    "port": (_PORT, "a number from 1 to 65535"),
    "protocol": ("https?", "https or http"),
    "workloadIdentityProvider": ("(?i:AWS|AZURE|GCP|OIDC)", "AWS, AZURE, GCP or OIDC"),
}

Query = Callable[[str], list[dict[str, Any]]]
"""Runs one statement and returns its rows, each from column name to value."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """How to reach an account, and who signs in.

    Attributes:
        organization, name: the two parts of the account identifier.
        user, role: the user who deploys, and the role in which this user acts.
        authenticator: SNOWFLAKE (password), SNOWFLAKE_JWT (key pair), PROGRAMMATIC_ACCESS_TOKEN, OAUTH or
            WORKLOAD_IDENTITY; default SNOWFLAKE.
        workload_identity_provider: AWS, AZURE, GCP or OIDC; for OIDC, `token` is the identity's token.
        host, port, protocol: set for an account that is not at its usual address; default: Snowflake's own
            address, and https.
        password, private_key, private_key_passphrase, token: the credential that the authenticator needs;
            default None.
    """

    organization: str
    name: str
    user: str
    role: str
    authenticator: str = PASSWORD
    host: str | None = None
    port: int | None = None
    protocol: str = "https"
    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    private_key_passphrase: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    workload_identity_provider: str | None = None

    def provider(
        self, name: str, role: str | None = None, depends_on: Sequence[pulumi.Resource] = ()
    ) -> snowflake.Provider:
        """Make a provider that acts in one role.

        Args:
            name: name of the provider resource.
            role: the role; default: the deploying role.
            depends_on: resources that must exist before the role can act, e.g. its grants; default: none.
        """
        return snowflake.Provider(
            name,
            organization_name=self.organization,
            account_name=self.name,
            user=self.user,
            role=role or self.role,
            authenticator=self.authenticator,
            host=self.host,
            port=self.port,
            protocol=self.protocol,
            password=_secret(self.password),
            private_key=_secret(self.private_key),
            private_key_passphrase=_secret(self.private_key_passphrase),
            token=_secret(self.token),
            workload_identity_provider=self.workload_identity_provider,
            login_timeout=_LOGIN_SECONDS,
            # A preview of the first `up` must not fail because the role does not exist yet.
            validate_default_parameters="false",
            preview_features_enabled=list(PREVIEW_FEATURES),
            opts=pulumi.ResourceOptions(depends_on=list(depends_on)),
        )

    def registry_login(self, repository_url: pulumi.Input[str]) -> docker_build.RegistryArgs:
        """Credentials for pushing to the account's image registry.

        The registry accepts a password or a programmatic access token as it is. With every other way to sign
        in, `up` fetches a session token; a preview does not. A new token does not change an image, because
        the docker-build provider does not compare registry passwords.

        Args:
            repository_url: the address that SHOW IMAGE REPOSITORIES shows; its host is the registry.
        """
        url = pulumi.Output.from_input(repository_url)
        if self.authenticator in (PASSWORD, TOKEN):
            user, password = self.user, pulumi.Output.secret(self.password or self.token or "")
        else:
            user, password = "0sessiontoken", pulumi.Output.secret(url.apply(self._session_token))
        return docker_build.RegistryArgs(
            address=url.apply(lambda value: value.partition("/")[0]), username=user, password=password
        )

    async def _session_token(self, _: str) -> str:
        if pulumi.runtime.is_dry_run():
            return ""
        return await asyncio.to_thread(self._issue_session_token)

    def _issue_session_token(self) -> str:
        # The registry accepts the token only while the session is open. So the session stays open until the
        # program ends; then the connector closes it.
        connection = self.connect()
        # The connector has no public function for this; Snowflake's own CLI uses the same call.
        answer = cast(Any, connection.rest)._token_request("ISSUE")["data"]  # noqa: SLF001
        return json.dumps({"token": answer["sessionToken"], "expires_in": answer["validityInSecondsST"]})

    def connect(self, role: str | None = None) -> SnowflakeConnection:
        """Open a connection with the official connector, independent of the providers.

        Args:
            role: the role; default: the deploying role.
        """
        import snowflake.connector  # imported here because the import takes most of a second

        settings: dict[str, Any] = {
            "account": f"{self.organization}-{self.name}",
            "user": self.user,
            "role": role or self.role,
            "authenticator": self.authenticator,
            "host": self.host,
            "port": self.port,
            "protocol": self.protocol,
            "password": self.password,
            "token": self.token,
            "workload_identity_provider": self.workload_identity_provider,
            "private_key": self._private_key_der(),
            "login_timeout": _LOGIN_SECONDS,
        }
        given = {key: value for key, value in settings.items() if value is not None}
        return snowflake.connector.connect(**given)

    @contextmanager
    def queries(self, role: str | None = None) -> Iterator[Query]:
        """Open a connection for a short time, as a function that runs statements.

        Args:
            role: the role; default: the deploying role.
        """
        from snowflake.connector import DictCursor

        with self.connect(role) as connection, connection.cursor(DictCursor) as cursor:

            def query(statement: str) -> list[dict[str, Any]]:
                cursor.execute(statement)
                return cast(list[dict[str, Any]], cursor.fetchall())

            yield query

    def _private_key_der(self) -> bytes | None:
        if self.private_key is None:
            return None
        from cryptography.hazmat.primitives import serialization

        passphrase = self.private_key_passphrase.encode() if self.private_key_passphrase else None
        key = serialization.load_pem_private_key(self.private_key.encode(), passphrase)
        return key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def from_config() -> Account:
    """The account that the configuration of the running stack names.

    Raises:
        AccountError: it names each missing or bad setting and says how to set it.
    """
    required = {name: setting(name) for name in ("organizationName", "accountName", "user", "role")}
    problems = [f"{name} is missing" for name, value in required.items() if value is None]
    authenticator = _authenticator(problems)
    protocol, host, port = setting("protocol") or "https", setting("host"), setting("port")
    problems += [
        f"{name}: {value!a:.200} cannot be used; it must be {allowed}"
        for name, (form, allowed) in _FORMS.items()
        if (value := setting(name)) is not None and not re.fullmatch(form, value)
    ]
    if protocol == "http" and host not in _THIS_MACHINE:
        problems.append(
            f"protocol: http to host {host!a:.200} would show the credentials to others; use https"
        )
    if problems:
        raise AccountError(
            "The connection to Snowflake is not configured:\n  "
            + "\n  ".join(problems)
            + "\nSet each with `pulumi config set snowflake:NAME VALUE` (secrets with --secret)"
            "\nor with an environment variable such as SNOWFLAKE_ACCOUNT_NAME."
        )
    return Account(
        organization=required["organizationName"] or "",
        name=required["accountName"] or "",
        user=required["user"] or "",
        role=required["role"] or "",
        authenticator=authenticator,
        host=host,
        port=int(port) if port else None,
        protocol=protocol,
        password=setting("password") if authenticator == PASSWORD else None,
        private_key=setting("privateKey") if authenticator == KEY_PAIR else None,
        private_key_passphrase=setting("privateKeyPassphrase") if authenticator == KEY_PAIR else None,
        token=setting("token") if authenticator in (TOKEN, OAUTH, WORKLOAD) else None,
        workload_identity_provider=(setting("workloadIdentityProvider") or "").upper() or None
        if authenticator == WORKLOAD
        else None,
    )


def _authenticator(problems: list[str]) -> str:
    chosen = setting("authenticator")
    if chosen is None:
        for candidate in (PASSWORD, KEY_PAIR, TOKEN):
            if setting(_CREDENTIAL[candidate]) is not None:
                return candidate
        problems.append("credentials are missing: one of password, privateKey or token is needed")
        return PASSWORD
    chosen = chosen.upper()
    if chosen not in _CREDENTIAL:
        allowed = ", ".join(_CREDENTIAL)
        problems.append(f"authenticator: {chosen!a:.200} cannot be used; it must be one of {allowed}")
    elif setting(_CREDENTIAL[chosen]) is None:
        problems.append(f"{_CREDENTIAL[chosen]} is missing; authenticator {chosen} needs it")
    return chosen


def setting(name: str) -> str | None:
    """A setting of the provider, from the stack or from the environment; None if neither has it."""
    # Not an Output: the failure report and the registry login need the value itself.
    value = pulumi.Config("snowflake").get(name)
    if value is None:
        value = environ.get("SNOWFLAKE_" + re.sub(r"([A-Z])", r"_\1", name).upper())
    return value or None


def _secret(value: str | None) -> pulumi.Output[str] | None:
    return None if value is None else pulumi.Output.secret(value)
