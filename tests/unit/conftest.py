"""Airflow, where a test imports it, keeps its files in a folder that is removed afterwards."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

# Airflow reads it when it is first imported, which is while the tests are collected.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="mydump-airflow-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
