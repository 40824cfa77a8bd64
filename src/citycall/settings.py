"""Django's settings, from the environment. What a government decides is in its policy pack, not here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

import django_stubs_ext

from citycall.run import database_url
from citycall.run.datadir import data_dir

django_stubs_ext.monkeypatch()  # lets `models.Field[int, int]` be written where Django itself cannot


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "").lower() in {"1", "true", "yes", "on"}


def _list(name: str, default: str) -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


_HERE = Path(__file__).resolve().parent
_DATA = data_dir()

# -- keys ---------------------------------------------------------------------------------------------------
CITYCALL_DATA = _DATA.root
CITYCALL_KEYS = Path(os.environ.get("CITYCALL_KEYS", _DATA.keys))


def _secret_key() -> str:
    """What signs sessions comes from the key file. Before there is one (a tool that reads the code, the very
    first start) each process has its own; the web processes do not start in that state (`asgi.py`)."""
    try:
        master = base64.b64decode(json.loads(CITYCALL_KEYS.read_text(encoding="ascii"))["hash_key"])
    except FileNotFoundError:
        return secrets.token_urlsafe(48)
    return hmac.new(master, b"django secret key", hashlib.sha256).hexdigest()


SECRET_KEY = os.environ.get("CITYCALL_SECRET_KEY") or _secret_key()

# -- the packs of the governments --------------------------------------------------------------------------
CITYCALL_POLICIES = Path(os.environ.get("CITYCALL_POLICIES", _HERE.parents[1] / "policies"))

# -- where it is served ------------------------------------------------------------------------------------
DEBUG = _flag("CITYCALL_DEBUG")
ALLOWED_HOSTS = _list("CITYCALL_HOSTS", "127.0.0.1,localhost,[::1]")
CITYCALL_URL = os.environ.get("CITYCALL_URL", "http://127.0.0.1:1999").rstrip("/")
_HTTPS = CITYCALL_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [CITYCALL_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_SSL_REDIRECT = False  # the proxy in front does it
if _flag("CITYCALL_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Addresses (or networks) of the proxies in front: no others are believed for whom they forward. By that
# address sign-in and public look-up count wrong tries.
CITYCALL_PROXIES = _list("CITYCALL_PROXIES", "127.0.0.1")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# -- what it is made of ------------------------------------------------------------------------------------
_ROOMS = [
    "citycall.base",
    "citycall.people",
    "citycall.services.cases",
    "citycall.services.calls",
    "citycall.oversight",
    "citycall.web",
    "citycall.api",
    "citycall.rehearsal",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "pgtrigger",
    "ninja",
    *_ROOMS,
]
MIDDLEWARE = [
    "citycall.web.middleware.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "citycall.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "citycall.web.middleware.Acting",
]
CSRF_FAILURE_VIEW = "citycall.web.errors.csrf_failure"
ROOT_URLCONF = "citycall.urls"
WSGI_APPLICATION = "citycall.wsgi.application"
ASGI_APPLICATION = "citycall.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_WEB_FOLDERS = sorted(folder for folder in (_HERE / "web").glob("*/") if folder.is_dir())
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [folder / "templates" for folder in _WEB_FOLDERS if (folder / "templates").is_dir()],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "citycall.web.context.context",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "citycall.web.ui.templatetags.ui",
            ],
        },
    }
]

# -- database ----------------------------------------------------------------------------------------------
DATABASE_URL = os.environ.get("DATABASE_URL") or database_url.on_socket(
    _DATA.socket_dir, "citycall", "citycall"
)
_database = database_url.parse(DATABASE_URL)
_limits = {
    "lock_timeout": os.environ.get("CITYCALL_LOCK_TIMEOUT", "5s"),
    "statement_timeout": os.environ.get("CITYCALL_STATEMENT_TIMEOUT", "20s"),
    "idle_in_transaction_session_timeout": os.environ.get("CITYCALL_IDLE_TIMEOUT", "60s"),
}
# Behind a pooler that does not pass start-up options on (PgBouncer), set them on the role and this to 0.
if _flag("CITYCALL_DATABASE_LIMITS", default=True):
    _database["OPTIONS"].setdefault("options", " ".join(f"-c {name}={at}" for name, at in _limits.items()))
_database["OPTIONS"].setdefault("connect_timeout", 5)
_database["OPTIONS"].setdefault("application_name", "citycall")
# Statements are prepared by the server after their third use: a third less CPU there (needs PgBouncer 1.21 or
# later, if there is one in between).
if _flag("CITYCALL_DATABASE_PREPARES", default=True):
    _database["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 3}
_database |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
DATABASES = {"default": _database}
# Behind a pooler: the server itself, for LISTEN and session locks.
CITYCALL_DIRECT_DATABASE_URL = os.environ.get("CITYCALL_DIRECT_DATABASE_URL", "")

# -- people ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.Staff"
AUTHENTICATION_BACKENDS = ["citycall.people.backends.StaffBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/account/sign-in"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "citycall.people.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 10  # one shift and a little
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# -- words and time ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hant"
LANGUAGES = [("zh-hant", "正體中文"), ("en", "English")]
LOCALE_PATHS = [folder / "locale" for folder in _WEB_FOLDERS if (folder / "locale").is_dir()]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Taipei"

# -- static files and what citizens send -------------------------------------------------------------------
_PLAIN_STATIC = DEBUG or _flag("CITYCALL_PLAIN_STATIC")  # from where they are, nothing collected (tests)
STATIC_URL = "/static/"
STATIC_ROOT = None if _PLAIN_STATIC else Path(os.environ.get("CITYCALL_STATIC_ROOT", _DATA.root / "static"))
STATICFILES_DIRS = [folder / "static" for folder in _WEB_FOLDERS if (folder / "static").is_dir()]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(_DATA.files)},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _PLAIN_STATIC
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = _PLAIN_STATIC
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = _DATA.files
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# -- ways out to people ------------------------------------------------------------------------------------
# Unset: in a real installation what is to be sent waits in the outbox; the sample records what it would send.
CITYCALL_SMTP_URL = os.environ.get("CITYCALL_SMTP_URL", "")
CITYCALL_SMS_URL = os.environ.get("CITYCALL_SMS_URL", "")
CITYCALL_EGOV_URL = os.environ.get("CITYCALL_EGOV_URL", "")
CITYCALL_MAIL_FROM = os.environ.get("CITYCALL_MAIL_FROM", "1999@localhost")

# -- logs --------------------------------------------------------------------------------------------------
_LEVEL = os.environ.get("CITYCALL_LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "citycall": {"level": _LEVEL},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
