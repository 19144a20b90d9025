"""What the worker does for the shop."""

from procrastinate.contrib.django import app

from shop import services


@app.periodic(cron="7 * * * *")
@app.task(name="shop.expire_credits", queueing_lock="shop.expire_credits")
def expire_credits(timestamp):
    """Writes off credits whose time is over. They could not be spent before, either."""
    while services.expire_credits():
        pass
