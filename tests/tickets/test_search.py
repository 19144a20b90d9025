"""Finding tickets by their words, in three languages, and never by what one may not read."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from tickets import services
from tickets.models import Answer, SearchText, Ticket
from tickets.models.tickets import MESSAGE_LENGTH

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """`patience(seconds=0)`: so long a search goes on looking. A busy machine must not make it give up."""

    def set_to(**duration):
        monkeypatch.setattr("tickets.models.search.PATIENCE", timedelta(**duration))

    set_to(minutes=1)
    return set_to


@pytest.fixture
def search(as_user):
    """`search(alice, "fire", status="u")`: the ids that a search finds, over all its pages."""
    clients = {}

    def find(user, words, *, limit=200, **params):
        client = clients.setdefault(user.pk, as_user(user))
        answer = client.get("/api/v1/tickets/", {"search": words, "limit": limit, **params})
        assert answer.status_code == 200, answer.json()
        found = [one["id"] for one in answer.json()]
        while link := answer.headers.get("Link"):
            answer = client.get(link[link.index("/api") : link.index(">")])
            assert answer.json(), "a page before the end is empty only where patience ended"
            found += [one["id"] for one in answer.json()]
        return found

    return find


@pytest.mark.parametrize(
    ("text", "found_by"),
    [
        ("The printers are burning", ["printer", "burn", "BURNS", "burning printers"]),
        ("Nie działa płatność za faktury", ["płatność", "platnosc", "płatności", "faktura", "FAKTUR", "dziala"]),
        ("Zamówienia nie dotarły", ["zamówienie", "zamowieniami", "dotarły"]),
        ("Возвраты ещё не пришли", ["возврат", "ВОЗВРАТОВ", "еще"]),
        ("Order 4711 of bob@example.com", ["4711", "bob@example.com"]),
        ("Zwrot: the refunds, возврат", ["refund zwrotu", "возврата refund"]),
    ],
)
def test_words_are_found_in_three_languages(ask, search, alice, text, found_by):
    ticket = ask(text)
    ask("Something else")
    for words in found_by:
        assert search(alice, words) == [ticket.pk], words


_ENDINGS = (
    "iami|ami|iach|ach|iego|ego|iemu|emu|owie|owi|ymi|imi|iej|ej|iow|ow|iom|om|iem|em|ych|ich|ym|im|ie|ia|iu|io|a|e|i|o|u|y"
)
_BEGINNINGS = ("ab", "abc", "ksiazk", "ow", "mi", "iow", "x1", "кот", "_ab", "domy", "aei")


def stem(word):
    """Without the longest Polish ending that leaves three letters or more."""
    cut = re.fullmatch(rf"([a-z]{{3,}}?)(?:{_ENDINGS})", word)
    return cut[1] if cut else word


def test_polish_endings_are_cut_as_the_list_has_them():
    endings = ["", *_ENDINGS.split("|")]
    words = {begin + middle + end for begin in _BEGINNINGS for middle in endings for end in ("h", "ł", *endings)}
    text = ", ".join(sorted(words))

    with connection.cursor() as cursor:
        cursor.execute("SELECT tickets_polish(%s)", [text])
        (stems,) = cursor.fetchone()
    assert stems == ", ".join(stem(word) for word in sorted(words))
    assert "ksiazk" in stems.split(", ")


def test_subject_and_answers_count_and_words_may_be_anywhere(ask, say, search, alice, sue):
    ticket = ask("My printer", subject="Smoke")
    say(sue, ticket, "Use water")

    for words in ("smoke", "printer", "water", "water smoke printer"):
        assert search(alice, words) == search(sue, words) == [ticket.pk]
    assert search(sue, "water fire") == []


def test_a_hit_right_after_the_answer(as_user, alice, search):
    key = as_user(alice).post("/api/ticket", {"message": "unmistakable"}).json()["id"]

    assert search(alice, "unmistakable") == [key]


def test_words_change_with_the_text(ask, say, search, alice, sue):
    ticket = ask(subject="Smoke")
    answer = say(sue, ticket, "Use water")
    services.change_ticket(by=sue, ticket_id=ticket.pk, subject="Steam")
    assert (search(alice, "smoke"), search(alice, "steam")) == ([], [ticket.pk])

    Answer.objects.filter(pk=answer.pk).update(internal=True)
    assert (search(alice, "water"), search(sue, "water")) == ([], [ticket.pk])
    Answer.objects.filter(pk=answer.pk).update(internal=False, message="Use sand")
    assert (search(alice, "water"), search(alice, "sand")) == ([], [ticket.pk])


def test_customers_find_only_what_they_may_read(ask, say, search, alice, bob, sue):
    ticket, other = ask("printer"), ask("printer", by=bob)
    say(sue, ticket, "suspicious", internal=True)
    say(sue, ticket, "gladly")

    assert search(alice, "printer") == [ticket.pk]
    assert search(bob, "printer") == [other.pk]
    assert search(sue, "printer") == [other.pk, ticket.pk]
    assert search(alice, "suspicious") == search(bob, "suspicious") == []
    assert search(alice, "printer suspicious") == []
    assert search(sue, "suspicious") == [ticket.pk]


def test_search_within_the_filters(ask, say, search, alice, sue):
    closed, answered, assigned = (ask("printer") for _ in range(3))
    services.set_status(by=sue, ticket_id=closed.pk, status="c")
    say(sue, answered, "Gladly")
    services.change_ticket(by=sue, ticket_id=assigned.pk, assignee_id=sue.pk)

    for user in (alice, sue):
        assert search(user, "printer", status="c") == [closed.pk]
        assert search(user, "printer", awaiting="customer") == [answered.pk]
        assert search(user, "printer", awaiting="support") == [assigned.pk]
        assert search(user, "printer", assignee=sue.pk) == [assigned.pk]
        assert search(user, "printer", assignee=sue.pk, status="c") == []


@pytest.mark.parametrize(
    "words", ["'", "a & b | !c", ":*", "<->", "(((", "\\", "%", "the", "…", "a" * 200, "\u00a0x", "'); DROP"]
)
def test_no_words_are_a_mistake(ask, search, alice, words):
    ask("printer")
    assert search(alice, words) == []


@pytest.mark.parametrize("path", ["/api/ticket", "/api/v1/products/", "/api/v1/users/"])
@pytest.mark.parametrize("words", ["", " ", " \t\u3000"])
def test_no_words_are_no_search(as_user, tim, path, words):
    everything = as_user(tim).get(path)

    answer = as_user(tim).get(path, {"search": words})

    assert (answer.status_code, answer.json()) == (200, everything.json())


@pytest.mark.parametrize("words", ["a" * 201, "\x00"])
def test_words_that_are_refused(as_user, alice, words):
    assert as_user(alice).get("/api/ticket", {"search": words}).status_code == 400


@pytest.mark.parametrize("run", ["a", "ę", "a_", "owie", "<!--", "<!-- "])
def test_no_run_of_characters_takes_long(run):
    """Four times the longest message. Were the run not broken up, the statement would be ended after its 5 s, ten times over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tickets_words(%s)", [(run * 4 * MESSAGE_LENGTH)[: 4 * MESSAGE_LENGTH]])


