from django.urls import path

from citycall.web.inbox.views import acts, case, delays, files, home, letters, phone, posts, repeats, tasks

app_name = "inbox"
urlpatterns = [
    path("", home.home, name="home"),
    path("trays/<slug:code>/", home.home, name="tray"),
    path("trays/<slug:code>.csv", home.export, name="export"),
    path("sign", home.sign, name="sign"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("cases/<str:number>/", case.case, name="case"),
    path("cases/<str:number>/print", case.printed, name="print"),
    path("cases/<str:number>/files/<int:file>", files.file, name="file"),
    path("cases/<str:number>/files/<int:file>/small", files.small, name="small"),
    path("cases/<str:number>/phone", phone.phone, name="phone"),
    path("cases/<str:number>/phone/open", phone.open_number, name="open_phone"),
    path("cases/<str:number>/phone/record", phone.record, name="record_phone"),
    path("cases/<str:number>/do/<slug:code>", acts.press, name="press"),
    path("cases/<str:number>/merge", repeats.merge, name="merge"),
    path("cases/<str:number>/link", repeats.link, name="link"),
    path("cases/<str:number>/tasks/open", tasks.open_task, name="open_task"),
    path("cases/<str:number>/tasks/<str:code>", tasks.task, name="task"),
    path("cases/<str:number>/<slug:code>", acts.act, name="act"),
    path("delays/", delays.delays, name="delays"),
    path("delays/<str:number>/", delays.analyse, name="analyse"),
    path("letters/", letters.letters, name="letters"),
    path("letters/<int:letter>/", letters.letter, name="letter"),
    path("posts/", posts.posts, name="posts"),
    path("posts/<str:code>/", posts.post, name="post"),
]
