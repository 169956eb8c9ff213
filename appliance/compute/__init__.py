"""Background tasks on a Dask cluster: the cluster, the dispatcher, what runs on a worker."""
