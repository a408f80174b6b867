"""A job made with its data in one request: a JSON part and a CSV part."""

import json
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact

fact("bulk_multipart")

MAX_CHARACTERS: Final = 100_000


def is_multipart(request: Request) -> bool:
    """Whether the job comes with its data."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """The job, and its data. Raises ApiError 400."""
    found: dict[str, bytes] = {}
    try:
        async with request.form(max_part_size=MAX_CHARACTERS * 4 + 1) as form:
            for name, part in form.multi_items():
                found[name] = await part.read() if isinstance(part, UploadFile) else part.encode()
    except HTTPException as error:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : the multipart body cannot be read: {error.detail}") from None
    if set(found) != {"job", "content"}:
        raise ApiError(400, "INVALIDJOB", "InvalidJob : the parts of a multipart body are job and content")
    try:
        job = json.loads(found["job"])
    except ValueError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"The job part is not valid JSON: {error}") from None
    if not isinstance(job, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The job part must be a JSON object")
    if len(found["content"].decode("utf-8", "replace")) > MAX_CHARACTERS:
        message = f"A job that is made with its data may have {MAX_CHARACTERS} characters: upload it by itself"
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    return job, found["content"]
