"""Objects of the catalog: a change that another statement makes in between is not lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.objects import warehouse
from local_account.spcs.docker import idle
from local_account.spcs.state.events import Events
from local_account.spcs.state.observed import Observed
from local_account.spcs.state.uses import Uses

WAREHOUSE = Name("", "", "W")
POOL = Name("", "", "P")
SERVICE = Name("D", "S", "SERVED")
RUNNING = {"SUSPENDED": False, "AUTO_SUSPEND": 600, "AUTO_RESUME": True, "USED_ON": 0.0, "RESUMED_ON": 0.0}


class Interrupted(Catalog):
    """A catalog in which another statement runs right after objects were listed."""

    statements: tuple[Callable[[], None], ...] = ()

    def objects(self, kind: str, database: str | None = None, schema: str | None = None) -> list[Object]:
        found = super().objects(kind, database, schema)
        if self.statements:
            first, *rest = self.statements
            self.statements = tuple(rest)
            first()
        return found


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Interrupted]:
    found = Interrupted(tmp_path / "catalog.db")
    yield found
    found.close()


def alter(catalog: Catalog, item: Object, **properties: Any) -> None:
    """What ALTER … SET does."""
    with catalog.transaction():
        fresh = catalog.by_id(item.id)
        assert fresh
        fresh.properties |= properties
        fresh.comment = "altered"
        catalog.save(fresh)


def now_in(catalog: Catalog, item: Object) -> Object:
    found = catalog.by_id(item.id)
    assert found
    return found


def test_object_that_was_read_outside_the_transaction_is_not_saved(catalog: Interrupted) -> None:
    catalog.create("WAREHOUSE", WAREHOUSE, "R", {"A": 1})
    stale = catalog.find("WAREHOUSE", WAREHOUSE)
    assert stale
    with pytest.raises(RuntimeError, match="WAREHOUSE W was not read in this transaction"):
        catalog.save(stale)
    with catalog.transaction(), pytest.raises(RuntimeError, match="not read in this transaction"):
        catalog.save(stale)
    with catalog.transaction():
        earlier = catalog.find("WAREHOUSE", WAREHOUSE)
    assert earlier
    with catalog.transaction(), pytest.raises(RuntimeError, match="not read in this transaction"):
        catalog.save(earlier)


def test_object_that_was_made_or_read_in_the_transaction_is_saved(catalog: Interrupted) -> None:
    with catalog.transaction():
        made = catalog.create("WAREHOUSE", WAREHOUSE, "R", {"A": 1})
        made.properties["A"] = 2
        catalog.save(made)
    with catalog.transaction():
        for read in (
            catalog.find("WAREHOUSE", WAREHOUSE),
            catalog.by_id(made.id),
            *catalog.objects("WAREHOUSE"),
            *catalog.owned("R"),
        ):
            assert read
            with catalog.transaction():
                read.properties["A"] += 1
                catalog.save(read)
    assert now_in(catalog, made).properties == {"A": 3}


def test_properties_are_set_on_the_object_as_it_is_now(catalog: Interrupted) -> None:
    stale = catalog.create("WAREHOUSE", WAREHOUSE, "R", {"A": 1, "B": 1})
    alter(catalog, stale, A=2)
    catalog.set_properties(stale.id, {"B": 3})
    assert now_in(catalog, stale).properties == {"A": 2, "B": 3}
    assert now_in(catalog, stale).comment == "altered"
    catalog.delete(stale)
    catalog.set_properties(stale.id, {"B": 4})
    assert catalog.by_id(stale.id) is None


def test_alter_of_a_warehouse_survives_its_use(catalog: Interrupted) -> None:
    stale = catalog.create("WAREHOUSE", WAREHOUSE, "R", RUNNING)
    alter(catalog, stale, AUTO_SUSPEND=60, WAREHOUSE_SIZE="LARGE")
    context: Any = SimpleNamespace(catalog=catalog)
    warehouse.use(context, stale)
    found = now_in(catalog, stale)
    assert (found.properties["AUTO_SUSPEND"], found.properties["WAREHOUSE_SIZE"]) == (60, "LARGE")
    assert found.comment == "altered"
    assert found.properties["USED_ON"] == pytest.approx(now(), abs=60)


def test_warehouse_that_was_suspended_for_good_in_between_is_not_used(catalog: Interrupted) -> None:
    stale = catalog.create("WAREHOUSE", WAREHOUSE, "R", RUNNING)
    alter(catalog, stale, SUSPENDED=True, AUTO_RESUME=False)
    context: Any = SimpleNamespace(catalog=catalog)
    with pytest.raises(Exception, match="is suspended and does not resume by itself"):
        warehouse.use(context, stale)
    assert now_in(catalog, stale).properties["SUSPENDED"]


def test_use_does_not_bring_a_dropped_warehouse_back(catalog: Interrupted) -> None:
    stale = catalog.create("WAREHOUSE", WAREHOUSE, "R", RUNNING)
    catalog.delete(stale)
    context: Any = SimpleNamespace(catalog=catalog)
    warehouse.use(context, stale)
    assert catalog.objects("WAREHOUSE") == []


def idle_service(catalog: Catalog) -> Object:
    content = {"SUSPENDED": False, "AUTO_SUSPEND_SECS": 300, "RESUMED_ON": 1.0, "POOL": "OTHER"}
    return catalog.create("SERVICE", SERVICE, "R", content)


def idle_pool(catalog: Catalog) -> Object:
    return catalog.create("COMPUTE POOL", POOL, "R", {"SUSPENDED": False, "AUTO_SUSPEND_SECS": 300})


def account_of(catalog: Catalog) -> Any:
    observed = Observed(Events(Path("unused")))
    return SimpleNamespace(catalog=catalog, part={Observed: observed, Uses: Uses()}.__getitem__)


def test_idle_service_and_pool_are_suspended(catalog: Interrupted) -> None:
    service, pool, account = idle_service(catalog), idle_pool(catalog), account_of(catalog)
    account.part(Observed).idle_since[pool.id] = 1.0
    assert idle.suspend_idle(account, [pool]) == float("inf")
    assert now_in(catalog, service).properties["SUSPENDED"]
    assert now_in(catalog, pool).properties["SUSPENDED"]


def test_a_service_that_functions_call_is_not_idle(catalog: Interrupted) -> None:
    service, account = idle_service(catalog), account_of(catalog)
    with account.part(Uses).of(service.id):
        assert idle.suspend_idle(account, []) > 0
    assert idle.suspend_idle(account, []) == pytest.approx(300, abs=60)
    assert not now_in(catalog, service).properties["SUSPENDED"]


def test_alter_of_an_idle_service_survives_its_suspension(catalog: Interrupted) -> None:
    service = idle_service(catalog)
    catalog.statements = (lambda: alter(catalog, service, QUERY_WAREHOUSE="W"),)
    idle.suspend_idle(account_of(catalog), [])
    found = now_in(catalog, service).properties
    assert found["SUSPENDED"]
    assert found["QUERY_WAREHOUSE"] == "W"


def test_service_that_was_told_to_stay_in_between_is_not_suspended(catalog: Interrupted) -> None:
    service = idle_service(catalog)
    catalog.statements = (lambda: alter(catalog, service, AUTO_SUSPEND_SECS=0),)
    idle.suspend_idle(account_of(catalog), [])
    assert not now_in(catalog, service).properties["SUSPENDED"]


def test_pool_that_got_a_service_in_between_is_not_suspended(catalog: Interrupted) -> None:
    pool, account = idle_pool(catalog), account_of(catalog)
    account.part(Observed).idle_since[pool.id] = 1.0
    service = idle_service(catalog)
    alter(catalog, service, AUTO_SUSPEND_SECS=0)
    # The services are listed twice: to see which are idle, and which are in the pool.
    catalog.statements = (lambda: None, lambda: alter(catalog, service, POOL="P"))
    idle.suspend_idle(account, [pool])
    assert catalog.statements == ()
    assert not now_in(catalog, pool).properties["SUSPENDED"]


def test_idle_time_of_a_pool_starts_again_after_it_was_suspended(catalog: Interrupted) -> None:
    pool, account = idle_pool(catalog), account_of(catalog)
    account.part(Observed).idle_since[pool.id] = 1.0
    alter(catalog, pool, SUSPENDED=True)
    idle.suspend_idle(account, [now_in(catalog, pool)])
    alter(catalog, pool, SUSPENDED=False)
    left = idle.suspend_idle(account, [now_in(catalog, pool)])
    assert left == pytest.approx(300, abs=60)
