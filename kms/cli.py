"""The ``kms`` command: one line here for each command, its work in ``kms/commands``.

Exit status: 0 done, 1 a problem was found or some items were refused, 2 wrong usage.
"""

import sys
from collections.abc import Sequence

import click

from kms.commands import digest, exchanging, indexing, keeping, serve, users
from kms.errors import BadSettings, KmsError
from kms.language import gettext as _
from kms.status import own_version


@click.group(
    name="kms",
    help=_("ปลาทู – คลังบทเรียนชุมชน"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(own_version(), prog_name="kms")
def commands() -> None:
    """Every command of the system."""


for command in (
    serve.init,
    serve.serve,
    users.user,
    exchanging.import_notes,
    exchanging.export_notes,
    indexing.search,
    indexing.reindex,
    indexing.check,
    keeping.backup,
    keeping.restore,
    keeping.doctor,
    digest.digest,
):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its status."""
    try:
        commands.main(args=arguments, prog_name="kms")
    except BadSettings as problem:
        click.echo(problem.message, err=True)
        sys.exit(2)
    except KmsError as problem:
        click.echo(problem.message, err=True)
        for field, sentence in getattr(problem, "problems", {}).items():
            click.echo(f"  {field}: {sentence}", err=True)
        sys.exit(1)
