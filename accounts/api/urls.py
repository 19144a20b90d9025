"""Accounts' paths, one pattern list per contract: config/urls.py mounts each where its documents want it."""

from django.urls import include, path

from accounts.api import sessions, tokens, users, webstore
from config.routing import routes

# SimpleJWT's doors, under `jwt/` in documents A, B and E and under `token/` in D.
jwt = [
    path("create/", tokens.CreateView.as_view(), name="jwt-create"),
    path("refresh/", tokens.RefreshView.as_view(), name="jwt-refresh"),
    path("verify/", tokens.VerifyView.as_view(), name="jwt-verify"),
]
token = [
    path("", tokens.CreateView.as_view(), name="token-create"),
    path("refresh/", tokens.RefreshView.as_view(), name="token-refresh"),
    path("verify/", tokens.VerifyView.as_view(), name="token-verify"),
]
auth = [
    path("jwt/", include(jwt)),
    path("logout/", tokens.LogoutView.as_view(), name="logout"),
    path("sessions/", sessions.SessionViewSet.as_view({"get": "list", "delete": "destroy_all"}), name="sessions"),
    path("sessions/<int:pk>/", sessions.SessionViewSet.as_view({"delete": "destroy"}), name="session"),
    *routes(users=users.AccountViewSet),
]
management = routes(users=users.UserViewSet)
web_store = [
    path("sign_in/", webstore.SignUpView.as_view(), name="webstore-sign-up"),
    path("login_view/", webstore.SignInView.as_view(), name="webstore-sign-in"),
    path("refresh_token/", webstore.RefreshCookieView.as_view(), name="webstore-refresh"),
]
