"""What the worker does for the shop."""

from procrastinate.contrib.django import app

from config.tasks import Backoff
from shop import services


@app.periodic(cron="7 * * * *")
@app.task(name="shop.expire_credits", queueing_lock="shop.expire_credits")
def expire_credits(timestamp):
    """Writes off credits whose time is over. They could not be spent before, either."""
    while services.expire_credits():
        pass


@app.task(name="shop.cancel_orders_of", retry=Backoff(8))
def cancel_orders_of(user_id):
    """Cancels what somebody ordered who has closed their account; it goes back into stock."""
    services.cancel_orders_of(user_id=user_id)
