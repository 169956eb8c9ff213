"""What Dask is told about itself, here and where scheduler and workers are started by somebody else."""

from __future__ import annotations

from typing import Any

__all__ = ["ELSEWHERE", "HERE", "as_yaml"]

_SHARED: dict[str, Any] = {
    # One task for each worker, sent by us: a task whose worker died is our matter, not the scheduler's.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    # No dashboard, and nothing but "not found" on the HTTP ports that cannot be left away.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # An idle cluster costs 9 % of a core with the defaults, most of it by ticks of 20 ms; so it is less than 2 %.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.worker.profile.enabled": False,
    # Dask keeps its last thousand messages and events for developers; in ours are answers of people.
    "distributed.admin.low-level-log-length": 1,
    # A task's memory is looked at by us (see cluster); Dask's ways with it, spilling and pausing, suit arrays.
    "distributed.worker.memory.monitor-interval": "5s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    # Answers with uploaded documents in them may be large; that is no mistake of ours.
    "distributed.admin.large-graph-warning-threshold": "1GB",
}

HERE: dict[str, Any] = _SHARED | {
    # A laptop that slept comes back with old heartbeats, and its workers are well.
    "distributed.scheduler.worker-ttl": None,
    "distributed.deploy.lost-worker-timeout": "60s",
}
"""For the server's own process, and the workers that it starts."""

ELSEWHERE: dict[str, Any] = _SHARED | {
    # Whoever has no certificate is refused at once, and whoever asks in the clear too.
    "distributed.comm.require-encryption": True,
}
"""For a scheduler and workers elsewhere."""


def as_yaml(settings: dict[str, Any]) -> str:
    """The settings as a file that Dask reads where ``DASK_CONFIG`` names it."""
    import yaml

    root: dict[str, Any] = {}
    for name, value in settings.items():
        *groups, last = name.split(".")
        level = root
        for group in groups:
            level = level.setdefault(group, {})
        level[last] = value
    return yaml.safe_dump(root)