def test_what_stands_around_a_run_is_found(ask, search, alice):
    ticket = ask("My printer " + "a_" * 20_000 + " smokes\tbeside the " + "b" * 5_000)

    assert search(alice, "printer smoking") == [ticket.pk]
    address = "https://example.com/" + "/".join(f"page{number}" for number in range(20))
    other = ask(f"See {address} and {address[:120]}")
    assert search(alice, address) == search(alice, address[:120]) == [other.pk]


def fill(user, count, sql="'printer ' || n"):
    """Many tickets, quickly; every 7th frozen, every 50th "rare", and all but the newest 1,500 "old"."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tickets_ticket (user_id, message, status) "
            f"SELECT {user.pk}, {sql} || CASE WHEN n % 50 = 0 THEN ' rare' ELSE '' END"
            f" || CASE WHEN n <= {count} - 1500 THEN ' old' ELSE '' END, CASE WHEN n % 7 = 0 THEN 'f' ELSE 'u' END"
            f" FROM generate_series(1, {count}) AS n"
        )
    return list(Ticket.objects.order_by("-id"))


def test_beyond_the_newest_thousand_the_index_goes_on(search, alice, bob, sue):
    """Frequent, rare and old words, through both ways of searching and over the edges between blocks."""
    with connection.cursor() as cursor:  # the tickets begin shortly before a new block
        cursor.execute("SELECT setval('tickets_ticket_id_seq', ((last_value >> 15) + 1 << 15) - 700) FROM tickets_ticket_id_seq")
    tickets = fill(alice, 2200)
    assert len({ticket.pk >> 15 for ticket in tickets}) == 2

    def holding(word, status=None):
        return [t.pk for t in tickets if word in t.message.split() and status in (None, t.status)]

    for user in (alice, sue):
        assert search(user, "rare") == holding("rare")
        assert search(user, "old", limit=200) == holding("old")
        assert search(user, "old", limit=33, status="f") == holding("old", "f")
        assert search(user, "printer rare", limit=7) == holding("rare")
        assert search(user, "nowhere") == []
    assert search(bob, "rare") == []
    assert len(search(sue, "printer")) == 2200


def test_a_search_that_takes_long_answers_in_parts(as_user, search, alice, sue, patience):
    """Two words in every other ticket, together in one of the oldest: a block at a time, then the Link goes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticket (id, user_id, message)"
            " SELECT n, %s, CASE WHEN n = 7 THEN 'evenly oddly' WHEN n %% 2 = 0 THEN 'evenly' ELSE 'oddly' END"
            " FROM (SELECT unnest(ARRAY[7, 70000, 70001]) UNION SELECT generate_series(140000, 141000)) AS keys (n)",
            [alice.pk],
        )
    patience(seconds=0)

    for user in (alice, sue):
        client, path, pages = as_user(user), "/api/v1/tickets/?search=evenly+oddly", []
        while path:
            answer = client.get(path)
            pages.append([one["id"] for one in answer.json()])
            link = answer.headers.get("Link")
            path = link and link[link.index("/api") : link.index(">")]
        # The newest thousand and the block of the next one; then what is left.
        assert pages == [[], [7]]

    patience(minutes=1)
    assert "Link" not in as_user(sue).get("/api/v1/tickets/?search=evenly+oddly").headers


