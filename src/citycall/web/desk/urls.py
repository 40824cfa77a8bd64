"""The desk's addresses."""

from django.urls import path

from citycall.web.desk import calls, case_views, notices, phone_views, task_views, views
from citycall.web.inbox.views import requests

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("ringing", calls.ringing, name="ringing"),
    path("items", views.items, name="items"),
    path("check", views.check, name="check"),
    path("waiting", case_views.waiting, name="waiting"),
    path("search", views.search, name="search"),
    path("calls/simulate", calls.simulate, name="simulate"),
    path("calls/<int:call>/answer", calls.answer, name="answer"),
    path("calls/<int:call>/end", calls.end, name="end"),
    path("cases/new", views.create, name="create"),
    path("cases/<int:case>/told", views.told, name="told"),
    path("cases/<str:number>/", case_views.show, name="case"),
    path("cases/<str:number>/established", views.established, name="established"),
    path("cases/<str:number>/withdraw", case_views.withdraw, name="withdraw"),
    path("cases/<str:number>/reopen", case_views.reopen, name="reopen"),
    path("cases/<str:number>/unmerge", case_views.unmerge, name="unmerge"),
    path("cases/<str:number>/close", task_views.close, name="close"),
    path("cases/<str:number>/release", task_views.release, name="release"),
    path("cases/<str:number>/phone", phone_views.phone, name="phone"),
    path("cases/<str:number>/phone/open", phone_views.open_number, name="open_phone"),
    path("cases/<str:number>/phone/record", phone_views.record, name="record_phone"),
    path("cases/<str:number>/tasks/open", task_views.open_task, name="open_task"),
    path("cases/<str:number>/tasks/<str:code>", task_views.task, name="task"),
    path("requests/", requests.waiting, {"frame": "desk"}, name="requests"),
    path("requests/<int:asked>/", requests.decide, {"frame": "desk"}, name="request"),
    path("requests/<int:asked>/files/<int:file>", requests.paper, {"frame": "desk"}, name="request_paper"),
    path("cases/<str:number>/requests/<slug:rule>", requests.ask, {"frame": "desk"}, name="ask"),
    path(
        "cases/<str:number>/requests/<int:asked>/withdraw",
        requests.withdraw,
        {"frame": "desk"},
        name="withdraw_request",
    ),
    path("cases/<str:number>/convert", requests.convert, name="convert"),
    path("tasks/", task_views.tasks, name="tasks"),
    path("owed", task_views.owed, name="owed"),
    path("stage-requests/", case_views.stage_requests, name="stage_requests"),
    path("stage-requests/<int:case>/decide", case_views.decide, name="decide"),
    path("notices/", notices.notices, name="notices"),
    path("outage/", case_views.outage, name="outage"),
    path("outage/enter", case_views.after_outage, name="after_outage"),
]
