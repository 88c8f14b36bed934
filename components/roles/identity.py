"""The roles that own Milvus and the notebook, and the role and the user of the people who use them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.roles import grants
from components.roles.password import kept_password
from components.roles.role import Role, existing, made

_SYSTEM_ADMINISTRATORS = ("SYSADMIN", "ACCOUNTADMIN")
INGRESS_INTEGRATION = "SNOWSERVICES_INGRESS_OAUTH"


@dataclass(kw_only=True)
class IdentityArgs:
    """Inputs of Identity.

    Attributes:
        owner_role: name of the role that owns Milvus, the files, the images and the secrets.
        notebook_role: name of the role that owns the notebook; code in the notebook acts as this role.
        people_role: name of the role that may enter the notebook.
        user: name of the user who has the people's role.
        deployer_role: the role that deploys; the owner role is granted to it, so that it can act as the
            owner.
        warehouse, namespace: defaults of the user's sessions.
        password: the user's password; default: no password.
        generate_password: make a password once and keep it in the state; default false.
        public_key: the user's RSA public key, base64 without PEM lines; default: no key.
        ingress_integration: make the sign-in integration that old accounts lack; default false.
        existing_people: whether the people's role exists already; then no user is made. Default false.
    """

    owner_role: str
    notebook_role: str
    people_role: str
    user: str
    deployer_role: str
    warehouse: str
    namespace: str
    password: pulumi.Input[str] | None = None
    generate_password: bool = False
    public_key: str | None = None
    ingress_integration: bool = False
    existing_people: bool = False


class Identity(pulumi.ComponentResource):
    """The roles, the user, and the grants between them.

    The notebook's role may publish endpoints, and nothing else on the account. It is granted to the owner
    role, so that the owner role can operate both services. The owner role is granted to SYSADMIN, as
    https://docs.snowflake.com/en/user-guide/security-access-control-considerations advises, and to the
    deploying role if that is neither SYSADMIN nor ACCOUNTADMIN.
    """

    owner: Role
    notebook: Role
    people: Role
    user_password: pulumi.Output[str] | None
    """The generated password, a secret; None if no password was generated."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Identity", name, {}, opts)
        self._parent = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        # These are dropped even with retainOnDelete: roles that stay need neither of them, and a user whom
        # nobody takes care of could still sign in.
        self._dropped = pulumi.ResourceOptions.merge(
            self._parent, pulumi.ResourceOptions(retain_on_delete=False)
        )
        self.owner = self._role(f"{name}-owner", args.owner_role, "Owns Milvus, its files and its secrets")
        self.notebook = self._role(f"{name}-notebook", args.notebook_role, "Code in the notebook acts as it")
        self.people = (
            existing(f"{name}-people", args.people_role, self._parent)
            if args.existing_people
            else self._role(f"{name}-people", args.people_role, "People who use Milvus from the notebook")
        )
        grants.grant(f"{name}-notebook-endpoints", self.notebook, ["BIND SERVICE ENDPOINT"], None, self)
        self._grant(f"{name}-notebook-owner", self.notebook, self.owner.name)
        self._grant(f"{name}-owner-sysadmin", self.owner, "SYSADMIN")
        if args.deployer_role.upper() not in _SYSTEM_ADMINISTRATORS:
            self._grant(f"{name}-owner-deployer", self.owner, args.deployer_role)
        self.user_password = kept_password(f"{name}-user-password", self) if args.generate_password else None
        if not args.existing_people:
            self._user(name, args)
        if args.ingress_integration:
            self._ingress_integration(f"{name}-ingress")
        self.register_outputs({"owner": self.owner.name, "people": self.people.name})

    def _role(self, name: str, role: str, comment: str) -> Role:
        return made(snowflake.AccountRole(name, name=role, comment=comment, opts=self._parent))

    def _grant(self, name: str, role: Role, to: pulumi.Input[str]) -> None:
        snowflake.GrantAccountRole(
            name,
            role_name=role.name,
            parent_role_name=to,
            opts=pulumi.ResourceOptions.merge(self._parent, pulumi.ResourceOptions(deleted_with=role.made)),
        )

    def _user(self, name: str, args: IdentityArgs) -> None:
        password = self.user_password or args.password
        user = snowflake.User(
            f"{name}-user",
            name=args.user,
            comment="Uses Milvus from the notebook",
            password=None if not password else pulumi.Output.secret(password),
            must_change_password="false",  # noqa: S106 - a switch
            rsa_public_key=args.public_key or None,
            default_role=self.people.name,
            default_secondary_roles_option="ALL",
            default_warehouse=args.warehouse,
            default_namespace=args.namespace,
            opts=self._dropped,
        )
        snowflake.GrantAccountRole(
            f"{name}-people-user",
            role_name=self.people.name,
            user_name=user.name,
            opts=pulumi.ResourceOptions.merge(
                self._parent, pulumi.ResourceOptions(deleted_with=self.people.made)
            ),
        )

    def _ingress_integration(self, name: str) -> None:
        # No resource type makes this kind of integration. There is no IF NOT EXISTS, because the stack must
        # not drop an integration that others made.
        snowflake.Execute(
            name,
            execute=f"CREATE SECURITY INTEGRATION {INGRESS_INTEGRATION} TYPE = OAUTH "
            "OAUTH_CLIENT = SNOWSERVICES_INGRESS ENABLED = TRUE",
            revert=f"DROP SECURITY INTEGRATION IF EXISTS {INGRESS_INTEGRATION}",
            opts=self._dropped,
        )
