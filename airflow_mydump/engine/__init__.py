"""The engine: what knows MySQL and MariaDB, usable and testable without Airflow."""
