"""The component resources of a stack; `__main__.py` connects them."""

from components.account.account import Account, from_config
from components.account.place import Place
from components.checks.capacity import capacity_of
from components.checks.cost import cost_of, refuse_over_budget
from components.checks.data_loss import refuse_data_loss
from components.objects.compute_pool import ComputePool, ComputePoolArgs
from components.objects.database import Database, DatabaseArgs
from components.objects.egress import Egress, EgressArgs
from components.objects.image import Image, ImageArgs
from components.objects.storage import Storage, StorageArgs
from components.objects.warehouse import Warehouse, WarehouseArgs, require_monitor_role
from components.roles.identity import Identity, IdentityArgs
from components.roles.people import People, PeopleArgs
from components.services.milvus import Milvus, MilvusArgs
from components.services.notebook import Notebook, NotebookArgs
from components.services.specification import check_all as check_specifications
from components.services.verification import Verification, VerificationArgs

__all__ = [
    "Account",
    "ComputePool",
    "ComputePoolArgs",
    "Database",
    "DatabaseArgs",
    "Egress",
    "EgressArgs",
    "Identity",
    "IdentityArgs",
    "Image",
    "ImageArgs",
    "Milvus",
    "MilvusArgs",
    "Notebook",
    "NotebookArgs",
    "People",
    "PeopleArgs",
    "Place",
    "Storage",
    "StorageArgs",
    "Verification",
    "VerificationArgs",
    "Warehouse",
    "WarehouseArgs",
    "capacity_of",
    "check_specifications",
    "cost_of",
    "from_config",
    "refuse_data_loss",
    "refuse_over_budget",
    "require_monitor_role",
]
