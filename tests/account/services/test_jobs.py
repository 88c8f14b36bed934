"""Job services: synchronous and asynchronous, success, failure, cancellation."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run
from tests.account.spcs_world import POOL, World

pytestmark = pytest.mark.docker
EXECUTE = f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = "


def test_job_that_works(world: World, account: RunningAccount) -> None:
    code = "import os; print('done', os.environ['SNOWFLAKE_JOBS_COUNT'], os.environ['SNOWFLAKE_JOB_INDEX'])"
    answer = world.run(f"{EXECUTE} GOOD_JOB {world.spec(code)}")[0]["status"]
    assert answer == "Job GOOD_JOB completed successfully with status: DONE."
    assert world.logs("GOOD_JOB") == "done 1 0"
    row = world.containers("GOOD_JOB")[0]
    assert (row["status"], row["message"], row["last_exit_code"]) == ("DONE", "Completed successfully", "0")
    shown = world.run("SHOW JOB SERVICES LIKE 'GOOD_JOB'")[0]
    assert (shown["status"], shown["is_async_job"], "is_job" in shown) == ("DONE", False, False)
    assert world.run("SHOW SERVICES LIKE 'GOOD_JOB'")[0]["is_job"] is True
    assert world.run("SHOW SERVICES EXCLUDE JOBS LIKE 'GOOD_JOB'") == []
    account.restart()
    world.eventually(lambda: world.logs("GOOD_JOB") == "done 1 0")
    assert world.status("GOOD_JOB") == "DONE"
    assert world.refused(f"{EXECUTE} GOOD_JOB {world.spec(code)}").errno == 2002
    world.run("DROP SERVICE GOOD_JOB FORCE")


def test_job_that_fails(world: World) -> None:
    code = "import sys; print('first'); print('the reason', file=sys.stderr); sys.exit(3)"
    refused = str(world.refused(f"{EXECUTE} BAD_JOB {world.spec(code)}"))
    assert "BAD_JOB ended with status: FAILED" in refused
    assert "(exit code 3)" in refused
    assert "the reason" in refused
    assert world.status("BAD_JOB") == "FAILED"
    world.run("DROP SERVICE BAD_JOB")


def test_asynchronous_job(world: World) -> None:
    world.run(f"{EXECUTE} LATER ASYNC = TRUE COMMENT = 'c' {world.spec('import time; time.sleep(5)')}")
    assert world.status("LATER") in ("PENDING", "RUNNING")
    world.wait_for("LATER", "DONE")
    assert world.run("SHOW JOB SERVICES LIKE 'LATER'")[0]["is_async_job"] is True
    world.run("DROP SERVICE LATER")


def test_replicas(world: World) -> None:
    code = "import os; print(os.environ['SNOWFLAKE_JOB_INDEX'])"
    world.run(f"{EXECUTE} MANY REPLICAS = 2 {world.spec(code)}")
    logs = [world.run(f"SELECT SYSTEM$GET_SERVICE_LOGS('MANY', {n}, 'main') AS L")[0]["L"] for n in (0, 1)]
    assert logs == ["0", "1"]
    world.run("DROP SERVICE MANY")


def test_cancelled_job(world: World) -> None:
    code = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(1)); time.sleep(99)"
    world.run(f"{EXECUTE} ENDLESS ASYNC = TRUE {world.spec(code)}")
    world.eventually(lambda: world.status("ENDLESS") == "RUNNING")
    world.run("CALL ENDLESS!SPCS_CANCEL_JOB()")
    world.wait_for("ENDLESS", "CANCELLED")
    assert "ALTER SERVICE of a job service" in str(world.refused("ALTER SERVICE ENDLESS SUSPEND"))
    world.run("DROP SERVICE ENDLESS")


def test_waiting_for_what_cannot_come(world: World) -> None:
    world.run(f"{EXECUTE} OVER {world.spec('pass')}")
    refused = str(world.refused("CALL OVER!SPCS_WAIT_FOR('FAILED', 30)"))
    assert "did not reach status FAILED: its status is DONE" in refused
    world.run("DROP SERVICE OVER")


def test_job_ends_with_its_statement(world: World) -> None:
    limit = {"STATEMENT_TIMEOUT_IN_SECONDS": 3}
    with world.connect(session_parameters=limit) as session, pytest.raises(ProgrammingError) as failure:
        run(session, f"{EXECUTE} TOO_LONG {world.spec('import time; time.sleep(99)')}")
    assert failure.value.errno == 630
    world.wait_for("TOO_LONG", "CANCELLED")
    world.run("DROP SERVICE TOO_LONG")
