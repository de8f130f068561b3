"""Directories that tasks share, by path or URL: reached with an Airflow connection where the URL names one."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.workdir import WorkDirectory


def directory_at(url: str) -> WorkDirectory:
    """The directory at a path, an fsspec URL, or a URL with a connection's id: ``s3://my_aws@bucket/dumps``.

    Without a connection the file system logs in as it does by itself, from the environment or the machine's role.

    Raises ConfigurationError if nothing serves the URL, AirflowNotFoundException if there is no such connection.
    """
    if "@" not in urlsplit(url).netloc:
        return WorkDirectory.at(url)
    # Imported when it is needed: Airflow's object storage is no part of parsing a DAG.
    from airflow.sdk import ObjectStoragePath

    try:
        path = ObjectStoragePath(url)
        # Files are opened through the file system: the path's own open() wraps each write in a call for lineage.
        return WorkDirectory(path.fs, path.path)
    except (ValueError, ImportError) as error:
        raise ConfigurationError(
            f"{url!r} cannot be used: {error}; install the provider that serves {urlsplit(url).scheme}"
        ) from error
