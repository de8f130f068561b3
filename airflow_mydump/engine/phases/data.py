"""Data phase: copies the chunks of a bundle from source to target."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_mydump.engine.attempt import Loaded
from airflow_mydump.engine.chunk_loading import Moved, load_missing
from airflow_mydump.engine.copy import CopyJob, copy_chunks
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import DataBundle
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import reading
from airflow_mydump.engine.workdir import WorkDirectory


def data_phase(
    source: Endpoint, target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore
) -> Moved:
    """Load every chunk of a bundle that is not loaded yet; small ones are committed together.

    Raises ServerError naming the table and chunk, and what `copy_chunks` raises. Chunks committed before stay
    committed; another call goes on after them.
    """
    bundle = directory.read(file, DataBundle)
    jobs = [CopyJob(bundle.table_of(chunk), chunk) for chunk in bundle.chunks]
    with _Source(source) as connection:

        def attempt(loader: Loader, batch: Sequence[CopyJob]) -> dict[CopyJob, Loaded]:
            return connection.copy(loader, bundle, batch, announce)

        return load_missing(target, bundle.identity, jobs, attempt, announce)


class _Source:
    """The connection to the source; after an error it is closed, and opened anew when next needed."""

    def __init__(self, source: Endpoint) -> None:
        self._source = source
        self._session: Session | None = None

    def copy(
        self, loader: Loader, bundle: DataBundle, jobs: Sequence[CopyJob], announce: Listener
    ) -> dict[CopyJob, Loaded]:
        try:
            if self._session is None:
                self._session = Session(self._source, reading)
            return copy_chunks(self._session, loader, bundle.identity, jobs, announce)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None

    def __enter__(self) -> _Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
