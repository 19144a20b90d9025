"""The use cases of accounts: who may come in, and what they may do to their account."""

from accounts.services.accounts import change_account, change_username, close_account, create_account, register_user
from accounts.services.exports import request_export
from accounts.services.passwords import change_password, confirm_reset, request_reset
from accounts.services.sessions import end_all_sessions, end_session, log_out, refresh_session, start_session, verify_token
from accounts.services.verification import confirm_verification, request_verification, request_verification_of

__all__ = [
    "change_account",
    "change_password",
    "change_username",
    "close_account",
    "confirm_reset",
    "confirm_verification",
    "create_account",
    "end_all_sessions",
    "end_session",
    "log_out",
    "refresh_session",
    "register_user",
    "request_export",
    "request_reset",
    "request_verification",
    "request_verification_of",
    "start_session",
    "verify_token",
]
