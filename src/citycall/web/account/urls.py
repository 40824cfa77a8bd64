from django.urls import path

from citycall.web.account import views

app_name = "account"
urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("password", views.password, name="password"),
    path("preferences", views.preferences, name="preferences"),
    path("posts", views.posts, name="posts"),
    path("posts/<str:code>/deputies", views.deputies, name="deputies"),
    path("leave", views.leave, name="leave"),
    path("leave/<int:leave>/end", views.end_leave, name="end_leave"),
]
