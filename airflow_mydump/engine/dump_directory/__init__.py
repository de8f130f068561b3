"""The dump directory: a mydumper directory in LOAD DATA form, and beside it what this package needs beyond that.

``metadata``, schema files and data files are as mydumper 1.0 writes them, so that myloader restores them. The
sub-folder `PRIVATE`, which mydumper ignores, has the catalog, the plan and a manifest for every chunk.

A dump is untrusted: what is read here is data, or one CREATE per object whose text was examined; nothing of a
directory is ever executed as it was found.
"""

from __future__ import annotations

PRIVATE = "airflow_mydump"
"""The sub-folder that mydumper and myloader ignore."""

METADATA = "metadata"
"""The file that is written last: where it is, the dump is complete."""
