"""Load phase: loads the chunks of a bundle from a dump directory."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_mydump.engine.dump_directory.load_bundle import LoadBundle, load_file
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.loading.attempt import Loaded
from airflow_mydump.engine.loading.chunk_load import LoadJob, load_chunks
from airflow_mydump.engine.loading.chunk_loading import Moved, load_missing
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.plan.plan import DataBundle
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.workdir import WorkDirectory


def load_phase(
    target: Endpoint, storage: Storage, directory: WorkDirectory, file: str, announce: Listener = ignore
) -> Moved:
    """Load every chunk of a bundle that is not loaded yet; small ones are committed together.

    Raises ServerError naming the table and chunk, and what `load_chunks` raises. Chunks committed before stay
    committed; another call goes on after them.
    """
    bundle = directory.read(file, DataBundle)
    sources = directory.read(load_file(file), LoadBundle)
    jobs = [LoadJob(bundle.table_of(chunk), sources.source_of(chunk)) for chunk in bundle.chunks]

    def attempt(loader: Loader, batch: Sequence[LoadJob]) -> dict[LoadJob, Loaded]:
        return load_chunks(storage, loader, bundle.identity, batch, announce)

    return load_missing(target, bundle.identity, jobs, attempt, announce)
