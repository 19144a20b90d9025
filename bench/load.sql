-- The peers' data (schema.sql and load.sql there) in our tables: psql -v scale=1 -v password=… -f bench/load.sql
-- The same formulas, so that the same ids mean the same: ticket t belongs to user 4*((t-1)%A+1), slot s to tutor 20*((s-1)%T+1).
SELECT 10000*:scale AS n, 2500*:scale AS a, 500*:scale AS t \gset
SELECT date_trunc('hour', now()) AS base \gset
-- What triggers would write, row by row, is written here at once.
SET session_replication_role = replica;
SET statement_timeout = 0;

INSERT INTO accounts_user (id, username, username_chosen, email, phone, first_name, last_name, password, user_type, is_staff,
    is_superuser, is_active, language, created_at)
SELECT i, 'user'||i, true, 'user'||i||'@example.com', '+1555'||lpad(i::text, 7, '0'), 'First'||i, 'Last'||i, :'password',
    CASE WHEN i % 20 = 0 AND i <= 20*:t THEN 'admin' ELSE 'student' END, i % 100 = 1 OR (i % 20 = 0 AND i <= 20*:t),
    i % 20 = 0 AND i <= 20*:t, true, 'en', :'base'::timestamptz - i * interval '7 min'
FROM generate_series(1, :n) i;

INSERT INTO tickets_ticket (id, user_id, message, status, changed_status_id, awaiting, created_at)
SELECT i, 4*((i-1) % :a + 1), 'Ticket '||i||': '||repeat('my order has not arrived yet. ', 2 + (i % 5)::int),
    CASE i % 3 WHEN 0 THEN 'u' WHEN 1 THEN 'f' ELSE 'c' END, CASE i % 3 WHEN 0 THEN NULL ELSE 100*(i % 100) + 1 END,
    CASE WHEN i % 3 < 2 THEN 'customer' END, :'base'::timestamptz - (100000*:scale - i) * interval '20 sec'
FROM generate_series(1, 100000*:scale) i;
INSERT INTO tickets_answer (id, ticket_id, user_id, message, answered_at)
SELECT 3*(i-1) + j, i, 100*(i % 100) + 1, 'Answer '||j||' to ticket '||i||': we are looking into it.',
    :'base'::timestamptz - (100000*:scale - i) * interval '20 sec' + j * interval '1 hour'
FROM generate_series(1, 100000*:scale) i, generate_series(1, 3) j;

INSERT INTO scheduling_timeslot (id, tutor_id, start_time, end_time, is_available, created_at)
SELECT i, 20*((i-1) % :t + 1), s, s + interval '1 hour', NOT (k < 24 OR k % 5 = 0 OR k = 99), :'base'::timestamptz - interval '30 days'
FROM (SELECT i, (i-1)/:t AS k, :'base'::timestamptz + ((i-1)/:t - 24) * interval '5 hour' AS s
      FROM generate_series(1, 50000*:scale) i) x;
INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, notes, status, created_at, start_time, end_time)
SELECT 4*(id % :a) + 2, tutor_id, id, 'Algebra '||id, 'Chapter '||id % 12, 'pending', created_at, start_time, end_time
FROM scheduling_timeslot WHERE NOT is_available ORDER BY id ON CONFLICT DO NOTHING;

INSERT INTO shop_product (id, name, description, price, currency, amount, created_at)
SELECT i, 'Product '||i, repeat('A fine product for every day. ', 3 + (i % 4)::int), 1 + (i*37 % 10000)/100.0, 'EUR', 1000000000,
    :'base'::timestamptz - i * interval '1 hour'
FROM generate_series(1, 1000*:scale) i;
INSERT INTO shop_stockentry (product_id, change, balance, reason, created_at)
SELECT id, amount, amount, 'delivery', created_at FROM shop_product;
INSERT INTO shop_order (id, user_id, address, phone, status, subtotal, currency, created_at)
SELECT i, 1 + i % :n, i||' Main Street, Springfield', '+1555'||lpad(i::text, 7, '0'), CASE WHEN i % 2 = 0 THEN 'completed' ELSE 'new' END,
    89.91, 'EUR', :'base'::timestamptz - (50000*:scale - i) * interval '1 min'
FROM generate_series(1, 50000*:scale) i;
INSERT INTO shop_orderitem (order_id, product_id, name, amount, price)
SELECT i, 1 + ((i*7 + j*333) % (1000*:scale)), 'Product', 1 + j, 9.99
FROM generate_series(1, 50000*:scale) i, generate_series(1, 3) j;

INSERT INTO notifications_notification (user_id, type, title, message, link, key, created_at)
SELECT 1 + i % :n, 'system', 'News '||i, 'Something happened, and this is what it was about.', '', 'bench:'||i, :'base'::timestamptz - i * interval '1 min'
FROM generate_series(1, 50000*:scale) i;

SELECT setval(pg_get_serial_sequence(t, 'id'), m) FROM (VALUES
    ('accounts_user', (SELECT max(id) FROM accounts_user)), ('tickets_ticket', (SELECT max(id) FROM tickets_ticket)),
    ('tickets_answer', (SELECT max(id) FROM tickets_answer)), ('scheduling_timeslot', (SELECT max(id) FROM scheduling_timeslot)),
    ('shop_product', (SELECT max(id) FROM shop_product)), ('shop_order', (SELECT max(id) FROM shop_order))) v(t, m) \g /dev/null
RESET session_replication_role;
VACUUM ANALYZE;
