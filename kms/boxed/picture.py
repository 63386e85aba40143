"""A photo made anew: upright, in sRGB, no larger than wanted, and nothing in it but the picture.

What a camera adds (place, time, owner, a second picture) and what anybody hid behind the last
byte does not come along, because only the decoded dots are written again.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 50_000_000
LONGEST_EDGE = 30_000
ORIENTATION = 0x0112
QUALITY = 85
# A photo kept as PNG is several times the size of the same photo as JPEG.
LARGEST_PNG = 1_000_000
UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def work(source: Path, folder: Path, longest: str, *widths: str) -> Iterator[dict[str, Any]]:
    """Write ``picture`` and a file named by each width it is larger than; tell type and size.

    ``refused`` is ``pixels`` for one that is too large to decode, ``broken`` for any other that
    cannot be read to its end.
    """
    try:
        with Image.open(source, formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS or max(width, height) > LONGEST_EDGE:
                yield {"refused": "pixels"}
                return
            picture, is_photo = _read(opened, int(longest))
    except Image.DecompressionBombError:
        yield {"refused": "pixels"}
        return
    except Exception:  # a decoder may raise anything over bytes made to confuse it
        yield {"refused": "broken"}
        return
    media_type = _write(picture, folder / "picture", is_photo=is_photo)
    for width in sorted(map(int, widths), reverse=True):
        if picture.width > width:
            _write_small(picture, folder / str(width), width)
    yield {"type": media_type, "width": picture.width, "height": picture.height}


def _read(opened: Image.Image, longest: int) -> tuple[Image.Image, bool]:
    """The picture within bounds and upright, and whether a photo's compression suits it."""
    is_photo = opened.format in ("JPEG", "WEBP")
    if opened.format == "JPEG":
        # libjpeg decodes at a half, a quarter or an eighth, in so much less memory.
        opened.draft(opened.mode, (longest, longest))
    turns = UPRIGHT.get(_orientation(opened), ())
    profile = opened.info.get("icc_profile")
    opened.load()
    picture = _plain(opened)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture = _in_srgb(picture, profile)
    for turn in turns:
        picture = picture.transpose(turn)
    picture.info = {}
    return picture, is_photo and picture.mode != "RGBA"


def _orientation(opened: Image.Image) -> int:
    try:
        return int(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # a broken note about the photo does not make the photo worse
        return 1


def _plain(opened: Image.Image) -> Image.Image:
    """In a mode that can be made smaller smoothly; see-through only where it really is."""
    if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
        picture = opened.convert("RGBA")
        least, _most = picture.getchannel("A").getextrema()
        return picture if least != 255 else picture.convert("RGB")
    if opened.mode.startswith("I"):
        return opened.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return opened.copy() if opened.mode in ("RGB", "L", "CMYK") else opened.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colours without the camera's own table of them."""
    if profile and picture.mode in ("RGB", "CMYK"):
        try:
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(picture, own, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            turned = None
        if turned is not None:
            return turned
    return picture.convert("RGB") if picture.mode == "CMYK" else picture


def _write(picture: Image.Image, path: Path, *, is_photo: bool) -> str:
    if not is_photo:
        picture.save(path, "PNG", optimize=True)
        if picture.mode == "RGBA" or path.stat().st_size <= LARGEST_PNG:
            return "image/png"
    picture.save(path, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return "image/jpeg"


def _write_small(picture: Image.Image, path: Path, width: int) -> None:
    """A JPEG of at most this width; what was see-through lies on white."""
    small = picture.copy()
    small.thumbnail((width, 4 * width), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if small.mode == "RGBA":
        paper = Image.new("RGB", small.size, "white")
        paper.paste(small, mask=small.getchannel("A"))
        small = paper
    small.save(path, "JPEG", quality=80, optimize=True, progressive=True)
