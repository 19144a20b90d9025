"""What the worker does for the shop."""

from procrastinate.contrib.django import app

from shop import services


@app.periodic(cron="7 * * * *")
@app.task(name="shop.expire_credits", queueing_lock="shop.expire_credits")
def expire_credits(timestamp):
    """Writes off credits whose time is over. They could not be spent before, either."""
    while services.expire_credits():
        pass


@app.periodic(cron="*/5 * * * *")
@app.task(name="shop.cancel_orders_left", queueing_lock="shop.cancel_orders_left")
def cancel_orders_left(timestamp):
    """Cancels what people ordered who have closed their account since; it goes back into stock."""
    while services.cancel_orders_left():
        pass
