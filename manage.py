#!/usr/bin/env python
"""Django's command line for Frontdesk."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:  # says how to mend it (config.env); the lines of code that it went through do not
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(wrong))
