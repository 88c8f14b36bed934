"""The component resources of a stack; `__main__.py` connects them."""

from components.account import Account, from_config
from components.compute_pool import ComputePool, ComputePoolArgs
from components.cost import cost_of, refuse_over_budget
from components.data_loss import refuse_data_loss
from components.database import Database, DatabaseArgs
from components.egress import Egress, EgressArgs
from components.identity import Identity, IdentityArgs
from components.image import Image, ImageArgs
from components.milvus import Milvus, MilvusArgs
from components.notebook import Notebook, NotebookArgs
from components.people import People, PeopleArgs
from components.place import Place
from components.specification import check_all as check_specifications
from components.storage import Storage, StorageArgs
from components.verification import Verification, VerificationArgs
from components.warehouse import Warehouse, WarehouseArgs, require_monitor_role

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
    "check_specifications",
    "cost_of",
    "from_config",
    "refuse_data_loss",
    "refuse_over_budget",
    "require_monitor_role",
]
