"""What the operators that map over the bundles of a dump or a restore share."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.staged import StagedOperator


class StagedBundleOperator(StagedOperator, BundleOperator):
    """A phase over one bundle and the dump directory; map it with ``.partial(…).expand(bundle=plan.output)``."""

    template_fields: Sequence[str] = (*BundleOperator.template_fields, "dump_directory")
