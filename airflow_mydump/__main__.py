"""Makes ``python -m airflow_mydump`` the command line."""

import sys

from airflow_mydump.cli import main

if __name__ == "__main__":  # worker processes import this module under another name
    sys.exit(main())
