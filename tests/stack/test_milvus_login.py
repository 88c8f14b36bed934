"""Milvus lets nobody in without the right password."""

from __future__ import annotations

import json

import pytest

from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker

ENTER = """
import json, os
from milvus_demo import connect
from milvus_demo.connection import login_refused
from pymilvus import MilvusClient
connect().list_collections()
uri = f"http://{os.environ['MILVUS_HOST']}:{os.environ['MILVUS_PORT']}"
found = {}
for token in ("", "root:Milvus", "notebook:wrong-password", "notebook:", "nobody:nobody-s-password"):
    try:
        MilvusClient(uri=uri, token=token, timeout=10).list_collections()
        found[token] = "let in"
    except Exception as error:
        found[token] = "refused" if login_refused(error) else str(error)
print(json.dumps(found))
"""


def test_milvus_lets_nobody_in_without_the_right_password(deployed: Deployment) -> None:
    found = json.loads(deployed.in_notebook(ENTER).strip().splitlines()[-1])
    assert len(found) == 5
    assert set(found.values()) == {"refused"}, found
