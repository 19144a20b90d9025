"""A mail server in every mood, while clients write."""

import statistics
from collections import Counter

from bench.faults.database import CLIENTS
from bench.faults.site import Line, fresh_start, hurry, summary, unexpected, wait_for_jobs
from tests.live import Service

MOODS = ("accept", "refuse", "quote", "later", "cut", "lie", "hang")  # the last leaves a queue behind
CALLS = 5  # conversations in each mood, at least
_WORDS = {"accept": "up", "refuse": "554 at once", "quote": "554 to the mail", "later": "451", "cut": "hangs up", "lie": "drops"}


def mail(house, rounds=60):
    """So many writes in each mood; then it is well again, and everything still waiting must arrive."""
    from notifications.models import Delivery
    from tests.notifications.smtp import SMTPServer
    from tests.writers import Crowd

    ledger, folder = fresh_start(house, "mail")
    server, times, cut = SMTPServer(), {}, []
    try:
        with Service(folder, EMAIL_URL=f"smtp://127.0.0.1:{server.port}?tls=off") as service:
            with Crowd(ledger, service.url, CLIENTS) as crowd:
                crowd.wait_for_writes(rounds // 2)  # to warm up
                for mood in MOODS:
                    taken, server.mode = len(server.mails), mood
                    known, heard = len(ledger.spent), server.calls
                    crowd.wait_for_writes(rounds)
                    hurry()  # or the pauses between tries would outlast the mood
                    service.wait(lambda heard=heard: server.calls >= heard + CALLS, f"mails were tried in the mood {mood}", 60)
                    cut += [message["Message-ID"] for message in server.mails[taken:] if mood == "cut"]
                    times[mood] = statistics.median(ledger.spent[known:])
            server.mode = "accept"
            drained = wait_for_jobs(service, seconds=200)
    finally:
        server.stop()
    arrived = Counter(message["Message-ID"] for message in server.mails + server.lost)
    lost = {message["Message-ID"] for message in server.lost} - {message["Message-ID"] for message in server.mails}
    sent = set(Delivery.objects.filter(channel="email", status="sent").values_list("message_id", flat=True))
    again = [key for key, count in arrived.items() if count > 1]
    faults = ledger.faults() + unexpected(ledger, 200, 201)
    faults += [f"{key} was never sent" for key in sent - set(arrived)]
    faults += [f"{key} was sent again without need" for key in again if key not in cut]
    waits = ", ".join(f"{_WORDS.get(mood, mood)} {spent * 1000:.0f} ms" for mood, spent in times.items())
    return Line(
        f"SMTP in {len(MOODS)} moods, {rounds} writes and more in each ({CLIENTS} clients)",
        f"{summary(ledger)}; median answer while it is {waits}; all {len(arrived)} mails were out {drained:.0f} s after it is "
        f"well; {len(again)} came again, under the same Message-ID, after it had hung up; "
        f"{len(lost)} it said it took and dropped, which nobody can tell",
        faults,
    )
