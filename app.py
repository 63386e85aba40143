"""The application for any WSGI server; run as a program it prepares and serves itself."""

from kms import create_app
from kms.cli import main

if __name__ == "__main__":
    # The server makes one application in each of its workers.
    main(["serve"])
else:
    app = create_app()
