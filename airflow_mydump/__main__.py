"""Makes ``python -m airflow_mydump`` the command line."""

import sys

if __name__ == "__main__":  # worker processes import this module under another name, and need no command line
    from airflow_mydump.cli import main

    sys.exit(main())
