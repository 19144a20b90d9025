-- A pool of free slots for W7, ids from 10,000,001 on, put back before each round.
SET session_replication_role = replica;
SET statement_timeout = 0;
DELETE FROM notifications_delivery;
DELETE FROM notifications_notification WHERE meeting_id IS NOT NULL;
DELETE FROM procrastinate_events;
DELETE FROM procrastinate_jobs;
DELETE FROM scheduling_meeting WHERE time_slot_id > 10000000;
DELETE FROM scheduling_timeslot WHERE id > 10000000;
INSERT INTO scheduling_timeslot (id, tutor_id, start_time, end_time)
SELECT 10000000 + i, 20*(i % 500 + 1), now() + interval '30 days' + i * interval '1 min', now() + interval '30 days' + (i+30) * interval '1 min'
FROM generate_series(1, 100000) i;
RESET session_replication_role;
VACUUM ANALYZE scheduling_timeslot;
VACUUM ANALYZE scheduling_meeting;
CHECKPOINT;
