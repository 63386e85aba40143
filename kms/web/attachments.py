"""Files on their way in, whole or piece by piece, and out again with the note's own permission."""

import re
from dataclasses import dataclass
from time import monotonic

from flask import Blueprint, Response, current_app, jsonify, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from kms import attachments, file_kinds, uploads
from kms.attachments import Brought
from kms.errors import Invalid, OtherOffset, TooMany
from kms.file_store import writing
from kms.language import gettext as _
from kms.models import Attachment, Upload
from kms.note_checks import MOST_FILES
from kms.note_text import passages
from kms.note_views import NoteView
from kms.permissions import Viewer, require, sign_in_needed
from kms.web import errors
from kms.web.context import reading, saving, settings, store, viewer
from kms.web.forms.typed import Typed

blueprint = Blueprint("attachments", __name__)

FIELD = "upload"
OFFSET = "Upload-Offset"
TIDY_EVERY_S = 3600
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A browser asks each time whether this person may still see it.
    "Cache-Control": "private, no-cache",
}
_ROW_KEY = re.compile(r"attachments-([0-9]{1,6})-key")
TYPE_NAMES = {"jpg": "JPEG", "png": "PNG", "pdf": "PDF", "docx": "Word", "xlsx": "Excel"}


@dataclass(frozen=True)
class FileShown:
    """A file as pages and scripts tell of it; ``large`` is the address of the whole file."""

    key: str
    name: str
    type: str
    size: int
    width: int | None
    height: int | None
    large: str
    caption: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether a page can show it."""
        return self.type in file_kinds.PICTURES

    @property
    def type_name(self) -> str:
        """What people call this type of file."""
        return TYPE_NAMES[file_kinds.ENDINGS[self.type]]

    def sized(self, width: int) -> str:
        """The address of the picture at most so wide."""
        return f"{self.large}?size={width}" if (self.width or 0) > width else self.large


@dataclass(frozen=True)
class FileRow:
    """A file of a form: its row, and what is known of it unless nobody is signed in."""

    index: int
    key: str
    caption: str
    file: FileShown | None


@dataclass(frozen=True)
class FormFiles:
    """The files of a form, and what may be added; said before anyone chooses."""

    rows: tuple[FileRow, ...] = ()
    accept: str = file_kinds.ACCEPT
    most_files: int = MOST_FILES
    most_mb: int = 0


def shown(file: Attachment) -> FileShown:
    """The file as pages tell of it."""
    return FileShown(
        file.key,
        file.name,
        file.media_type,
        file.size,
        file.width,
        file.height,
        address(file.key, file.name),
    )


def of_note(note: NoteView) -> list[FileShown]:
    """The files beneath the text of a note; pictures that stand in the text are left out."""
    words = "\n".join(passages(note.content)) if note.files else ""
    return [
        FileShown(
            one.key,
            one.name,
            one.media_type,
            one.size,
            one.width,
            one.height,
            address(one.key, one.name),
            one.caption,
        )
        for one in note.files
        if f"](/attachments/{one.key}" not in words
    ]


def address(key: str, name: str) -> str:
    """Where a file is read. Only its key counts; a name in other letters would only be long."""
    stem, _dot, ending = name.rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:60]
    return url_for("attachments.show", key=key, name=f"{plain or 'file'}.{ending}")


@blueprint.app_template_filter("file_size")
def file_size(size: int) -> str:
    """340 KB, 1.2 MB."""
    if size < 1024**2:
        return f"{max(round(size / 1024), 1)} KB"
    return f"{size / 1024**2:.1f} MB"


# --- reading -------------------------------------------------------------------------------------


@blueprint.get("/attachments/<key>/<name>")
def show(key: str, name: str) -> Response:
    """The file itself, to whoever may read it now; ``?size=480`` a smaller picture.

    Documents are handed over to be saved or opened by another program: a browser that shows a
    PDF by itself cannot do so within the sandbox that keeps the file from acting as this site.
    """
    with reading() as session:
        file = attachments.get(session, key, seen_by=viewer())
    width = request.args.get("size", "")
    size = int(width) if width in map(str, attachments.WIDTHS) else 0
    path = attachments.smaller(store().files, file, size)
    if not path.is_file():
        raise attachments.not_found()
    is_picture = file.media_type in file_kinds.PICTURES
    is_smaller = path != store().files.path(file.digest)
    response = send_file(
        path,
        mimetype="image/jpeg" if is_smaller else file.media_type,
        as_attachment=not is_picture,
        download_name=file.name,
        etag=f"{file.digest[:32]}-{size}",
        conditional=True,
    )
    response.headers.update(HEADERS)
    response.headers.pop("Last-Modified", None)
    return response


@blueprint.get("/attachments/<key>")
def describe(key: str) -> Response:
    """What the file is, for scripts that know only its key."""
    with reading() as session:
        return _described(attachments.get(session, key, seen_by=viewer()))


def _described(file: Attachment) -> Response:
    return jsonify(_facts(shown(file)))


def _facts(file: FileShown) -> dict[str, object]:
    return {
        "key": file.key,
        "name": file.name,
        "url": file.large,
        "thumbnail": file.sized(attachments.WIDTHS[0]) if file.is_picture else None,
        "type": file.type_name,
        "size": file.size,
        "size_said": file_size(file.size),
        "width": file.width,
        "height": file.height,
    }


# --- a whole file at once ------------------------------------------------------------------------


@blueprint.post("/attachments")
def create() -> ResponseReturnValue:
    """Take one file that came whole."""
    require(viewer(), "write")
    sent = request.files.get(FIELD)
    if sent is None or not sent.filename:
        said = _("ยังไม่ได้เลือกไฟล์")
        raise Invalid(said, {FIELD: said})
    brought = _brought(sent)
    with saving() as session:
        file = attachments.add(session, brought, by=viewer())
    _tidy_now_and_then()
    return _described(file), 201


def _brought(sent: FileStorage) -> Brought:
    files = store().files
    with files.workplace() as place:
        source = place / "sent"
        with writing():
            sent.save(source)
        name = sent.filename or ""
        return attachments.bring(files, source, name, most_bytes=settings().max_upload_bytes)


def take(typed: Typed) -> tuple[Typed, str]:
    """The words of a form with a row for each file that came with it; and what was refused.

    The files that could be taken are, whatever becomes of the others.
    """
    refused = []
    chosen = [sent for sent in request.files.getlist(FIELD) if sent.filename]
    if chosen:
        require(viewer(), "write")
    for sent in chosen:
        try:
            brought = _brought(sent)
            with saving() as session:
                file = attachments.add(session, brought, by=viewer())
        except (Invalid, TooMany) as problem:
            refused.append(f"{_short(sent.filename or '')}: {problem.message}")
            continue
        typed = _with_row(typed, file.key)
    return typed, " · ".join(refused)


def _short(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    return last if len(last) <= 40 else last[:25] + "…" + last[-12:]


def _with_row(typed: Typed, key: str) -> Typed:
    if any(there == key for _index, there in _keyed(typed)):
        return typed
    last = max((index for index, _key in _keyed(typed)), default=-1)
    return typed.but(**{f"attachments-{last + 1}-key": key})


def _keyed(typed: Typed) -> list[tuple[int, str]]:
    """Index and key of each row of files, in order."""
    found = ((_ROW_KEY.fullmatch(name), values) for name, values in typed.values.items())
    return sorted((int(row[1]), values[0]) for row, values in found if row and any(values))


def of_form(typed: Typed, who: Viewer) -> FormFiles:
    """The files that a form names, with what this person may know of them."""
    most_mb = settings().max_upload_mb
    indexed = _keyed(typed)
    if not indexed:
        return FormFiles(most_mb=most_mb)
    with reading() as session:
        found = attachments.among(session, [key for _at, key in indexed], seen_by=who)
    rows = tuple(
        FileRow(
            index,
            key,
            typed.text(f"attachments-{index}-caption"),
            shown(found[key]) if key in found else None,
        )
        for index, key in indexed
    )
    return FormFiles(rows, most_mb=most_mb)


# --- piece by piece ------------------------------------------------------------------------------


@blueprint.post("/uploads")
def begin() -> ResponseReturnValue:
    """Say which file is coming and how long it is."""
    require(viewer(), "write")
    sent = request.get_json(silent=True)
    asked = sent if isinstance(sent, dict) else {}
    name, size = asked.get("name"), asked.get("size")
    if not isinstance(name, str) or not isinstance(size, int) or isinstance(size, bool):
        raise BadRequest
    most = settings().max_upload_bytes
    with saving() as session:
        upload = uploads.begin(session, name=name, size=size, by=viewer(), most_bytes=most)
    _tidy_now_and_then()
    return _so_far(upload, 0), 201


@blueprint.get("/uploads/<upload_id>")
def so_far(upload_id: str) -> ResponseReturnValue:
    """How much has arrived; all about the file when it is complete. HEAD tells the offset."""
    with reading() as session:
        upload = uploads.get(session, upload_id, by=viewer())
        if upload.attachment_id is not None:
            return _complete(uploads.become(session, upload), upload)
    return _so_far(upload, uploads.received(settings().uploads_folder, upload))


@blueprint.patch("/uploads/<upload_id>")
def go_on(upload_id: str) -> ResponseReturnValue:
    """One more piece; the last one makes it an attachment. An empty one at the end tries again."""
    request.max_content_length = uploads.LARGEST_PIECE
    said = request.headers.get(OFFSET, "")
    if not re.fullmatch(r"[0-9]{1,12}", said):
        raise BadRequest
    with reading() as session:
        upload = uploads.get(session, upload_id, by=viewer())
    piece = _piece()
    try:
        offset = uploads.append(settings().uploads_folder, upload, int(said), piece)
    except OtherOffset as problem:
        return _elsewhere(problem)
    if offset < upload.size:
        return _so_far(upload, offset)
    return _finished(upload)


@blueprint.delete("/uploads/<upload_id>")
def give_up(upload_id: str) -> ResponseReturnValue:
    """Forget a file that was on its way."""
    with saving() as session:
        upload = uploads.get(session, upload_id, by=viewer(), lock=True)
        uploads.drop(session, settings().uploads_folder, upload)
    return "", 204


@blueprint.errorhandler(CSRFError)
def stale(problem: CSRFError) -> ResponseReturnValue:
    """A token from before the session lapsed: that nobody is signed in is what to tell."""
    if viewer().is_signed_in:
        return errors.of_stale_form(problem)
    return errors.of_ours(sign_in_needed())


def _piece() -> bytes:
    # Read before anything is locked: a phone may take a minute for it.
    piece = request.get_data(cache=False)
    if len(piece) > uploads.LARGEST_PIECE:
        raise RequestEntityTooLarge
    return piece


def _finished(upload: Upload) -> ResponseReturnValue:
    folder, files = settings().uploads_folder, store().files
    path = uploads.path_of(folder, upload)
    try:
        brought = attachments.bring(
            files, path, upload.name, most_bytes=settings().max_upload_bytes
        )
    except FileNotFoundError:
        return so_far(upload.id)  # the same piece sent twice, and the other was quicker
    except Invalid:
        _drop(upload)
        raise
    with saving() as session:
        again = uploads.get(session, upload.id, by=viewer(), lock=True)
        file = uploads.become(session, again)
        if file is None:
            file = attachments.add(session, brought, by=viewer())
            uploads.complete(session, again, file)
    path.unlink(missing_ok=True)
    return _complete(file, again)


def _drop(upload: Upload) -> None:
    with saving() as session:
        again = uploads.get(session, upload.id, by=viewer(), lock=True)
        uploads.drop(session, settings().uploads_folder, again)


def _so_far(upload: Upload, offset: int) -> Response:
    response = jsonify(id=upload.id, offset=offset, size=upload.size)
    response.headers[OFFSET] = str(offset)
    response.headers["Cache-Control"] = "no-store"
    return response


def _complete(file: Attachment | None, upload: Upload) -> Response:
    if file is None:
        raise attachments.not_found()
    response = jsonify(id=upload.id, offset=upload.size, **_facts(shown(file)))
    response.headers[OFFSET] = str(upload.size)
    response.headers["Cache-Control"] = "no-store"
    return response


def _elsewhere(problem: OtherOffset) -> ResponseReturnValue:
    answer = errors.of_ours(problem)
    response = current_app.make_response(answer)
    response.headers[OFFSET] = str(problem.offset)
    return response


# --- tidying -------------------------------------------------------------------------------------


def _tidy_now_and_then() -> None:
    """Once an hour in each process: what nobody needs goes."""
    tidied: dict[str, float] = current_app.extensions.setdefault("kms_files_tidied", {})
    if monotonic() - tidied.get("at", -TIDY_EVERY_S) < TIDY_EVERY_S:
        return
    tidied["at"] = monotonic()
    with saving() as session:
        uploads.sweep(session, settings().uploads_folder)
        attachments.sweep(session)
    with reading() as session:
        attachments.drop_bytes(session, store().files)
