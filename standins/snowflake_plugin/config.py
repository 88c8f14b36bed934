"""The provider's settings: names, types, environment variables, and what they mean for a connection.

See https://www.pulumi.com/registry/packages/snowflake/installation-configuration/.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.errors import Failure
from standins.snowflake_plugin.wire import has_unknown

_KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "organizationName",
            "accountName",
            "host",
            "protocol",
            "user",
            "password",
            "authenticator",
            "privateKey",
            "privateKeyPassphrase",
            "token",
            "role",
            "warehouse",
            "validateDefaultParameters",
        ),
        "text",
    ),
    **dict.fromkeys(("port", "loginTimeout", "requestTimeout", "clientTimeout", "maxRetryCount"), "number"),
    **dict.fromkeys(("disableOcspChecks", "insecureMode", "keepSessionAlive", "disableTelemetry"), "truth"),
    **dict.fromkeys(
        ("previewFeaturesEnabled", "experimentalFeaturesEnableds", "experimentalFeaturesDisableds"), "list"
    ),
    "params": "map",
}

SUPPORTED = frozenset(_KINDS)
"""Settings that the stand-in reads."""

UNSUPPORTED = frozenset(
    sql.words(
        "account certRevocationCheckMode clientIp clientRequestMfaToken"
        " clientStoreTemporaryCredential crlAllowCertificatesWithoutCrlUrl crlHttpClientTimeout"
        " crlInMemoryCacheDisabled crlOnDiskCacheDisabled disableConsoleLogin disableQueryContextCache"
        " disableSamlUrlCheck driverTracing enableSingleUseRefreshTokens externalBrowserTimeout"
        " includeRetryReason jwtClientTimeout jwtExpireTimeout logQueryParameters logQueryText noProxy"
        " oauthAuthorizationUrl oauthClientId oauthClientSecret oauthRedirectUri oauthScope"
        " oauthTokenRequestUrl ocspFailOpen oktaUrl passcode passcodeInPassword profile proxyHost"
        " proxyPassword proxyPort proxyProtocol proxyUser skipTomlFilePermissionVerification"
        " tfcWorkloadIdentityTokenTag tmpDirectoryPath tokenAccessor useLegacyTomlFile"
        " workloadIdentityEntraResource workloadIdentityProvider"
    )
)
"""Settings that only the official plugin supports."""

_ENVIRONMENT: Mapping[str, str] = {
    name: "SNOWFLAKE_" + "".join("_" + char if char.isupper() else char for char in name).upper()
    for name, kind in _KINDS.items()
    if kind in ("text", "number") and name != "clientTimeout"
}

# The experiments that this release of the official plugin switches on by itself are always on here.
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "authenticator": ("SNOWFLAKE", "SNOWFLAKE_JWT", "PROGRAMMATIC_ACCESS_TOKEN", "OAUTH"),
    "protocol": ("http", "https"),
    "experimentalFeaturesEnableds": (
        "GRANTS_STRICT_PRIVILEGE_MANAGEMENT",
        "GRANTS_SAFE_DESTROY",
        "PARAMETERS_IGNORE_VALUE_CHANGES_IF_NOT_ON_OBJECT_LEVEL",
        "WAREHOUSE_SHOW_IMPROVED_PERFORMANCE",
    ),
    "experimentalFeaturesDisableds": (),
}
_STAND_IN = "the local stand-in for the Snowflake plugin"

SECRETS = frozenset({"password", "privateKey", "privateKeyPassphrase", "token"})
"""Settings whose values are secret."""


@dataclass(frozen=True)
class Settings:
    """The settings that were read; those that the program left out come from ``SNOWFLAKE_*`` variables."""

    values: Mapping[str, Any] = field(default_factory=dict)
    known: bool = True
    """False in a preview in which a setting is another resource's output."""

    @property
    def preview_features(self) -> frozenset[str]:
        """Names of the preview features that are switched on."""
        return frozenset(self.values.get("previewFeaturesEnabled") or ())

    @property
    def address(self) -> str:
        """The server's address; used in messages."""
        host = self.values.get("host") or f"{self.account.lower()}.snowflakecomputing.com"
        port = self.values.get("port")
        return f"{self.values.get('protocol') or 'https'}://{host}" + (f":{port}" if port else "")

    @property
    def account(self) -> str:
        """The account's identifier, ``ORGANIZATION-ACCOUNT``."""
        return f"{self.values.get('organizationName')}-{self.values.get('accountName')}"

    def connection(self) -> dict[str, Any]:
        """Arguments for ``snowflake.connector.connect``."""
        values = self.values
        authenticator = str(values.get("authenticator") or ("OAUTH" if values.get("token") else "SNOWFLAKE"))
        arguments = {
            "account": self.account,
            "host": values.get("host"),
            "port": values.get("port"),
            "protocol": values.get("protocol"),
            "user": values.get("user"),
            "password": values.get("password"),
            "token": values.get("token"),
            "authenticator": authenticator.upper(),
            "role": values.get("role"),
            "warehouse": values.get("warehouse"),
            "login_timeout": values.get("loginTimeout"),
            "network_timeout": values.get("requestTimeout"),
            "socket_timeout": values.get("clientTimeout"),
            "session_parameters": {**(values.get("params") or {}), "CLIENT_TELEMETRY_ENABLED": False},
            "validate_default_parameters": values.get("validateDefaultParameters") != "false",
            "disable_ocsp_checks": values.get("disableOcspChecks") or values.get("insecureMode"),
            "client_session_keep_alive": values.get("keepSessionAlive"),
            "private_key": _private_key(values),
            "platform_detection_timeout_seconds": 0.0,
        }
        return {name: value for name, value in arguments.items() if value is not None}


