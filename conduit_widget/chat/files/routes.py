"""The files of conversations over HTTP: ``POST /files``, ``GET /files/{id}``, and resumed uploads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from conduit_widget.chat.files.file_area import FileArea
from conduit_widget.chat.files.headers import (
    COMPLETE,
    LENGTH,
    MISMATCH,
    OFFSET,
    check_name,
    download,
    flag,
    number,
    progress,
)
from conduit_widget.chat.files.uploads import OffsetError, UploadBusyError
from conduit_widget.chat.history.file_records import FileRecord
from conduit_widget.contract import FILES_PATH, MAX_ID_CHARS, UPLOADS_PATH, ErrorText
from conduit_widget.errors import (
    FileLimitError,
    NotInHistoryError,
    StoreFullError,
    StoreUnavailableError,
    ValidationError,
)
from conduit_widget.hub.http import Content, HttpResponse, error_response, json_response
from conduit_widget.hub.routes import Route, RouteHandler, RouteRequest
from conduit_widget.text.plain_text import is_plain
from conduit_widget.types import MemberRole

_WRITERS: Final[frozenset[MemberRole]] = frozenset({"owner", "member"})
_NOTHING: Final = "There is no such file, or it is not for you."
_SOON: Final = {"retry-after": "1"}


class FileRoutes:
    """What clients may ask for; everything is refused that they may not read or write."""

    def __init__(self, area: FileArea) -> None:
        self._area = area
        self._uploads = area.uploads
        self._most = area.settings.max_file_bytes

    def routes(self) -> list[Route]:
        """Return the routes for the hub's app."""
        return [
            self._route(FILES_PATH, self.upload, "POST"),
            self._route(f"{FILES_PATH}/", self.download, "GET"),
            self._route(f"{UPLOADS_PATH}/", self.look, "GET"),
            self._route(f"{UPLOADS_PATH}/", self.resume, "PATCH"),
            self._route(f"{UPLOADS_PATH}/", self.cancel, "DELETE"),
        ]

    async def upload(self, request: RouteRequest) -> HttpResponse:
        """Take a file, or with ``Upload-Complete: ?0`` the beginning of one."""
        conversation_id, user_id = request.query.get("conversationId", ""), _user_of(request)
        if not 0 < len(conversation_id) <= MAX_ID_CHARS or not is_plain(conversation_id):
            raise ValidationError("conversationId", f"must be text of 1 to {MAX_ID_CHARS} characters")
        name = check_name(request.query.get("name", ""))
        if await self._area.role(conversation_id, user_id) not in _WRITERS:
            return error_response(403, ErrorText.UNAUTHORIZED)
        is_whole = flag(request.headers, COMPLETE) is not False
        size = number(request.headers, LENGTH)
        if is_whole:
            length = number(request.headers, "content-length")
            if length is not None:
                _check_length(size, length)
            size = length if size is None else size
        media_type = request.headers.get("content-type", "")[:100]
        record = await self._uploads.begin(user_id, conversation_id, name, media_type, size)
        if is_whole:
            return await self._take(record, request)
        offset = await self._uploads.append(record, 0, aiter(request.body))
        where = {"location": f"{UPLOADS_PATH}/{record.id}", **progress(record, offset, self._most)}
        return json_response(201, {"id": record.id, "offset": offset}, where)

    async def look(self, request: RouteRequest) -> HttpResponse:
        """Say how far an upload is; of one that has ended, what the file is."""
        record = await self._own(request)
        offset = await self._uploads.offset(record)
        state = {"id": record.id, "offset": offset}
        told = record.attachment().to_wire() if record.is_stored else state
        return json_response(200, told, progress(record, offset, self._most))

    async def resume(self, request: RouteRequest) -> HttpResponse:
        """Take the next piece of an upload; with ``Upload-Complete: ?1`` it is the last one."""
        record = await self._own(request)
        offset = number(request.headers, OFFSET)
        if offset is None:
            raise ValidationError(OFFSET, "is missing")
        is_last = flag(request.headers, COMPLETE) is True
        if not (record.is_stored and is_last and offset == record.size):  # else the answer was lost
            offset = await self._uploads.append(record, offset, aiter(request.body))
        if is_last and offset < record.size < self._most:
            raise ValidationError(COMPLETE, f"came at {offset} of {record.size} bytes")
        if is_last:
            return await self._finished(record, offset, 200)
        return HttpResponse(204, headers=progress(record, offset, self._most))

    async def cancel(self, request: RouteRequest) -> HttpResponse:
        """Forget an upload."""
        record = await self._own(request)
        if not record.is_stored:
            await self._uploads.cancel(record)
        return HttpResponse(204)

    async def download(self, request: RouteRequest) -> HttpResponse:
        """Serve a file's bytes."""
        record, user_id = await self._area.find(request.rest), _user_of(request)
        if record is None or not await self._area.may_read(record, user_id):
            return error_response(404, _NOTHING)
        content = Content(record.size, lambda start, stop: self._area.read(record, user_id, start, stop))
        return HttpResponse(200, content, record.media_type, download(record))

    async def _take(self, record: FileRecord, request: RouteRequest) -> HttpResponse:
        """Take a file in one request; cut off, nothing is left of it."""
        try:
            size = await self._uploads.append(record, 0, aiter(request.body))
            _check_length(number(request.headers, LENGTH), size)
            return await self._finished(record, size, 201)
        except BaseException:
            await self._uploads.cancel(record)
            raise

    async def _finished(self, record: FileRecord, size: int, status: int) -> HttpResponse:
        # Who lost the right to write meanwhile has not written.
        if await self._area.role(record.conversation_id, record.user_id) not in _WRITERS:
            await self._uploads.cancel(record)
            return error_response(403, ErrorText.UNAUTHORIZED)
        stored = await self._uploads.finish(record, size)
        told = {"location": f"{FILES_PATH}/{stored.id}", **progress(stored, stored.size, self._most)}
        return json_response(status, stored.attachment(), told)

    async def _own(self, request: RouteRequest) -> FileRecord:
        """Return an upload of the caller, who may still write to its conversation."""
        record, user_id = await self._area.find(request.rest), _user_of(request)
        if record is None or record.user_id != user_id:
            raise NotInHistoryError(_NOTHING)
        if await self._area.role(record.conversation_id, user_id) not in _WRITERS:
            raise NotInHistoryError(_NOTHING)
        return record

    def _route(self, path: str, handler: RouteHandler, method: str) -> Route:
        return Route(
            path,
            _refusing(handler),
            methods=(method,),
            prefix=path.endswith("/"),
            principal="required",
            max_body_bytes=self._most,
        )


