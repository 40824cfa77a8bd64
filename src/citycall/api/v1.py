"""REST v1. Each operation reads what was sent, runs one command or one query, and writes the answer."""

from __future__ import annotations

import re
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Path, Query
from ninja.errors import AuthenticationError, ValidationError
from pydantic import BaseModel

from citycall.api import openapi, problems, reading
from citycall.api.door import bearer, explain, form_body, json_body
from citycall.base import policies
from citycall.base.commands import Actor, Refused, execute
from citycall.base.commands.refusals import explain as explain_field


class CityApi(NinjaAPI):
    """Ninja, with the commands' own schemas in its OpenAPI, and our way of saying no."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        return openapi.completed(super().get_openapi_schema(*args, **kwargs))

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        if isinstance(exc, AuthenticationError):
            return problems.unauthorized()
        if isinstance(exc, ValidationError):
            return problems.of_refusal(_wrong_parameters(exc))
        return explain(exc)


api = CityApi(
    title="CityCall",
    version="1",
    description=openapi.DESCRIPTION,
    auth=openapi.Token(bearer),
    urls_namespace="api-v1",
    docs_url="/docs",
    openapi_url="/openapi.json",
)


_ETAG = re.compile(r'(?:W/)?"([1-9]\d{0,18})"')
_NINJA_PLACES = {"query", "path", "form", "file", "wanted"}


def _actor(request: HttpRequest) -> Actor:
    found = request.auth  # type: ignore[attr-defined]
    assert isinstance(found, Actor)
    return found


def _answer(result: Any, status: int = 200) -> HttpResponse:
    body = result.model_dump_json().encode() if isinstance(result, BaseModel) else orjson.dumps(result)
    return HttpResponse(body, content_type="application/json", status=status)


def _wrong_parameters(error: ValidationError) -> Refused:
    fields = {}
    for detail in error.errors:
        place = [str(part) for part in detail["loc"] if part not in _NINJA_PLACES]
        fields[".".join(place) or "input"] = explain_field(detail)  # type: ignore[arg-type]
    return Refused("invalid", _("輸入的資料有誤，請修正標示的欄位。"), fields=fields, status=422)


def _key(request: HttpRequest, *, required: bool = False) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if required and not key:
        message = _("缺少 Idempotency-Key 標頭，無法分辨重送與新案件。")
        raise Refused("idempotency_key_required", message, status=400)
    return key


@api.post(
    "/cases",
    response={201: openapi.ESTABLISHED, **openapi.refusals(400, 401, 403, 409, 411, 413, 415, 422, 503)},
    openapi_extra=openapi.body_of("cases.establish", hidden=openapi.SET_BY_THE_API, key="required"),
    operation_id="establish_case",
    tags=["cases"],
)
def establish(request: HttpRequest) -> HttpResponse:
    """Take a case (成案). The same Idempotency-Key with the same content gives the first answer again."""
    actor, key = _actor(request), _key(request, required=True)
    body = json_body(request)
    unknown = sorted(openapi.SET_BY_THE_API & body.keys())
    if unknown:
        raise Refused(
            "invalid",
            _("輸入的資料有誤，請修正標示的欄位。"),
            fields={name: _("沒有這個欄位。") for name in unknown},
            status=422,
        )
    return _answer(execute("cases.establish", actor, {**body, "channel": "api"}, key), 201)


@api.get(
    "/cases",
    response={200: reading.CasePage, **openapi.refusals(401, 422, 503)},
    operation_id="list_cases",
    tags=["cases"],
)
def list_cases(request: HttpRequest, wanted: Query[reading.Wanted]) -> HttpResponse:
    """Cases, newest first: all of them for who takes cases, those of the own agency for anybody else."""
    return _answer(reading.page(_actor(request), wanted))


@api.get(
    "/cases/{number}",
    response={200: reading.CaseRead, **openapi.refusals(401, 404, 503)},
    operation_id="read_case",
    tags=["cases"],
)
def read_case(request: HttpRequest, number: Path[str]) -> HttpResponse:
    """One case by its number, with what may be done with it now. The ETag is for `If-Match`."""
    found = reading.one(_actor(request), number)
    answer = _answer(found)
    answer["ETag"] = f'"{found["seen"]}"'
    return answer


def _seen(request: HttpRequest) -> dict[str, int]:
    """The state of the case that the client acts on, where it says so: `If-Match` with the ETag it read."""
    told = request.headers.get("If-Match", "").strip()
    if told in ("", "*"):
        return {}
    found = _ETAG.fullmatch(told)
    if found is None:
        message = _("If-Match 應為讀取案件時所得的 ETag。")
        raise Refused("invalid", message, fields={"If-Match": message}, status=422)
    return {"seen": int(found[1])}


def _step(request: HttpRequest, number: str, command: str, *, empty: bool = False) -> HttpResponse:
    """Run a command about one case, named in the address and not in the body."""
    actor, key = _actor(request), _key(request)
    body = json_body(request, may_be_empty=empty)
    if "case" in body:
        wrong = {"case": _("案件由位址指定，內容不需再寫。")}
        raise Refused("invalid", wrong["case"], fields=wrong, status=422)
    given = {**body, **_seen(request), "case": reading.id_of(actor, number)}
    return _answer(execute(command, actor, given, key))


_STEP = {200: openapi.DONE, **openapi.refusals(400, 401, 403, 404, 409, 411, 413, 415, 422, 503)}


@api.post(
    "/cases/{number}/acknowledge",
    response=_STEP,
    openapi_extra=openapi.body_of("cases.acknowledge", hidden={"case"}, key="optional"),
    operation_id="acknowledge_case",
    tags=["cases"],
)
def acknowledge(request: HttpRequest, number: Path[str]) -> HttpResponse:
    """The agency's window signs for the case (簽收)."""
    return _step(request, number, "cases.acknowledge", empty=True)


