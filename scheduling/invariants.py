"""What must hold over all slots and meetings (config.invariants)."""

CHECKS = {
    "no tutor has two slots at once": """
        SELECT a.id, format('overlaps slot %s', b.id) FROM scheduling_timeslot a
        JOIN scheduling_timeslot b ON b.tutor_id = a.tutor_id AND b.id > a.id
            AND tstzrange(a.start_time, a.end_time) && tstzrange(b.start_time, b.end_time)""",
    "no student has two meetings at once": """
        SELECT a.id, format('overlaps meeting %s', b.id) FROM scheduling_meeting a
        JOIN scheduling_meeting b ON b.student_id = a.student_id AND b.id > a.id
            AND tstzrange(a.start_time, a.end_time) && tstzrange(b.start_time, b.end_time)
        WHERE a.status <> 'canceled' AND b.status <> 'canceled'""",
    "a slot is one meeting's": """
        SELECT time_slot_id, format('%s meetings', count(*)) FROM scheduling_meeting WHERE status <> 'canceled'
        GROUP BY time_slot_id HAVING count(*) > 1""",
    "meetings of closed accounts hold none of their words": """
        SELECT m.id, 'subject or notes are there' FROM scheduling_meeting m JOIN accounts_user u ON u.id = m.student_id
        WHERE u.closed_at IS NOT NULL AND (m.subject <> '(erased)' OR m.notes IS NOT NULL)""",
    "the history of closed accounts' meetings holds none of their words": """
        SELECT h.pgh_id, format('meeting %s', h.pgh_obj_id) FROM scheduling_meetinghistory h
        JOIN accounts_user u ON u.id = h.student_id
        WHERE u.closed_at IS NOT NULL
            AND (h.subject <> '(erased)' OR h.notes IS NOT NULL OR h.pgh_became ?| ARRAY['subject', 'notes'])""",
    "a slot that is taken is not offered": """
        SELECT s.id, format('meeting %s', m.id) FROM scheduling_timeslot s
        JOIN scheduling_meeting m ON m.time_slot_id = s.id AND m.status <> 'canceled' WHERE s.is_available""",
    "a meeting has its slot's tutor and times": """
        SELECT m.id, format('slot %s', s.id) FROM scheduling_meeting m JOIN scheduling_timeslot s ON s.id = m.time_slot_id
        WHERE m.status <> 'canceled'
            AND (m.tutor_id, m.start_time, m.end_time) IS DISTINCT FROM (s.tutor_id, s.start_time, s.end_time)""",
    "what a meeting costs is spent while it stands, and settled once it is canceled": """
        SELECT m.id, format('%s, costs %s, spent %s', m.status, m.credits, coalesce(s.sum, 0)) FROM scheduling_meeting m
        LEFT JOIN (SELECT meeting_id, sum(credits) FROM shop_creditspending WHERE status = 'spent' GROUP BY 1) s
            ON s.meeting_id = m.id
        WHERE coalesce(s.sum, 0) <> CASE WHEN m.status = 'canceled' THEN 0 ELSE m.credits END""",
    "a meeting is paid by its own student": """
        SELECT m.id, format('of student %s, paid by %s', m.student_id, s.user_id) FROM scheduling_meeting m
        JOIN shop_creditspending s ON s.meeting_id = m.id WHERE s.user_id IS DISTINCT FROM m.student_id""",
}
