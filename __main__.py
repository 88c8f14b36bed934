"""The whole stack, from top to bottom: Milvus and a Jupyter notebook on Snowpark Container Services.

The settings are in settings/model.py, the components in components/, the service specifications in specs/.
"""

# One component, one paragraph.
# fmt: off
from dataclasses import replace

import pulumi

import components as c
from settings import load

chosen, account = load(), c.from_config()
c.check_specifications()
cost = c.cost_of(chosen)
c.refuse_over_budget(cost, chosen.monthly_credit_budget)
capacity = c.capacity_of(chosen)
c.require_monitor_role(chosen.warehouse_monthly_credits, account.role)
volume = c.refuse_data_loss(chosen)
named = chosen.named

# The deploying role makes what belongs to the account, and grants it to the other roles.
deployer = pulumi.ResourceOptions(provider=account.provider("deployer"))
kept = pulumi.ResourceOptions(protect=chosen.protect, retain_on_delete=chosen.retain_on_delete)
guarded = pulumi.ResourceOptions.merge(deployer, kept)
identity = c.Identity("identity", c.IdentityArgs(
    owner_role=named("MILVUS_OWNER_ROLE"), notebook_role=named("MILVUS_NOTEBOOK_ROLE"),
    people_role=chosen.people_role, existing_people=bool(chosen.existing_role), user=named("MILVUS_USER"),
    deployer_role=account.role, warehouse=chosen.warehouse, namespace=chosen.namespace,
    password=chosen.user_password, generate_password=chosen.generate_user_password,
    public_key=chosen.user_public_key, ingress_integration=chosen.ingress_integration,
), pulumi.ResourceOptions(provider=deployer.provider, retain_on_delete=chosen.retain_on_delete))
owner, notebook_role, people = identity.owner, identity.notebook, identity.people
others = c.People("people", c.PeopleArgs(
    people=chosen.notebook_users, role=people, warehouse=chosen.warehouse, namespace=chosen.namespace,
), deployer)
warehouse = c.Warehouse("warehouse", c.WarehouseArgs(
    name=chosen.warehouse, existing=bool(chosen.existing_warehouse),
    users={"notebook": notebook_role, "people": people},
    size=chosen.warehouse_size, auto_suspend=chosen.warehouse_auto_suspend,
    monthly_credits=chosen.warehouse_monthly_credits, monitor=named("MILVUS_MONITOR"),
), deployer)
database = c.Database("database", c.DatabaseArgs(
    name=chosen.database, existing=bool(chosen.existing_database), schema=chosen.schema_name,
    owner=owner, notebook=notebook_role, people=people,
), guarded)
egress = c.Egress("egress", c.EgressArgs(
    hosts=chosen.egress_hosts, rule="MILVUS_EGRESS_RULE",
    integration=chosen.existing_integration or named("MILVUS_EGRESS_EAI"),
    existing=bool(chosen.existing_integration),
    database=database.name, schema=database.schema, user=notebook_role,
), deployer) if chosen.egress_hosts or chosen.existing_integration else None
shared = {"notebook": notebook_role} if chosen.shared_compute_pool else {}
pool = c.ComputePool("milvus-pool", c.ComputePoolArgs(
    name=named("MILVUS_COMPUTE_POOL"), users={"owner": owner, **shared},
    instance_family=chosen.milvus_instance_family, auto_suspend=chosen.pool_auto_suspend,
), guarded)
jupyter_pool = pool if chosen.shared_compute_pool else c.ComputePool("jupyter-pool", c.ComputePoolArgs(
    name=named("JUPYTER_COMPUTE_POOL"), users={"notebook": notebook_role},
    instance_family=chosen.jupyter_instance_family, auto_suspend=chosen.pool_auto_suspend,
), deployer)

# The owner role makes files, images and Milvus, as soon as it has its privileges.
place = c.Place(
    account=account, owner_role=named("MILVUS_OWNER_ROLE"), database=database.name, schema=database.schema,
)
made = [part for part in (identity, warehouse, database, egress, pool, jupyter_pool) if part]
owning = pulumi.ResourceOptions(provider=account.provider("owner", place.owner_role, depends_on=made))
guarded_owning = pulumi.ResourceOptions.merge(owning, kept)
storage = c.Storage("storage", c.StorageArgs(
    place=place, notebook=notebook_role, people=people,
), guarded_owning)
registry = account.registry_login(storage.repository_url)
images = {name: c.Image(name, c.ImageArgs(
    context=f"images/{name}", repository_url=storage.repository_url,
    registry=registry, base_images=chosen.base_images, builder=chosen.builder,
)).reference for name in ("milvus", "jupyter")}
milvus = c.Milvus("milvus", c.MilvusArgs(
    image=images["milvus"], tools_image=images["jupyter"], notebook_role=notebook_role, place=place,
    compute_pool=pool.name, share=capacity.milvus, config=chosen.milvus_config, volume=volume,
    ready_timeout=chosen.ready_timeout,
), guarded_owning)

# The notebook's role makes the notebook. Code in the notebook acts as this role: it can reach Milvus, but
# does not own it.
guest = replace(place, owner_role=named("MILVUS_NOTEBOOK_ROLE"))
visiting = pulumi.ResourceOptions(provider=account.provider(
    "notebook", guest.owner_role, depends_on=[*made, storage, milvus.credentials],
))
notebooks = {service: c.Notebook(name, c.NotebookArgs(
    name=service, image=images["jupyter"], milvus_host=milvus.host, milvus_secret=milvus.credentials.secret,
    files_stage=storage.files_stage, visitors=people, place=guest, compute_pool=jupyter_pool.name,
    share=capacity.notebook, warehouse=warehouse.name, ready_timeout=chosen.ready_timeout,
    external_access_integrations=[egress.integration] if egress else [],
), visiting) for name, service in chosen.notebook_services.items()}

pulumi.export("notebookUrl", notebooks["JUPYTER"].url)
if len(notebooks) > 1:
    pulumi.export("notebookUrls", {service: notebook.url for service, notebook in notebooks.items()})
pulumi.export("milvusEndpoint", milvus.endpoint)
pulumi.export("repositoryUrl", storage.repository_url)
pulumi.export("images", images)
pulumi.export("services", {
    "MILVUS": milvus.status, **{service: notebook.status for service, notebook in notebooks.items()},
})
pulumi.export("roles", {"owner": owner.name, "notebook": notebook_role.name, "people": people.name})
pulumi.export("cost", cost.output())
if identity.user_password:
    pulumi.export("userName", named("MILVUS_USER"))
    pulumi.export("userPassword", identity.user_password)
if others.passwords:
    pulumi.export("userPasswords", others.passwords)
if chosen.verify:
    verification = c.Verification("verification", c.VerificationArgs(
        image=images["jupyter"], milvus=milvus, place=guest, compute_pool=jupyter_pool.name,
    ), visiting)
    pulumi.export("verification", verification.found)
