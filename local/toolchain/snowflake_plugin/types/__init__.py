"""The resource types, by the engine's names."""

from collections.abc import Mapping

from local.toolchain.snowflake_plugin.resource import Resource
from local.toolchain.snowflake_plugin.types.compute_pool import ComputePool
from local.toolchain.snowflake_plugin.types.database import Database, Schema
from local.toolchain.snowflake_plugin.types.execute import Execute
from local.toolchain.snowflake_plugin.types.external_access import ExternalAccessIntegration
from local.toolchain.snowflake_plugin.types.grant_ownership import GrantOwnership
from local.toolchain.snowflake_plugin.types.grant_privileges import GrantPrivilegesToAccountRole
from local.toolchain.snowflake_plugin.types.image_repository import ImageRepository
from local.toolchain.snowflake_plugin.types.network_rule import NetworkRule
from local.toolchain.snowflake_plugin.types.resource_monitor import ResourceMonitor
from local.toolchain.snowflake_plugin.types.role import AccountRole, GrantAccountRole
from local.toolchain.snowflake_plugin.types.secret import (
    SecretWithBasicAuthentication,
    SecretWithGenericString,
)
from local.toolchain.snowflake_plugin.types.service import JobService, Service
from local.toolchain.snowflake_plugin.types.stage import StageInternal
from local.toolchain.snowflake_plugin.types.user import LegacyServiceUser, ServiceUser, User
from local.toolchain.snowflake_plugin.types.user_credentials import (
    UserProgrammaticAccessToken,
    UserPublicKeys,
)
from local.toolchain.snowflake_plugin.types.warehouse import Warehouse

_CLASSES: tuple[type[Resource], ...] = (
    AccountRole,
    ComputePool,
    Database,
    Execute,
    ExternalAccessIntegration,
    GrantAccountRole,
    GrantOwnership,
    GrantPrivilegesToAccountRole,
    ImageRepository,
    JobService,
    LegacyServiceUser,
    NetworkRule,
    ResourceMonitor,
    Schema,
    SecretWithBasicAuthentication,
    SecretWithGenericString,
    Service,
    ServiceUser,
    StageInternal,
    User,
    UserProgrammaticAccessToken,
    UserPublicKeys,
    Warehouse,
)

TYPES: Mapping[str, Resource] = {resource.token: resource for resource in (made() for made in _CLASSES)}
"""Every supported resource type."""
