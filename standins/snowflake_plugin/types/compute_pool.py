"""Compute pools. See https://docs.snowflake.com/en/sql-reference/sql/create-compute-pool."""

from collections.abc import Sequence

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns
from standins.snowflake_plugin.objects import COMMENT, FIXED_NAME, ObjectResource
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.session import Session

FAMILIES = sql.words(
    "CPU_X64_XS CPU_X64_S CPU_X64_M CPU_X64_SL CPU_X64_L HIGHMEM_X64_S HIGHMEM_X64_M"
    " HIGHMEM_X64_L HIGHMEM_X64_SL GPU_NV_S GPU_NV_M GPU_NV_L GPU_NV_XS GPU_NV_SM GPU_NV_2M"
    " GPU_NV_3M GPU_NV_SL GPU_GCP_NV_L4_1_24G GPU_GCP_NV_L4_4_24G GPU_GCP_NV_A100_8_40G"
    " GEN_ARM_G1_2 GEN_ARM_G1_4 GEN_ARM_G1_8 GEN_ARM_G1_16 GEN_ARM_G1_32 GEN_X64_G2_2 GEN_X64_G2_4"
    " GEN_X64_G2_8 GEN_X64_G2_16 GEN_X64_G2_32 MEM_X64_G2_8 MEM_X64_G2_32 MEM_X64_G2_64"
    " MEM_X64_G2_96 MEM_X64_G2_192 GPU_L40S_G1_8 GPU_L40S_G1_16 GPU_L40S_G1_48 GPU_L40S_G1_192"
    " GPU_R6K_G1_8 GPU_R6K_G1_16 GPU_R6K_G1_32 GPU_R6K_G1_48 GPU_R6K_G1_96 GPU_R6K_G1_192"
    " GPU_A100_G1_12 GPU_A100_G1_48"
)
"""Instance families that the official plugin of this version accepts."""

_SHOW = (
    "name state min_nodes:int max_nodes:int instance_family num_services:int num_jobs:int"
    " auto_suspend_secs:int auto_resume:bool active_nodes:int idle_nodes:int target_nodes:int"
    " created_on resumed_on updated_on owner comment is_exclusive:bool application"
    " backup_instance_families:list"
)
_FAMILY = "compute pool instance family"


class ComputePool(ObjectResource):
    """A compute pool. Deleting it drops every service and job on it, as the official plugin does."""

    type = "ComputePool"
    kind = "COMPUTE POOL"
    props = (
        FIXED_NAME,
        Prop("forApplication", "ident", plain=False, replace=True, show="application"),
        Prop("minNodes", "int", required=True, minimum=1, show="minNodes"),
        Prop("maxNodes", "int", required=True, minimum=1, show="maxNodes"),
        Prop(
            "instanceFamily",
            "word",
            required=True,
            replace=True,
            choices=FAMILIES,
            what=_FAMILY,
            show="instanceFamily",
        ),
        Prop("autoResume", "flag", drift="autoResume"),
        Prop("initiallySuspended", "flag", create_only=True),
        Prop("autoSuspendSecs", "count", minimum=0, drift="autoSuspendSecs"),
        COMMENT,
        Prop(
            "backupInstanceFamilies",
            "words",
            choices=FAMILIES,
            what=_FAMILY,
            show="backupInstanceFamilies",
            quiet=True,
        ),
    )
    set_order = ("minNodes", "maxNodes", "autoResume", "autoSuspendSecs", "backupInstanceFamilies", "comment")
    show_columns = columns(_SHOW)
    describe_columns = columns(_SHOW + " error_code status_message")

    def create_object(self, session: Session, names: Sequence[str], inputs: dict) -> None:
        """Run CREATE COMPUTE POOL."""
        application = (
            f" FOR APPLICATION {sql.ident(inputs['forApplication'])}" if inputs.get("forApplication") else ""
        )
        session.run(f"CREATE COMPUTE POOL {sql.path(names)}{application}{self.options(inputs)}", self.timeout)

    def drop(self, session: Session, names: Sequence[str]) -> None:
        """Stop everything on the pool first, because a pool in use cannot be dropped."""
        session.run(f"ALTER COMPUTE POOL IF EXISTS {sql.path(names)} STOP ALL", self.timeout)
        session.run(f"DROP COMPUTE POOL IF EXISTS {sql.path(names)}", self.timeout)
