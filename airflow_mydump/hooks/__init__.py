"""From Airflow's connections to the engine's endpoints."""
