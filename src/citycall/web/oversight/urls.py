from django.urls import path

from citycall.web.oversight.views import delays, home, items, letters, watch

app_name = "oversight"
urlpatterns = [
    path("", home.home, name="home"),
    path("figures.csv", home.export, name="export"),
    path("delays/", delays.delays, name="delays"),
    path("delays/<slug:agency>/<str:period>/", delays.delay, name="delay"),
    path("items/", items.items, name="items"),
    path("items/new/", items.add, name="add_item"),
    path("items/<str:code>/", items.item, name="item"),
    path("letters/", letters.letters, name="letters"),
    path("letters/<int:letter>/", letters.letter, name="letter"),
    path("letters/<int:letter>/receive", letters.receive, name="receive"),
    path("posts/", watch.posts, name="posts"),
    path("incidents/", watch.incidents, name="incidents"),
    path("outbox/", watch.outbox, name="outbox"),
    path("looks/", watch.looks, name="looks"),
]
