"""Accounts, their sessions, and the codes sent to them."""

from accounts.models.codes import Code
from accounts.models.exports import Export
from accounts.models.sessions import RefreshToken, Session
from accounts.models.users import DELETED_USER, User, default_language

__all__ = ["DELETED_USER", "Code", "Export", "RefreshToken", "Session", "User", "default_language"]
