-- What bench.growth needs besides bench/load.sql: words to search, and the tables that load.sql leaves empty. Whoever and
-- whatever it asks for has equally many rows at each scale. psql -v scale=1 -f bench/growth.sql
SELECT 10000*:scale AS n, 2500*:scale AS a, 500*:scale AS t, 1000*:scale AS p \gset
SET session_replication_role = replica;
SET statement_timeout = 0;
SET maintenance_work_mem = '1GB';

-- One account has a name unlike all others.
UPDATE accounts_user SET last_name = 'Szczygieł' WHERE id = 44;

-- 300 tickets await support, each tenth of them is user 101's.
UPDATE tickets_ticket SET status = 'u', awaiting = 'support', changed_status_id = NULL,
    assignee_id = CASE WHEN id % 10 = 0 THEN 101 END
WHERE id > 100000*:scale - 300;
INSERT INTO tickets_statuschange (ticket_id, user_id, from_status, to_status, changed_at)
SELECT id, changed_status_id, 'u', status, created_at + interval '1 day' FROM tickets_ticket WHERE changed_status_id IS NOT NULL;

-- Words: in every ticket, every tenth, one of 100, one of 1,000, one; evenly and oddly never meet.
DROP INDEX ticket_words;
INSERT INTO tickets_searchtext (ticket_id, owner, status, awaiting, assignee, words, staff_words)
SELECT id, user_id, status, awaiting, assignee_id, w, w
FROM (SELECT *, (SELECT tickets_words('my order has not arrived yet we are looking into it')) || CASE id % 2
        WHEN 0 THEN 'even evenl' ELSE 'odd oddl' END::tsvector
    || CASE WHEN id % 10 = 0 THEN 'tenth' ELSE '' END::tsvector
    || CASE WHEN id % 100 = 7 THEN 'a100' ELSE '' END::tsvector || CASE WHEN id % 1000 = 77 THEN 'a1000' ELSE '' END::tsvector
    || ('ref'||id)::tsvector || ('''#'||id % 20011||'''')::tsvector AS w FROM tickets_ticket) x;
CREATE INDEX ticket_words ON tickets_searchtext USING gin (block, owner, status, awaiting, assignee, words, staff_words)
    WITH (fastupdate = 'true', gin_pending_list_limit = '64');

-- Of a tutor's meetings 5 are confirmed, 5 completed and 5 canceled.
UPDATE scheduling_meeting SET status = CASE (time_slot_id - 1) / :t % 24 / 5 WHEN 0 THEN 'confirmed' WHEN 1 THEN 'completed' ELSE 'canceled' END
WHERE (time_slot_id - 1) / :t < 15;
INSERT INTO shop_category (name) SELECT 'Category '||lpad(i::text, 2, '0') FROM generate_series(1, 11) i;
-- The eleventh category has three products, the last ones by name; they alone are called lathes.
UPDATE shop_product SET category_id = (SELECT min(id) FROM shop_category) + id % 10;
UPDATE shop_product SET category_id = (SELECT max(id) FROM shop_category), name = 'Zinc lathe '||id WHERE id > :p - 3;
UPDATE shop_order SET status = 'canceled' WHERE id % 100 = 1;
INSERT INTO shop_stockentry (product_id, change, balance, reason, note, created_at)
SELECT 1 + i % :p, 1, 1000000000 + i / :p, 'correction', 'found one more', now() FROM generate_series(1, 50*:p) i;
INSERT INTO accounts_session (user_id, device, created_at, last_used_at, expires_at, ended_at)
SELECT 1 + i % :n, 'A browser '||i, now(), now(), now() + interval '30 days', CASE WHEN i >= 3*:n THEN now() END FROM generate_series(1, 6*:n) i;
INSERT INTO accounts_refreshtoken (session_id, digest, issued_at)
SELECT id, sha256(id::text::bytea) AS digest, now() FROM accounts_session ORDER BY digest;
INSERT INTO notifications_delivery (channel, "to", kind, context, language, status, key, message_id, user_id, sent_at)
SELECT 'email', 'user'||1 + i % :n||'@example.com', 'notifications/mail', '{}', 'en', 'sent', 'bench:'||i, '<bench'||i||'@example.com>',
    1 + i % :n, now() FROM generate_series(1, 2*:n) i;
INSERT INTO config_idempotencykey (user_id, route, key, fingerprint, status, body, created_at)
SELECT 1 + i % :n, '/api/v1/orders/', 'bench'||i, sha256('x'), 201, '{}', now() FROM generate_series(1, :n) i;
RESET session_replication_role;
VACUUM ANALYZE;
