"""Load phase: loads the chunks of a bundle from a dump directory."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import MOST_BYTES, batches
from airflow_mydump.engine.copy import Copied
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.load import LoadJob, load_chunks
from airflow_mydump.engine.load_bundle import LoadBundle, load_file
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.phases.data import Moved
from airflow_mydump.engine.plan import DataBundle, PlanIdentity
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata
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
    with Session(target, metadata) as session:
        loaded = ledger.source_checksums(session, bundle.identity, bundle.chunks).keys()
    moved = Moved(skipped=len(loaded))
    jobs = []
    for chunk in bundle.chunks:
        job = LoadJob(bundle.table_of(chunk), sources.source_of(chunk))
        if chunk.id in loaded:
            announce(Event(EventKind.CHUNK_SKIPPED, job.planned.target, chunk.id))
        else:
            jobs.append(job)
    with _Worker(target, storage, bundle.identity, announce) as worker:
        for batch in batches(jobs, _weight):
            moved = moved.plus(batch, worker.load(batch))
    return moved


def _weight(job: LoadJob) -> int:
    # A table that cannot be rolled back gets a batch of its own.
    return job.chunk.weight if job.planned.table.transactional else MOST_BYTES + 1


class _Worker:
    """The connection of a task; after an error it is closed, and opened anew when next needed."""

    def __init__(self, target: Endpoint, storage: Storage, identity: PlanIdentity, announce: Listener) -> None:
        self._target = target
        self._storage = storage
        self._identity = identity
        self._announce = announce
        self._loader: Loader | None = None

    def load(self, jobs: Sequence[LoadJob]) -> dict[LoadJob, Copied]:
        """Load a batch; if another worker has some of it, one by one, leaving out what is loaded."""
        loaded = retrying()(self._load_once, jobs)
        if loaded or len(jobs) == 1:
            return loaded
        for job in jobs:
            loaded |= retrying()(self._load_once, [job])
        return loaded

    def _load_once(self, jobs: Sequence[LoadJob]) -> dict[LoadJob, Copied]:
        try:
            if self._loader is None:
                self._loader = Loader(self._target)
            return load_chunks(self._storage, self._loader, self._identity, jobs, self._announce)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._loader is not None:
            self._loader.close()
        self._loader = None

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
