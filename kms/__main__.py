"""``python -m kms`` is the ``kms`` command."""

from kms.cli import main

if __name__ == "__main__":
    main()
