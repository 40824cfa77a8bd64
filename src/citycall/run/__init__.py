"""One supervised process tree: the embedded database, the web processes, the worker."""
