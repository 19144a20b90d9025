"""The desk's pages, of all apps."""

from django.utils.module_loading import autodiscover_modules

from config import desk
from config.desk import jobs  # noqa: F401 (registers its page)

autodiscover_modules("desk")

app_name = "desk"
urlpatterns = desk.pages