def _check_length(announced: int | None, size: int) -> None:
    if announced is not None and announced != size:
        raise ValidationError(LENGTH, f"says {announced} bytes; the file has {size}")


def _user_of(request: RouteRequest) -> str:
    assert request.user is not None  # the route requires one
    return request.user.user_id


def _refusing(handler: RouteHandler) -> Callable[[RouteRequest], Awaitable[HttpResponse]]:
    """Return the handler with its refusals as responses."""

    async def answer(request: RouteRequest) -> HttpResponse:
        try:
            return await handler(request)
        except OffsetError as error:
            told = {"expected-offset": error.expected, "provided-offset": error.given}
            problem = {"error": str(error), "type": MISMATCH, **told}
            return json_response(409, problem, {OFFSET: str(error.expected)})
        except UploadBusyError as error:
            return error_response(423, str(error), _SOON)
        except FileLimitError as error:
            return error_response(413 if str(error).startswith("file:") else 429, str(error))
        except ValidationError as error:
            return error_response(422 if error.field == "file" else 400, str(error))
        except StoreFullError as error:
            return error_response(507, str(error), _SOON)
        except StoreUnavailableError as error:
            return error_response(503, str(error), _SOON)
        except NotInHistoryError:
            return error_response(404, _NOTHING)

    return answer
