"""Brings ``en.po`` in step with the Thai sentences: ``python -m kms.translations.extract``.

Every ``_("…")`` of the code and the templates is an entry, in the order of file and sentence.
What was translated stays, what nobody says any more goes, and no line number, date or path of
this machine is written, so that a change of the file is a change of words.
"""

import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

PROJECT = Path(__file__).parents[2]
ENGLISH = Path(__file__).with_name("en.po")
METHODS = [
    ("kms/**.py", "python"),
    ("templates/**.html", "jinja2.ext:babel_extract"),
    ("templates/**.txt", "jinja2.ext:babel_extract"),
]
# A template that cannot be parsed stops us here; its sentences would seem unused otherwise.
OPTIONS = {
    "templates/**.html": {"silent": "false"},
    "templates/**.txt": {"silent": "false"},
}
HEADER = r"""# English of Platu. The ids are the Thai sentences themselves.
# After changing a sentence: make translations, then fill in what is empty here.
msgid ""
msgstr ""
"Language: en\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def sentences(project: Path = PROJECT) -> dict[str, list[str]]:
    """Every Thai sentence and the files that say it, in the order of first file and sentence."""
    said: dict[str, set[str]] = {}
    for file, _line, message, _comments, _context in extract_from_dir(
        project, METHODS, OPTIONS, keywords={"_": None}
    ):
        if isinstance(message, str):
            said.setdefault(message, set()).add(Path(file).as_posix())
    files = {message: sorted(where) for message, where in said.items()}
    return dict(sorted(files.items(), key=lambda one: (one[1][0], one[0])))


def translations(path: Path = ENGLISH) -> dict[str, str]:
    """What the file says now, by Thai sentence; an empty one is not translated yet."""
    if not path.exists():
        return {}
    with path.open("rb") as lines:
        catalogue = read_po(lines, locale="en")
    return {str(entry.id): str(entry.string or "") for entry in catalogue if entry.id}


def written(files: Mapping[str, list[str]], english: Mapping[str, str]) -> bytes:
    """The whole file: these sentences only, each with its English or empty."""
    catalogue = Catalog(locale="en")
    for message, where in files.items():
        catalogue.add(message, english.get(message, ""), [(file, 0) for file in where])
    entries = BytesIO()
    write_po(entries, catalogue, width=0, omit_header=True, include_lineno=False)
    return HEADER.encode() + entries.getvalue().strip() + b"\n"


def main() -> None:
    """Write the file anew and say what is left to translate."""
    files, english = sentences(), translations()
    ENGLISH.write_bytes(written(files, english))
    missing = [message for message in files if not english.get(message)]
    gone = english.keys() - files.keys()
    sys.stdout.write(f"{len(files)} sentences, {len(gone)} gone, {len(missing)} to translate\n")
    sys.stdout.writelines(f"  {message}\n" for message in missing)


if __name__ == "__main__":
    main()