def _private_key(values: Mapping[str, Any]) -> bytes | None:
    if not (pem := values.get("privateKey")):
        return None
    from cryptography.hazmat.primitives import serialization as keys

    passphrase = values.get("privateKeyPassphrase")
    key = keys.load_pem_private_key(pem.encode(), passphrase.encode() if passphrase else None)
    return key.private_bytes(keys.Encoding.DER, keys.PrivateFormat.PKCS8, keys.NoEncryption())


def read(inputs: Mapping[str, Any]) -> Settings:
    """The settings from the provider's inputs; settings that are left out come from the environment."""
    values = {name: _typed(name, inputs[name]) for name in _KINDS if inputs.get(name) is not None}
    for name, variable in _ENVIRONMENT.items():
        if name not in values and os.environ.get(variable):
            values[name] = _typed(name, os.environ[variable])
    return Settings(values, known=not has_unknown(values))


def _typed(name: str, value: Any) -> Any:
    """A setting's value; the engine hands over everything that is not text as JSON."""
    if _KINDS[name] == "text" or not isinstance(value, str) or has_unknown(value):
        return value
    return json.loads(value)


def check(inputs: Mapping[str, Any]) -> list[Failure]:
    """What is wrong with the provider's inputs."""
    failures = []
    for name, value in inputs.items():
        if name in UNSUPPORTED and value not in (None, "", "false", "[]"):
            failures.append(_refused(name, f"{name} is not supported by {_STAND_IN}"))
        elif name not in SUPPORTED | UNSUPPORTED and not name.startswith("__") and name != "version":
            failures.append(_refused(name, f"{name} is not a setting of the Snowflake provider"))
        elif name in SUPPORTED and (wrong := _unreadable(name, value)):
            failures.append(wrong)
    return failures or _check_values(read(inputs))


def _refused(name: str, reason: str) -> Failure:
    return Failure(name, f"snowflake:{reason}")


def _unreadable(name: str, value: Any) -> Failure | None:
    try:
        _typed(name, value)
    except ValueError:
        return _refused(name, f"{name} cannot be read: expected {_KINDS[name]}, got {value!r}")
    return None


def _check_values(settings: Settings) -> list[Failure]:
    if not settings.known:
        return []
    values = settings.values
    failures = [
        _refused(name, f"{name} is missing: set it, or {_ENVIRONMENT[name]}")
        for name in ("organizationName", "accountName")
        if not values.get(name)
    ]
    for name, allowed in _ALLOWED.items():
        given = values.get(name) or []
        for item in [given] if isinstance(given, str) else given:
            if item not in allowed and item.upper() not in allowed:
                listed = ", ".join(allowed) or "none"
                failures.append(
                    _refused(name, f"{name} has the invalid value {item}: {_STAND_IN} has {listed}")
                )
    return failures
