"""Runs and tests Frontdesk on one machine that has Python 3.11 or later, and nothing else installed.

Standard library only: it makes the virtual environment that everything else needs. The Makefile is its front.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Stop(Exception):
    """Something is missing, or in the way. The message is one sentence that says what, and what to do."""


def say(text):
    """Tells the person at the terminal how far things are."""
    print(text, flush=True)
