"""Background tasks on Dask: the cluster, the queue from the journal to its workers, and what runs on a worker.

:class:`appliance.compute.compute.Compute` is the whole of it for the rest of the appliance. This package imports
nothing by itself, because every worker process goes through here.
"""
