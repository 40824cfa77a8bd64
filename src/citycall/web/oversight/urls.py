from django.urls import path, re_path

from citycall.web.oversight.views import changes, delays, drafting, home, items, letters, policy, watch

app_name = "oversight"
urlpatterns = [
    path("", home.home, name="home"),
    path("figures.csv", home.export, name="export"),
    path("delays/", delays.delays, name="delays"),
    path("delays/<slug:agency>/<str:period>/", delays.delay, name="delay"),
    path("items/", items.items, name="items"),
    path("items/new/", items.add, name="add_item"),
    path("items/table.<slug:form>", drafting.export, name="items_table"),
    path("items/<str:code>/", items.item, name="item"),
    path("policy/", policy.in_force, name="policy"),
    path("policy/versions/", policy.versions, name="versions"),
    path("policy/versions/<int:version>/", policy.version, name="version"),
    path("policy/compare/", policy.compare, name="compare"),
    path("policy/changes/", changes.changes, name="changes"),
    path("policy/changes/new/", changes.new, name="new_change"),
    path("policy/changes/<int:change>/", changes.change, name="change"),
    path("policy/changes/<int:change>/about/", changes.head, name="change_head"),
    path("policy/changes/<int:change>/choose/", drafting.choose, name="change_choose"),
    path("policy/changes/<int:change>/items/", drafting.items, name="change_items"),
    path("policy/changes/<int:change>/files/<str:name>/", drafting.file, name="change_file"),
    path("policy/changes/<int:change>/trial/", drafting.trial, name="change_trial"),
    path("policy/changes/<int:change>/drop", changes.drop, name="change_drop"),
    path("policy/changes/<int:change>/decide", changes.decide, name="change_decide"),
    re_path(
        r"^policy/changes/(?P<change>\d{1,18})/(?P<act>submit|withdraw|rebase)$",
        changes.act,
        name="change_act",
    ),
    path("policy/changes/<int:change>/<slug:table>/<slug:slug>/", drafting.value, name="change_value"),
    path("letters/", letters.letters, name="letters"),
    path("letters/<int:letter>/", letters.letter, name="letter"),
    path("letters/<int:letter>/receive", letters.receive, name="receive"),
    path("posts/", watch.posts, name="posts"),
    path("incidents/", watch.incidents, name="incidents"),
    path("outbox/", watch.outbox, name="outbox"),
    path("looks/", watch.looks, name="looks"),
]
