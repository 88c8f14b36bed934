"""The resource types, by the engine's names."""

from collections.abc import Mapping

from standins.snowflake_plugin.resource import Resource
from standins.snowflake_plugin.types.compute_pool import ComputePool
from standins.snowflake_plugin.types.database import Database, Schema
from standins.snowflake_plugin.types.execute import Execute
from standins.snowflake_plugin.types.external_access import ExternalAccessIntegration
from standins.snowflake_plugin.types.grant_ownership import GrantOwnership
from standins.snowflake_plugin.types.grant_privileges import GrantPrivilegesToAccountRole
from standins.snowflake_plugin.types.image_repository import ImageRepository
from standins.snowflake_plugin.types.network_rule import NetworkRule
from standins.snowflake_plugin.types.resource_monitor import ResourceMonitor
from standins.snowflake_plugin.types.role import AccountRole, GrantAccountRole
from standins.snowflake_plugin.types.secret import SecretWithBasicAuthentication, SecretWithGenericString
from standins.snowflake_plugin.types.service import JobService, Service
from standins.snowflake_plugin.types.stage import StageInternal
from standins.snowflake_plugin.types.user import LegacyServiceUser, ServiceUser, User
from standins.snowflake_plugin.types.user_credentials import UserProgrammaticAccessToken, UserPublicKeys
from standins.snowflake_plugin.types.warehouse import Warehouse

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
