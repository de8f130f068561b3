"""Whole runs in one call, for whoever has no Airflow."""
