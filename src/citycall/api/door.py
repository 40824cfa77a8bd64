"""The API's outer door: language, size of what is sent, and every failure said as JSON."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from citycall.api import problems
from citycall.base.commands import Actor, Refused
from citycall.people.queries import actor_of_token

View = Callable[..., HttpResponseBase]

log = logging.getLogger("citycall.api")

JSON_LIMIT = 256 * 1024
UPLOAD_LIMIT = 20 * 1024 * 1024 + 64 * 1024  # one file, and the wrapping of the form around it
_BEARER = re.compile(r"Bearer +([\x21-\x7e]{1,512})", re.IGNORECASE)


@lru_cache(maxsize=512)
def language_of(accepted: str) -> str:
    """The first language that we have of those the client accepts; 正體中文 if there is none."""
    for wanted, _quality in parse_accept_lang_header(accepted):
        if wanted == "*":
            break
        try:
            return translation.get_supported_language_variant(wanted)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def door(view: View, *, upload: bool = False) -> View:
    """Wrap a view of the API: it never answers with anything but JSON, and never with Django's own pages."""
    limit = UPLOAD_LIMIT if upload else JSON_LIMIT

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        translation.activate(language_of(request.headers.get("Accept-Language", "")))
        try:
            refused = _too_large(request, limit)
            response = refused if refused is not None else view(request, *args, **kwargs)
        except Exception as error:
            response = explain(error)
        if response.status_code == 405 and response["Content-Type"] != problems.CONTENT_TYPE:
            response = problems.method_not_allowed(response.get("Allow", ""))
        response.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ("Accept-Language", "Authorization"))
        return response

    return opened


def explain(error: Exception) -> HttpResponse:
    """Whatever went wrong, as a problem. What is our own fault goes to the log, never to the client."""
    if isinstance(error, Refused):
        return problems.of_refusal(error)
    if isinstance(error, Http404):
        return problems.not_found()
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return problems.of_refusal(_size_refused(JSON_LIMIT))
    if isinstance(error, MultiPartParserError | UnreadablePostError | SuspiciousOperation | UnicodeError):
        return problems.of_refusal(problems.malformed(_("送來的內容讀不懂。")))
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("the database did not answer: %s", error)
        return problems.busy()
    log.error("request failed", exc_info=error)
    return problems.failed()


def _too_large(request: HttpRequest, limit: int) -> HttpResponse | None:
    """Refuse by the announced size, before a byte of the content is read."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isascii() or not announced.isdigit():
        return problems.of_refusal(problems.malformed(_("Content-Length 不正確。")))
    if request.headers.get("Transfer-Encoding"):
        return problems.problem(411, "length_required", _("請註明內容長度（Content-Length）。"))
    if int(announced) > limit:
        return problems.of_refusal(_size_refused(limit))
    return None


def _size_refused(limit: int) -> Refused:
    message = _("送來的內容太大，最多 %s KB。") % f"{limit // 1024:,}"
    return Refused("too_large", message, status=413)


def bearer(request: HttpRequest) -> Actor | None:
    """Who the token in the Authorization header stands for."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        return None
    return actor_of_token(found[1], ip=request.META.get("REMOTE_ADDR") or None)


def form_body(request: HttpRequest) -> tuple[dict[str, str], tuple[UploadedFile, ...]]:
    """The fields and the `files` of a form."""
    if _content_type(request) != "multipart/form-data":
        raise Refused("unsupported_media_type", _("只接受 multipart/form-data。"), status=415)
    uploads = tuple(request.FILES.getlist("files"))
    if not uploads or set(request.FILES) != {"files"}:
        message = _("請附上一個檔案。")
        raise Refused("invalid", message, fields={"files": message}, status=422)
    return {name: str(value) for name, value in request.POST.items()}, uploads


def _content_type(request: HttpRequest) -> str:
    return str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()


def json_body(request: HttpRequest, *, may_be_empty: bool = False) -> dict[str, Any]:
    """The body as a JSON object."""
    body = request.body
    if not body:
        if may_be_empty:
            return {}
        raise problems.malformed(_("送來的內容不是正確的 JSON。"))
    if _content_type(request) != "application/json":
        raise Refused("unsupported_media_type", _("只接受 application/json。"), status=415)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise problems.malformed(_("送來的內容不是正確的 JSON。")) from None
    if not isinstance(found, dict):
        raise problems.malformed(_("送來的內容應為一個 JSON 物件。"))
    return found
