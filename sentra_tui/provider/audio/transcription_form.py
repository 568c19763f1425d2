"""What a client may send to `POST /v1/audio/transcriptions`; what is not named here is taken and does nothing."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import BodyPartReader, web
from msgspec import Struct

from sentra_tui.provider.api_error import ApiError

MAX_FILE_BYTES = 26_214_400
"""25 MiB, the limit that OpenAI has long had."""

_MAX_FIELD_BYTES = 65_536
_READ_BYTES = 65_536
_FORMATS = ("json", "text", "verbose_json")


class TranscriptionForm(Struct, frozen=True, kw_only=True):
    """One request."""

    file: bytes
    model: str
    language: str = ""
    prompt: str = ""
    response_format: Literal["json", "text", "verbose_json"] = "json"
    stream: bool = False


async def read_form(request: web.Request) -> TranscriptionForm:
    """Return what was sent; raises ApiError: 400 naming the parameter that does not fit, 413 for too large a file."""
    if request.content_type != "multipart/form-data":
        raise ApiError(400, "A recording is sent as multipart/form-data.", code="unsupported_content_type")
    if (request.content_length or 0) > MAX_FILE_BYTES + _MAX_FIELD_BYTES:
        raise _too_large(request.content_length or 0)
    file: bytes | None = None
    fields: dict[str, str] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "file":
                file = await _read_part(part, MAX_FILE_BYTES)
            elif part.name:
                fields[part.name] = (await _read_part(part, _MAX_FIELD_BYTES)).decode("utf-8", "replace")
    except (ValueError, AssertionError) as error:
        raise ApiError(400, "The multipart body cannot be read.") from error
    return _form(file, fields)


def _form(file: bytes | None, fields: dict[str, str]) -> TranscriptionForm:
    for name, value in (("file", file), ("model", fields.get("model"))):
        if not value:
            raise ApiError(400, f"The part '{name}' is missing.", code="missing_required_parameter", param=name)
    if fields.get("response_format", "json") not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise ApiError(400, f"The format must be one of {known}.", code="invalid_value", param="response_format")
    known_fields = {name: value for name, value in fields.items() if name in TranscriptionForm.__struct_fields__}
    try:
        return msgspec.convert({**known_fields, "file": file}, TranscriptionForm, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, f"The form does not fit: {error}.", code="invalid_value", param="stream") from error


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    data = bytearray()
    while piece := await part.read_chunk(_READ_BYTES):
        data += piece
        if len(data) > limit:
            raise _too_large(len(data))
    return bytes(data)


def _too_large(size: int) -> ApiError:
    return ApiError(413, f"Maximum content size limit ({MAX_FILE_BYTES}) exceeded ({size} bytes read).")