@api.post(
    "/cases/{number}/take",
    response=_STEP,
    openapi_extra=openapi.body_of("cases.take", hidden={"case"}, key="optional"),
    operation_id="take_case",
    tags=["cases"],
)
def take(request: HttpRequest, number: Path[str]) -> HttpResponse:
    """A handler takes the case (承辦)."""
    return _step(request, number, "cases.take", empty=True)


@api.post(
    "/cases/{number}/complete",
    response=_STEP,
    openapi_extra=openapi.body_of("cases.complete", hidden={"case"}, key="optional"),
    operation_id="complete_case",
    tags=["cases"],
)
def complete(request: HttpRequest, number: Path[str]) -> HttpResponse:
    """Record what was found and done (辦畢). Without a result it is refused."""
    return _step(request, number, "cases.complete")


@api.post(
    "/cases/{number}/photos",
    response=_STEP,
    openapi_extra=openapi.photos_body(),
    operation_id="add_photos",
    tags=["cases"],
)
def add_photos(request: HttpRequest, number: Path[str]) -> HttpResponse:
    """Put photos or documents on the case: all that were sent, or none when one is refused."""
    actor, key = _actor(request), _key(request)
    fields, uploads = form_body(request)
    given = {**fields, **_seen(request), "case": reading.id_of(actor, number), "uploads": uploads}
    return _answer(execute("cases.add_photos", actor, given, key))


@api.get(
    "/items",
    response={200: openapi.Items, **openapi.refusals(401, 503)},
    operation_id="list_items",
    tags=["items"],
)
def items(request: HttpRequest) -> HttpResponse:
    """The service items (派工項目) of the policy in force, in the language asked for."""
    version, pack = policies.in_force()
    english = (get_language() or "").startswith("en")
    shown = [
        {
            "code": item.code,
            "name": (item.name.en or item.name.zh) if english else item.name.zh,
            "kind": item.kind,
            "agency": item.agency,
            "active_from": item.active_from,
            "active_until": item.active_until,
        }
        for item in pack.items.values()
    ]
    return _answer({"policy": version.code, "version": version.version, "items": shown})
