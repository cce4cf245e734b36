"""`python -m kshim script.py args...`; see `kshim.runner`."""

import sys

from .runner import main

if __name__ == "__main__":
    sys.exit(main())
