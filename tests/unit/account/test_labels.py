"""What an account makes in Docker is named by its settings alone."""

from __future__ import annotations

from pathlib import Path

from local_account.base.labels import CONTAINER, Found, Labels
from local_account.base.settings import LocalSettings

OURS, OTHER = Labels("milvus-spcs", "0a1b2c3d"), Labels("other", "0a1b2c3d")


def test_names_of_existing_accounts_stay() -> None:
    assert OURS.of_account == "milvus-spcs.account=0a1b2c3d"
    assert OURS.registry == "milvus-spcs-registry-0a1b2c3d"
    assert (OURS.network, OURS.egress_network) == ("milvus-spcs-0a1b2c3d", "milvus-spcs-0a1b2c3d-egress")
    assert OURS.images == ("milvus-spcs/registry:2.8", "milvus-spcs/instance:1")
    assert OURS.instance(7, 0) == "spcs-0a1b2c3d-7-0"
    assert OURS.snapshot(9) == "spcs-0a1b2c3d-snapshot-9"
    assert OURS.for_volume(7, 0, "block") == {
        "milvus-spcs.account": "0a1b2c3d",
        "milvus-spcs.part": "volume",
        "milvus-spcs.service": "7",
        "milvus-spcs.instance": "0",
        "milvus-spcs.source": "block",
    }


def test_a_container_is_found_by_its_own_label_only() -> None:
    marks = OURS.for_container(7, 1, "main", "digest", 2)
    entry = {"Id": "id", "State": "running", "Labels": marks}
    assert OURS.found(entry) == Found("id", CONTAINER, 7, 1, "main", "digest", 2, True)
    assert OTHER.found(entry) is None
    assert (OURS.service_of(marks), OTHER.service_of(marks)) == (7, None)


def test_labels_follow_the_settings() -> None:
    settings = LocalSettings(state=Path("state"), port=8480, account_id="0a1b2c3d")
    assert settings.labels == Labels("local-account", "0a1b2c3d")
    assert settings.run_path.name in ("local-account-0a1b2c3d", "run")
