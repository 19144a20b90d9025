"""What gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils import translation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# What Django would load at the first requests. Here it is loaded before the workers are forked, so that they share it.
get_resolver().url_patterns  # noqa: B018
for language, _name in settings.LANGUAGES:
    translation.activate(language)
translation.deactivate()
