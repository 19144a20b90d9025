-- What the staff's pages need besides bench/load.sql and slots.sql: more meetings and orders (100,000 of each with those of
-- load.sql), tickets that await support and have assignees, words to search, jobs, failures. psql -v scale=1 -f bench/desk.sql
SELECT 2500*:scale AS a, 500*:scale AS t \gset
SELECT date_trunc('hour', now()) AS base \gset
SET session_replication_role = replica;
SET statement_timeout = 0;

-- Of a hundred tickets 30 await support; every second of these is somebody's of support.
UPDATE tickets_ticket SET status = 'u', awaiting = 'support', assignee_id = CASE WHEN id % 2 = 0 THEN 100*(id % 100) + 1 END
WHERE id % 10 < 3;
UPDATE tickets_ticket SET assignee_id = 100*(id % 100) + 1, priority = 'high' WHERE id % 10 = 4;
INSERT INTO tickets_searchtext (ticket_id, owner, status, awaiting, assignee, words, staff_words)
SELECT t.id, t.user_id, t.status, t.awaiting, t.assignee_id, w, w
FROM tickets_ticket t, LATERAL (SELECT tickets_words(t.message || ' reference' || t.id % 1000) AS w OFFSET 0) AS words;
INSERT INTO tickets_statuschange (ticket_id, user_id, from_status, to_status, changed_at)
SELECT id, changed_status_id, 'u', status, created_at + interval '1 day' FROM tickets_ticket WHERE changed_status_id IS NOT NULL;
-- One ticket is a long story.
INSERT INTO tickets_answer (ticket_id, user_id, message, answered_at)
SELECT 100000*:scale, CASE WHEN i % 2 = 0 THEN 1 ELSE user_id END, repeat('And another word. ', 20), :'base'::timestamptz + i * interval '1 sec'
FROM tickets_ticket, generate_series(1, 1000) i WHERE id = 100000*:scale;
INSERT INTO tickets_cannedreply (title, language, text, created_at)
SELECT 'Reply '||i, l, repeat('Dear {first_name}, about your ticket {ticket_id}: we look at it. ', 5)||'{agent}', now()
FROM generate_series(1, 20) i, unnest(ARRAY['en', 'pl', 'ru']) l;

INSERT INTO scheduling_timeslot (tutor_id, start_time, end_time, is_available, created_at)
SELECT 20*((i-1) % :t + 1), s, s + interval '1 hour', false, s - interval '9 days'
FROM (SELECT i, :'base'::timestamptz - interval '6 days' - ((i-1)/:t) * interval '5 hour' AS s FROM generate_series(1, 90000*:scale) i) x;
INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, notes, status, created_at, start_time, end_time)
SELECT 4*((tutor_id/20) % :a) + 2, tutor_id, id, 'Algebra '||id, '', CASE WHEN id % 9 = 0 THEN 'canceled' ELSE 'completed' END,
    created_at, start_time, end_time
FROM scheduling_timeslot WHERE start_time <= :'base'::timestamptz - interval '6 days' ORDER BY id ON CONFLICT DO NOTHING;

INSERT INTO shop_order (user_id, address, phone, status, subtotal, currency, created_at)
SELECT 1 + i % (10000*:scale), i||' Main Street, Springfield', '+15550000000', CASE WHEN i % 10 = 0 THEN 'canceled' ELSE 'completed' END,
    89.91, 'EUR', :'base'::timestamptz - i * interval '45 sec'
FROM generate_series(1, 60000*:scale) i;
UPDATE shop_product SET amount = id % 5 WHERE id % 20 = 0;
INSERT INTO shop_stockentry (product_id, change, balance, reason, note, created_at)
SELECT 20, 1, i, 'correction', 'found one more', now() FROM generate_series(1, 5000) i;

INSERT INTO accounts_session (user_id, device, created_at, last_used_at, expires_at)
SELECT u, 'A browser '||i, now(), now(), now() + interval '30 days' FROM generate_series(4, 400, 4) u, generate_series(1, 20) i;
INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)
SELECT 'default', 'notifications.tasks.deliver', (CASE WHEN i % 5 = 0 THEN 'failed' ELSE 'todo' END)::procrastinate_job_status, '{}'
FROM generate_series(1, 5000*:scale) i;
RESET session_replication_role;
VACUUM ANALYZE;
