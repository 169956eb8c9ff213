"""Where workers come from: this machine, or a cluster elsewhere. All else is the same for both (``cluster.py``)."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any, Protocol

import psutil

from appliance.compute.certificates import CA, CLIENT
from appliance.compute.on_cluster import kill_tree

__all__ = ["CannotConnect", "Elsewhere", "Here", "Place"]

PRELOAD = "appliance.compute.worker"
"""Imported by each worker when it starts; its ``dask_setup`` readies the worker for its first task."""

CONNECT_LIMIT = 10.0


class CannotConnect(Exception):
    """The cluster elsewhere cannot be used; the message tells the administrator why."""


class Place(Protocol):
    """Where workers come from. Its methods run in the cluster's thread, but `end_workers` in any."""

    wanted: int | None
    """How many workers there should be; None where that is somebody else's matter."""

    async def open(self, name: str) -> Any:
        """A connected client of Dask, with that name."""
        ...

    def end_workers(self) -> bool:
        """Kill the worker processes, those that only start too, and have no others started.

        :returns: False where they are not ours to end.
        """
        ...

    async def close(self, limit: float) -> None:
        """End what :meth:`open` started beside the client."""
        ...


class Here:
    """A scheduler in this process, and worker processes on this machine, on loopback.

    Everything they listen on wants the cluster's own certificate, which is made at each start and is never on disk:
    whoever reaches a scheduler runs code on it.

    :param workers: how many.
    """

    wanted: int | None

    def __init__(self, workers: int) -> None:
        self.wanted = workers
        self._dask: Any = None
        self._nannies: list[Any] = []   # one for each worker; they start and watch its process

    async def open(self, name: str) -> Any:
        """See :meth:`Place.open`."""
        from distributed import Client, LocalCluster

        self._dask = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=self.wanted, threads_per_worker=1, processes=True, security=True, asynchronous=True,
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False}, memory_limit=0,
            preload=[PRELOAD], silence_logs=logging.CRITICAL, worker_class=_noted_nanny(self._nannies),
        )
        await self._dask
        return await Client(  # type: ignore[no-untyped-call]
            self._dask, asynchronous=True, set_as_default=False, name=name)

    def end_workers(self) -> bool:
        """See :meth:`Place.end_workers`. A worker has nothing to save, and killing it is quicker than asking it, above
        all while it imports or computes.
        """
        for nanny in self._nannies:
            pid = nanny.pid
            if pid is not None:
                nanny.close_gracefully(reason="the appliance stops")
                with contextlib.suppress(psutil.Error):
                    kill_tree(psutil.Process(pid))
        return True

    async def close(self, limit: float) -> None:
        """See :meth:`Place.close`."""
        if self._dask is not None:
            await self._dask.close(timeout=limit)


class Elsewhere:
    """A scheduler and workers that somebody else starts, reached with TLS both ways.

    :param address: ``tls://host:port``.
    :param certificates: the folder that ``appliance compute certificates`` wrote, or one with the client's part of it.
    """

    wanted: int | None = None

    def __init__(self, address: str, certificates: Path | None) -> None:
        self._address = address
        self._folder = certificates

    async def open(self, name: str) -> Any:
        """See :meth:`Place.open`.

        :raises CannotConnect: in the words of the administrator.
        """
        from distributed import Client
        from distributed.security import Security

        ca, certificate, key = (self._file(name) for name in (CA.certificate, CLIENT.certificate, CLIENT.key))
        security = Security(  # type: ignore[no-untyped-call]
            require_encryption=True, tls_ca_file=ca, tls_client_cert=certificate, tls_client_key=key)
        try:
            return await Client(  # type: ignore[no-untyped-call]
                self._address, security=security, asynchronous=True, set_as_default=False, name=name,
                timeout=CONNECT_LIMIT)
        except OSError as error:
            raise CannotConnect(f"the scheduler at {self._address} cannot be reached: {_innermost(error)}") from error

    def end_workers(self) -> bool:
        """Not ours."""
        return False

    async def close(self, limit: float) -> None:
        """Nothing was started."""

    def _file(self, name: str) -> str:
        if self._folder is None:
            raise CannotConnect("the configuration has 'compute: scheduler' without 'compute: certificates', the "
                                "folder that 'appliance compute certificates' wrote")
        path = self._folder / name
        if not path.is_file():
            raise CannotConnect(f"there is no {name} in {self._folder}; 'appliance compute certificates' makes it")
        return str(path)


def _innermost(error: BaseException) -> str:
    """What was wrong at first, as far as it has words: Dask wraps it several times, and below all may be how it ended
    its own waiting, which has none.
    """
    words = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        words = str(cause) or words
        cause = cause.__cause__
    return words


def _noted_nanny(nannies: list[Any]) -> type:
    """Dask's Nanny, but each one is noted in `nannies` from its beginning; the cluster knows it only when it is up."""
    from distributed import Nanny

    class NotedNanny(Nanny):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            nannies.append(self)

    return NotedNanny
