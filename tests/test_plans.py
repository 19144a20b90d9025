"""What a search or a time narrows is planned for its value: no one plan does for what all rows hold and what none does."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(tim, alice):
    """3,000 products, accounts and meetings, one each 30 minutes from today on."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "INSERT INTO shop_product (name, description, price, currency, amount)"
            " SELECT 'Article ' || n, repeat('for every day. ', 20), 1, 'EUR', 1 FROM generate_series(1, 3000) AS n"
        )
        cursor.execute(
            "INSERT INTO scheduling_timeslot (id, tutor_id, start_time, end_time, is_available) SELECT n, %s, time,"
            " time + interval '30 minutes', false FROM (SELECT n, date_trunc('day', now()) + n * interval '30 minutes' AS time"
            " FROM generate_series(1, 3000) AS n) AS slots",
            [tim.pk],
        )
        cursor.execute(
            "INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, start_time, end_time)"
            " SELECT %s, tutor_id, id, 'Algebra', start_time, end_time FROM scheduling_timeslot ORDER BY id",
            [alice.pk],
        )
        cursor.execute(
            "INSERT INTO accounts_user (username, username_chosen, email, password, first_name, last_name, user_type, is_staff,"
            " is_superuser, is_active, language) SELECT 'person' || n, true, n || '@example.com', '!', '', '', 'student', false,"
            " false, true, 'en' FROM generate_series(1, 3000) AS n"
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute("ANALYZE shop_product, scheduling_timeslot, scheduling_meeting, accounts_user")


def plan_of(client, path):
    """How PostgreSQL reads what a GET reads last."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[-1]['sql']}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize(
    ("path", "of_many", "of_few"),
    [
        ("/api/v1/products/?search={}", ("article", "product_on_sale"), ("xyz", "product_words")),
        (
            "/api/v1/meetings/?start_after={}",
            ("2000-01-01T00:00:00Z", "meeting_pkey"),
            ("3000-01-01T00:00:00Z", "meeting_by_time"),
        ),
    ],
)
def test_the_value_decides_the_plan(house, as_user, tim, path, of_many, of_few):
    client = as_user(tim)
    for value, index in (of_many, of_few):
        assert index in plan_of(client, path.format(value))


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/api/v1/users/?is_staff=true", "account_of_staff"),
        ("/api/v1/users/?user_type=admin", "account_of_admin"),
        ("/api/v1/products/?category=1", "product_of_category"),
        ("/api/v1/products/?in_stock=false", "product_sold_out"),
    ],
)
def test_the_few_are_not_looked_for_among_all(house, as_user, tim, path, index):
    assert index in plan_of(as_user(tim), path)


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("/api/v1/products/?search=pen", "LIKE"),
        ("/api/v1/products/?category=1", 'category_id" ='),
        ("/api/v1/users/?search=tim", "LIKE"),
        ("/api/v1/meetings/?start_after=2000-01-01T00:00:00Z", ">="),
        ("/api/v1/meetings/?start_before=2000-01-01T00:00:00Z", 'start_time" <'),
    ],
)
def test_it_is_sent_with_its_value(as_user, tim, path, sign):
    """Prepared, it would have one plan for all values."""
    client = as_user(tim)
    assert client.get(path.split("?")[0]).status_code == 200
    assert client.get(path).status_code == 200

    table = {"products": "shop_product", "users": "accounts_user", "meetings": "scheduling_meeting"}[path.split("/")[3]]
    lists = [prepared.sql for prepared, _types in connection.prepared if f'FROM "{table}"' in prepared.sql]
    assert lists  # without the filter it is
    assert not [sql for sql in lists if sign in sql]


def test_a_page_starts_at_its_cursor(house, as_user, alice):
    """Not at the first slot that has not begun, though that bounds the same column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scheduling_timeslot (id, tutor_id, start_time, end_time)"
            " SELECT id + 3000, tutor_id, start_time + interval '100 days',"
            " end_time + interval '100 days' FROM scheduling_timeslot"
        )
        cursor.execute("ANALYZE scheduling_timeslot")
    client = as_user(alice)
    link = client.get("/api/v1/timeslots/").headers["Link"]

    plan = plan_of(client, link[link.index("<http://testserver") + 18 : link.index(">")])

    assert "Index Cond: ((ROW(start_time, id) > " in plan


def test_what_cannot_be_is_not_looked_for(as_user, sue, django_assert_num_queries):
    """Nobody waits for the customer on a closed ticket; PostgreSQL would look through them all."""
    client, path = as_user(sue), "/api/v1/tickets/?status=c&awaiting=customer"
    with django_assert_num_queries(1):  # who it is that asks
        assert client.get(path).json() == []
    assert client.get(f"{path}&search=printer").json() == []
    assert client.get(f"{path}&cursor=x").status_code == 400


def test_a_plan_made_while_a_table_is_small_is_one_for_a_large_one(db):
    """Plans are kept as long as their connection; that of the queue's foreign keys was once made while the queue was empty."""

    def plan():
        cursor.execute("EXPLAIN SELECT FROM small WHERE id = 1")
        return cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE small (id bigint PRIMARY KEY) ON COMMIT DROP")
        cursor.execute("INSERT INTO small VALUES (1), (2), (3)")
        cursor.execute("ANALYZE small")
        assert "Index" in plan()
        cursor.execute("SET LOCAL enable_seqscan = on")
        assert "Seq Scan" in plan()
