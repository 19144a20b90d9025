"""What other apps may want to hear of accounts, which knows none of them."""

from django.dispatch import Signal

# Sent with `user` inside the transaction that closes an account: whoever holds personal data of theirs erases it.
account_closed = Signal()
