"""A provider of payments on loopback, which plays Stripe, and its signed webhooks. The payloads are of our own making."""

import json
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

from shop.payments.signatures import sign

WEBHOOK = "/api/v1/payments/webhooks/stripe/"
SECRET = "whsec_of_the_tests"


class StripeHandler(BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers as Stripe does, or as the test wants."""

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.requests.append((self.path, dict(self.headers), {name: value for name, [value] in form.items()}))
        session = f"cs_test_{form['client_reference_id'][0]}"
        answer = self.server.answer or json.dumps({"id": session, "url": f"https://checkout.stripe.com/c/pay/{session}"}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        """Quiet."""


def event_of(payment, *, kind="checkout.session.completed", id="evt_1", **session):
    """A webhook's body, as Stripe lays it out."""
    session = {
        "id": payment.reference,
        "object": "checkout.session",
        "client_reference_id": str(payment.pk),
        "amount_total": int(payment.amount * 100),
        "currency": payment.currency.lower(),
        "payment_status": "paid",
    } | session
    return json.dumps({"id": id, "object": "event", "type": kind, "data": {"object": session}}).encode()


def deliver(api, body, *, secret=SECRET, at=None, header=None):
    """Sends a webhook, signed unless there is a header for it, and returns the answer."""
    signature = header if header is not None else sign(body, secret=secret, timestamp=at or int(time.time()))
    return api.post(WEBHOOK, body, content_type="application/json; charset=utf-8", HTTP_STRIPE_SIGNATURE=signature)
