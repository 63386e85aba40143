"""Files made for tests: good ones, and the parts that hostile ones are put together from."""

import zipfile
from io import BytesIO

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

DOCX_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
XLSX_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def picture(size: tuple[int, int] = (800, 600), mode: str = "RGB") -> Image.Image:
    """Sky above, field below, a red mark in the upper left corner."""
    made = Image.new(mode, size, (120, 170, 220)[: len(Image.new(mode, (1, 1)).getbands())])
    made.paste((60, 120, 60), (0, size[1] // 2, *size))
    made.paste((220, 30, 30), (0, 0, size[0] // 4, size[1] // 4))
    return made


def jpeg(size: tuple[int, int] = (800, 600), **options: object) -> bytes:
    return saved(picture(size), "JPEG", **options)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)  # type: ignore[arg-type]
    return file.getvalue()


def from_a_camera(orientation: int = 6) -> bytes:
    """A photo as a phone held upright takes it: lying on its side, with place and maker."""
    notes = Image.Exif()
    notes[0x0112] = orientation
    notes[0x010F] = "ห้องภาพหูล่อง"
    place = notes.get_ifd(0x8825)
    place[1], place[2] = "N", (8.0, 21.0, 7.0)
    place[3], place[4] = "E", (100.0, 11.0, 3.0)
    return jpeg(exif=notes, comment=b"by a camera")


def pdf(words: str = "welfare fund of Hulong", *, password: str = "", script: str = "") -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(300, 200)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    drawn = DecodedStreamObject()
    drawn.set_data(f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(drawn)
    if script:
        action = {"/S": NameObject("/JavaScript"), "/JS": _text(script)}
        opening = DictionaryObject({NameObject(name): value for name, value in action.items()})
        writer.root_object[NameObject("/OpenAction")] = opening
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def _text(words: str) -> object:
    from pypdf.generic import TextStringObject

    return TextStringObject(words)


def docx(words: str = "กองทุนสวัสดิการตำบล", *, before: str = "", **parts: bytes) -> bytes:
    """A document with one paragraph; ``before`` stands before its root, ``parts`` are added."""
    body = f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"
    root = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    document = f'<?xml version="1.0"?>{before}{root}'
    return packed(
        {"[Content_Types].xml": types("/word/document.xml", DOCX_MAIN)}
        | {"word/document.xml": document.encode()}
        | parts
    )


def xlsx(words: str = "งบประมาณสวัสดิการ") -> bytes:
    return packed(
        {
            "[Content_Types].xml": types("/xl/workbook.xml", XLSX_MAIN),
            "xl/workbook.xml": b"<workbook/>",
            "xl/sharedStrings.xml": f"<sst><si><t>{words}</t></si></sst>".encode(),
        }
    )


def types(part: str, main: str) -> bytes:
    said = f'<Override PartName="{part}" ContentType="{main}"/>'
    return f'<?xml version="1.0"?><Types xmlns="content-types">{said}</Types>'.encode()


def packed(parts: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()
