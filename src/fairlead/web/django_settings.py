"""Django's settings, derived from the deployment settings. Importing this module starts and writes nothing."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from fairlead import settings as deployment
from fairlead.store import keys, postgres

FAIRLEAD = deployment.load(os.environ)

FAIRLEAD_HOME = FAIRLEAD.home
# What was sealed with the data folder's own key stays readable when the deployment sets one later.
FAIRLEAD_SECRET_KEYS = FAIRLEAD.secret_keys + keys.read(FAIRLEAD.home)
FAIRLEAD_PUBLIC_URL = FAIRLEAD.public_url
FAIRLEAD_CAMPAIGN_MONITOR_URL = FAIRLEAD.campaign_monitor_url
FAIRLEAD_CAMPAIGN_MONITOR_CLIENT_ID = FAIRLEAD.campaign_monitor_client_id
FAIRLEAD_CAMPAIGN_MONITOR_CLIENT_SECRET = FAIRLEAD.campaign_monitor_client_secret
FAIRLEAD_SALESFORCE_LOGIN_URL = FAIRLEAD.salesforce_login_url
FAIRLEAD_SALESFORCE_EVENTS_URL = FAIRLEAD.salesforce_events_url
FAIRLEAD_SALESFORCE_CALL_SHARE = FAIRLEAD.salesforce_call_share
FAIRLEAD_METRICS_TOKEN = FAIRLEAD.metrics_token
FAIRLEAD_STRIPE_SECRET_KEY = FAIRLEAD.stripe_secret_key
FAIRLEAD_STRIPE_WEBHOOK_SECRET = FAIRLEAD.stripe_webhook_secret
FAIRLEAD_STRIPE_PLANS = FAIRLEAD.stripe_plans
FAIRLEAD_STRIPE_URL = FAIRLEAD.stripe_url
FAIRLEAD_BILLING_TRIAL_DAYS = FAIRLEAD.billing_trial_days
FAIRLEAD_BILLING_GRACE_DAYS = FAIRLEAD.billing_grace_days
FAIRLEAD_SLOTS = FAIRLEAD.slots
FAIRLEAD_CONCURRENCY = FAIRLEAD.concurrency
FAIRLEAD_HISTORY_DAYS = FAIRLEAD.history_days
FAIRLEAD_HEARTBEAT_SECONDS = FAIRLEAD.heartbeat_seconds
FAIRLEAD_STALE_SECONDS = FAIRLEAD.stale_seconds
FAIRLEAD_TICK_SECONDS = FAIRLEAD.tick_seconds
FAIRLEAD_RETRY_SECONDS = FAIRLEAD.retry_seconds
FAIRLEAD_STOP_SECONDS = FAIRLEAD.stop_seconds

SECRET_KEY = keys.derive(FAIRLEAD_SECRET_KEYS[0], "django") if FAIRLEAD_SECRET_KEYS else ""
SECRET_KEY_FALLBACKS = [keys.derive(key, "django") for key in FAIRLEAD_SECRET_KEYS[1:]]
DEBUG = False
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    *([urlsplit(FAIRLEAD.public_url).hostname or ""]),
    *FAIRLEAD.allowed_hosts,
]
CSRF_TRUSTED_ORIGINS = [FAIRLEAD.public_url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "procrastinate.contrib.django",
    "fairlead.store",
    "fairlead.jobs",
    "fairlead.ui",
    "fairlead.features.account",
    "fairlead.features.home",
    "fairlead.features.setup",
    "fairlead.features.connections",
    "fairlead.features.primary_sync",
    "fairlead.features.members",
    "fairlead.features.campaigns",
    "fairlead.features.tracking_history",
    "fairlead.features.storage",
    "fairlead.features.salesforce_campaigns",
    "fairlead.features.record_creation",
    "fairlead.features.suppression",
    "fairlead.features.field_mappings",
    "fairlead.features.sms",
    "fairlead.features.subscriber_rules",
    "fairlead.features.transactional_email",
    "fairlead.features.import_wizard",
    "fairlead.features.opt_status",
    "fairlead.features.job_list",
    "fairlead.features.people",
    "fairlead.features.webhooks",
    "fairlead.features.org_changes",
    "fairlead.features.departures",
    "fairlead.features.flow_requests",
    "fairlead.features.general_options",
    "fairlead.features.moving_in",
    "fairlead.features.billing",
    "fairlead.features.help",
    "fairlead.features.permissions",
    "fairlead.features.maintenance",
]

MIDDLEWARE = [
    # supervisors ask by whatever address they have
    "fairlead.web.health.AnyHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "fairlead.ui.orgs.OrgMiddleware",
    # a session that is over ends before anything is shown
    "fairlead.ui.visits.VisitMiddleware",
    # every page needs a sign-in unless it says otherwise
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "fairlead.features.account.zones.ZoneMiddleware",
    "fairlead.ui.access.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

ROOT_URLCONF = "fairlead.web.urls"
ASGI_APPLICATION = "fairlead.web.asgi.application"
LOGIN_URL = "/sign-in/"
PASSWORD_RESET_TIMEOUT = 15 * 60  # the life of a one-time link
LOGIN_REDIRECT_URL = "/"

DATABASES = {"default": postgres.django_database(FAIRLEAD.database_url or postgres.database_url(FAIRLEAD.home))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # what is shipped; another is a file in LOCALE_PATHS and a line here
LOCALE_PATHS = [Path(__file__).parents[1] / "locale"]
USE_I18N = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # serves from the packages themselves: nothing is collected, so there is no STATIC_ROOT

# `__Host-`: only this very host sets them, over HTTPS, for all paths. Lax: people come back from Salesforce signed in.
SESSION_COOKIE_NAME = "__Host-fairlead" if FAIRLEAD.https else "fairlead"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = FAIRLEAD.https
SESSION_COOKIE_AGE = 7 * 24 * 3600  # the settings of the page User security end sessions earlier
CSRF_COOKIE_NAME = "__Host-fairlead-csrf" if FAIRLEAD.https else "csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = FAIRLEAD.https
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if FAIRLEAD.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if FAIRLEAD.https else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# What people and programs send is small: forms, and JSON. A webhook says for itself how much it takes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # the Lightning stylesheet draws some arrows and checks itself
        "img-src": [SELF, "data:"],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}

# structlog owns logging (`fairlead.store.logs`): Django must not set handlers of its own.
LOGGING_CONFIG = None
