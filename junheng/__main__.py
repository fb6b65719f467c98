"""The command line: ``python -m junheng COMMAND``, or ``junheng COMMAND`` once installed."""

import sys

from junheng.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
