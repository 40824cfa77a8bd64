"""Photos and documents of a case, to those who may see the case."""

from __future__ import annotations

import io

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from PIL import Image

from citycall.base.commands import not_found
from citycall.base.files import StoredFile, open_file
from citycall.services.cases.commands.writing import read_file
from citycall.services.cases.models import CaseFile
from citycall.web.access import staff_view
from citycall.web.inbox.access import READERS, case_for
from citycall.web.request import StaffRequest

SMALL = 480  # pixels at the longer side: enough for a gallery on a phone


def _stored(request: StaffRequest, number: str, file: int) -> StoredFile:
    case = case_for(request.actor, number)
    if not CaseFile.objects.filter(case=case, file_id=file).exists():
        raise not_found()
    stored = StoredFile.objects.filter(pk=file).first()
    if stored is None:
        raise not_found()
    return stored


@require_safe
@staff_view(roles=READERS)
def file(request: StaffRequest, number: str, file: int) -> HttpResponseBase:
    """The file as it was stored. Who opens a document, as the letter to the citizen is, is on record."""
    stored = _stored(request, number, file)
    if not stored.is_image and request.method == "GET":
        read_file(request.actor, {"file": stored.pk})
    opened = open_file(request.actor, stored)
    response = FileResponse(opened.stream, content_type=opened.mime)
    for name, value in opened.headers.items():
        response[name] = value
    return response


@require_safe
@staff_view(roles=READERS)
def small(request: StaffRequest, number: str, file: int) -> HttpResponse:
    """A picture small enough for the gallery of a phone in the field."""
    stored = _stored(request, number, file)
    if not stored.is_image:
        raise not_found()
    opened = open_file(request.actor, stored)
    out = io.BytesIO()
    with opened.stream, Image.open(opened.stream) as image:
        image.draft("RGB", (SMALL, SMALL))
        image.thumbnail((SMALL, SMALL))
        image.convert("RGB").save(out, "JPEG", quality=80)
    return HttpResponse(
        out.getvalue(),
        content_type="image/jpeg",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
    )
