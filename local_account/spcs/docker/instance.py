"""Brings one instance of a service on Docker to what the catalog says, step by step."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace
from typing import Any

from docker.errors import APIError, NotFound

from local_account.base.labels import CONTAINER, HOLDER, Found
from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.docker import session_token, volumes
from local_account.spcs.docker.container_state import ended, probing
from local_account.spcs.docker.probes import Probe
from local_account.spcs.docker.runtime import DockerRuntime, PullError, Run
from local_account.spcs.network.firewall import Firewall, FirewallError
from local_account.spcs.state.observed import ContainerState, InstanceState, Observed

_BACK_OFF_LIMIT = 60.0
_PULL_AGAIN = 10.0
_STABLE_SECONDS = 10.0
_TRIAL_SECONDS = 1.0
# Docker reports when a process ends. Containers are also looked at this often, in case a report was missed.
_WATCH_SECONDS = 5.0


@dataclass
class InstanceNotes:
    """Notes about an instance that are kept between passes. They end with the server, which does no harm.

    Attributes:
        probes: by container id and probe name.
        token_due: when the session token is renewed, by the monotonic clock.
        retry: container name to the time, by the monotonic clock, before which it is not tried again.
        crashes: container name to its number of failures in a row.
    """

    probes: dict[tuple[str, str], Probe] = field(default_factory=dict)
    token_due: float = 0.0
    retry: dict[str, float] = field(default_factory=dict)
    crashes: dict[str, int] = field(default_factory=dict)


class Keeper:
    """One pass over one instance.

    Attributes:
        state: the instance's state at the end of the pass.
        due: seconds until the instance must be looked at again; None when no change is expected.
    """

    def __init__(
        self,
        account: Account,
        runtime: DockerRuntime,
        firewall: Firewall,
        item: Object,
        number: int,
        found: list[Found],
        notes: InstanceNotes,
        before: InstanceState | None,
    ) -> None:
        self._account, self._runtime, self._firewall = account, runtime, firewall
        self._item, self._number, self._notes = item, number, notes
        self._found, self._observed = found, account.part(Observed)
        self.state = replace(before, containers={}) if before else InstanceState(created=now())
        self._before = before.containers if before else {}
        self.due: float | None = None

    @property
    def _containers(self) -> list[dict[str, Any]]:
        return self._item.properties["SPEC"]["spec"]["containers"]

    def run(self) -> None:
        """Make progress. This never blocks longer than a pull, a probe or a stop takes."""
        digest = self._item.properties["SPEC_DIGEST"]
        holder = next((part for part in self._found if part.part == HOLDER), None)
        parts = [part for part in self._found if part.part == CONTAINER]
        if holder and not holder.running:
            # The instance's network is gone, so everything that ran in it is lost. Block volumes stay.
            self._publish_stopping()
            self._tear_down([holder, *parts])
            holder, parts = None, []
        old = [part for part in parts if part.digest != digest]
        if old:
            self._publish_stopping()
            self._tear_down(parts)
            parts = []
        self.state.digest = digest
        if holder is None:
            self._make_holder()
        elif not self.state.address:
            self._adopt(holder)
        identity = holder.id if holder else self._new_holder
        for container in self._containers:
            self._keep(container, identity, [part for part in parts if part.name == container["name"]])
        self._renew_token()

    _new_holder = ""

    def _make_holder(self) -> None:
        self._new_holder = self._runtime.start_holder(self._item, self._number)
        self.state.address = self._runtime.address(self._new_holder)
        self.state.started = now()
        self._firewall.add(self._new_holder, self._item.id, self.state.address)

    def _publish_stopping(self) -> None:
        """Show that the containers are stopping, because a stop may take long."""
        stopping = {
            name: replace(state, status="TERMINATING", message="Terminating")
            for name, state in self._before.items()
        }
        self._observed.put(self._item.id, self._number, replace(self.state, containers=stopping))

    def _adopt(self, holder: Found) -> None:
        """Take over an instance that an earlier server made."""
        run = self._runtime.inspect(holder.id)
        if run and run.started:
            self.state.created = self.state.started = run.started
        self.state.address = self._runtime.address(holder.id)
        self._firewall.add(holder.id, self._item.id, self.state.address)

    def _tear_down(self, parts: list[Found]) -> None:
        holders = [part for part in parts if part.part == HOLDER]
        self._runtime.remove([part.id for part in parts if part.part == CONTAINER])
        for holder in holders:
            self._firewall.forget(holder.id)
            self._runtime.remove([holder.id], grace=0)
            self.state.address = ""
        labels = self._account.settings.labels
        volumes.remove(self._runtime.client, labels, self._item.id, self._number, block=False)
        self._notes.probes.clear()
        self._notes.crashes.clear()
        self._before = {}

    def _keep(self, container: dict[str, Any], holder: str, parts: list[Found]) -> None:
        name = container["name"]
        parts = sorted(parts, key=lambda part: part.restart)
        newest = parts[-1] if parts else None
        run = self._runtime.inspect(newest.id) if newest else None
        state = self._before.get(name) or ContainerState()
        state = replace(state, restart_count=newest.restart if newest else 0)
        if newest and newest.restart and name not in self._notes.crashes and not self._before.get(name):
            self._notes.crashes[name] = newest.restart
        if newest is None or run is None:
            state = self._start(container, holder, 0, state)
        elif run.running:
            state = self._watch(container, newest, run, state)
        elif self._item.properties["IS_JOB"]:
            state = ended(run, state)
        else:
            state = self._restart(container, holder, parts, run, state)
        state.crashes = self._notes.crashes.get(name, 0)
        self.state.containers[name] = state

    def _start(
        self, container: dict[str, Any], holder: str, restart: int, state: ContainerState
    ) -> ContainerState:
        name = container["name"]
        wait = self._notes.retry.get(name, 0.0) - time.monotonic()
        if wait > 0:
            self._look_in(wait)
            return state
        try:
            self._runtime.pull(self._item.properties["IMAGES"][name]["reference"])
            self._runtime.start_container(self._item, self._number, name, holder, restart)
        except PullError as error:
            return self._later(name, state, "PENDING", f"Failed to pull image: {error}")
        except (volumes.VolumeError, session_token.MissingSecretError, FirewallError) as error:
            return self._later(name, state, "FAILED", str(error))
        except NotFound:
            # The pause container is gone; the next pass makes a new one.
            return self._later(name, state, "PENDING", "Waiting to start", seconds=1.0)
        except APIError as error:
            self._notes.crashes[name] = self._notes.crashes.get(name, 0) + 1
            text = f"Encountered fatal error while starting container: {error.explanation or error}"
            return self._later(name, state, "FAILED", text)
        self._look_in(0.2)
        return replace(
            state,
            status="PENDING",
            message=probing(container) if self._has_probe(container) else "Waiting to start",
            restart_count=restart,
            started=now(),
            restarted=now() if restart else None,
        )

    def _later(
        self, name: str, state: ContainerState, status: str, message: str, seconds: float = _PULL_AGAIN
    ) -> ContainerState:
        self._notes.retry[name] = time.monotonic() + seconds
        self._look_in(seconds)
        return replace(state, status=status, message=message)

    def _watch(
        self, container: dict[str, Any], part: Found, run: Run, state: ContainerState
    ) -> ContainerState:
        name = container["name"]
        state.started = run.started
        self._look_in(_WATCH_SECONDS)
        if part.restart and state.restarted is None:
            state.restarted = run.started
        liveness = self._probe(container, part, "livenessProbe")
        if liveness and liveness.failed:
            self._runtime.stop(part.id)
            self._look_in(0.0)
            probe = container["livenessProbe"]
            text = f"liveness probe is failing at path: {probe['path']}, port: {probe['port']}"
            return replace(state, status="FAILED", message=f"Encountered fatal error, retrying: {text}")
        readiness = self._probe(container, part, "readinessProbe")
        age = now() - (run.started or now())
        if readiness is None:
            wait = self._trial_seconds(name) - age
            if wait > 0:
                self._look_in(wait)
                return replace(state, status="PENDING", message="Waiting to start")
        ready = readiness is None or readiness.passed
        if ready and age > _STABLE_SECONDS:
            self._notes.crashes.pop(name, None)
        elif name in self._notes.crashes:
            self._look_in(_STABLE_SECONDS)
        if ready:
            return replace(state, status="READY", message="Running")
        return replace(state, status="PENDING", message=probing(container))

    def _trial_seconds(self, name: str) -> float:
        """Seconds that a process without a probe must live to count as started; most errors show at once."""
        if self._item.properties["IS_JOB"]:
            return 0.0
        return _STABLE_SECONDS if self._notes.crashes.get(name) else _TRIAL_SECONDS

    def _has_probe(self, container: dict[str, Any]) -> bool:
        return "readinessProbe" in container and not self._item.properties["IS_JOB"]

    def _probe(self, container: dict[str, Any], part: Found, kind: str) -> Probe | None:
        if kind not in container or self._item.properties["IS_JOB"]:
            return None
        probe = self._notes.probes.setdefault((part.id, kind), Probe(container[kind]))
        probe.ask(self.state.address, eager=kind == "readinessProbe")
        self._look_in(max(0.0, probe.due - time.monotonic()))
        return probe

    def _restart(
        self, container: dict[str, Any], holder: str, parts: list[Found], run: Run, state: ContainerState
    ) -> ContainerState:
        name, newest = container["name"], parts[-1]
        state = ended(run, state)
        crashes = self._notes.crashes.get(name, 0)
        # Each crash is counted once: a crash that was counted already has a restart time.
        if self._notes.retry.get(f"{name}/{newest.restart}") is None:
            crashes += 1
            self._notes.crashes[name] = crashes
            delay = 0.0 if crashes == 1 else min(2.0 ** (crashes - 2), _BACK_OFF_LIMIT)
            self._notes.retry[f"{name}/{newest.restart}"] = time.monotonic() + delay
        wait = self._notes.retry[f"{name}/{newest.restart}"] - time.monotonic()
        if wait > 0:
            self._look_in(wait)
            return state
        self._notes.retry.pop(f"{name}/{newest.restart - 1}", None)
        # The previous run stays for its logs; older runs are removed.
        self._runtime.remove([part.id for part in parts[:-1]], grace=0)
        return self._start(container, holder, newest.restart + 1, state)

    def _renew_token(self) -> None:
        if time.monotonic() >= self._notes.token_due:
            account = self._account
            token = session_token.issue(account, self._item)
            origin = session_token.issue_origin(account, self._item)
            for container in self._containers:
                if session_token.wants_token(container):
                    session_token.write_tokens(account, self._item, self._number, container, token, origin)
                # A changed secret reaches its files now. Environment variables keep their first values.
                with contextlib.suppress(session_token.MissingSecretError):
                    session_token.write_secrets(account, self._item, self._number, container)
            self._notes.token_due = time.monotonic() + session_token.REFRESH_SECONDS
        self._look_in(self._notes.token_due - time.monotonic())

    def _look_in(self, seconds: float) -> None:
        self.due = seconds if self.due is None else min(self.due, seconds)