def test_what_others_wrote_takes_no_place_on_a_page(search, alice, bob):
    """Theirs and hers take turns; hers with the word lie beyond her newest thousand, his are everywhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticket (user_id, message)"
            " SELECT CASE n %% 2 WHEN 0 THEN %s ELSE %s END,"
            " CASE WHEN n %% 2 = 1 OR (n <= 400 AND n %% 20 = 0) THEN 'needle' ELSE 'hay' END FROM generate_series(1, 2400) AS n",
            [alice.pk, bob.pk],
        )

    assert len(search(alice, "needle", limit=3)) == 20
    assert len(search(bob, "needle")) == 1200


def test_search_reads_by_the_index(alice):
    """For what is not among the newest thousand, no table is read through."""
    newest = fill(alice, 3000)[0]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_searchtext")
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) SELECT tickets_search('nowhere', NULL, NULL, NULL, NULL, NULL, 51, NULL)")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute(
            "EXPLAIN SELECT FROM tickets_searchtext WHERE block = %s::bigint AND owner = %s::bigint AND status = 'f'"
            " AND words @@ 'rare'",
            [newest.pk >> 15, alice.pk],
        )
        lookup = "\n".join(line for (line,) in cursor.fetchall())

    assert "Seq Scan" not in plan
    assert "Bitmap Index Scan on ticket_words" in lookup
    assert "Filter" not in lookup  # all of it is answered by the index


def test_a_thread_that_is_too_long_can_still_be_answered(ask, say, search, alice):
    """PostgreSQL takes a megabyte of words at most."""
    ticket = ask("printer")
    for part in range(5):
        words = " ".join(f"{number:06x}x{part}" * 5 for number in range(6000))
        Answer.objects.create(ticket=ticket, user=alice, message=words)
    Ticket.objects.filter(pk=ticket.pk).update(subject="anew")

    assert search(alice, "printer") == search(alice, "anew") == [ticket.pk]


def test_the_words_stand_beside_every_ticket(ask, say, sue):
    ticket = ask()
    say(sue, ticket)

    row = SearchText.objects.get()
    assert (row.ticket_id, row.owner, row.status, row.awaiting, row.assignee) == (
        ticket.pk,
        ticket.user_id,
        "u",
        "customer",
        None,
    )
