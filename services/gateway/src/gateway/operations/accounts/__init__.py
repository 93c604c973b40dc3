"""Accounts of staff, their log-ins, and the keys of machines."""

from gateway.operations.accounts.api_keys import create_api_key, revoke_api_key
from gateway.operations.accounts.log_ins import LoggedIn, log_in, log_out
from gateway.operations.accounts.second_factor import begin_totp, confirm_totp
from gateway.operations.accounts.staff import change_staff, create_staff

__all__ = [
    "LoggedIn",
    "begin_totp",
    "change_staff",
    "confirm_totp",
    "create_api_key",
    "create_staff",
    "log_in",
    "log_out",
    "revoke_api_key",
]
