"""One module for each group of commands of ``kms``, registered in ``kms/cli.py``."""
