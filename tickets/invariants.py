"""What must hold over all tickets and answers (config.invariants)."""

CHECKS = {
    "a ticket stands where its history says": """
        SELECT t.id, format('%s, history %s', t.status, last.to_status) FROM tickets_ticket t
        JOIN (SELECT DISTINCT ON (ticket_id) ticket_id, to_status FROM tickets_statuschange ORDER BY ticket_id, id DESC) last
            ON last.ticket_id = t.id WHERE last.to_status <> t.status""",
    "a ticket's history has no gap": """
        SELECT id, format('from %s, before it %s', from_status, before) FROM (
            SELECT id, from_status, lag(to_status) OVER (PARTITION BY ticket_id ORDER BY id) AS before
            FROM tickets_statuschange) changes
        WHERE before <> from_status""",
    "who owes the next word follows from what was said": """
        SELECT t.id, format('%s, awaiting %s, last word %s', t.status, coalesce(t.awaiting, 'nobody'), last.word)
        FROM tickets_ticket t CROSS JOIN LATERAL (SELECT coalesce(
            (SELECT CASE WHEN a.user_id = t.user_id THEN 'customer''s' ELSE 'support''s' END
             FROM tickets_answer a WHERE a.ticket_id = t.id AND NOT a.internal ORDER BY a.id DESC LIMIT 1), 'none') AS word) last
        WHERE CASE
            WHEN t.status <> 'c' THEN
                t.awaiting IS DISTINCT FROM CASE last.word WHEN 'support''s' THEN 'customer' ELSE 'support' END
            WHEN last.word = 'customer''s' THEN t.awaiting = 'customer'
            ELSE t.awaiting IS NOT NULL END""",
    "an open ticket is seen to by support, or by nobody": """
        SELECT t.id, format('assignee %s', u.id) FROM tickets_ticket t JOIN accounts_user u ON u.id = t.assignee_id
        WHERE t.status <> 'c' AND NOT (u.is_staff AND u.is_active)""",
    "a ticket is about its owner's own order": """
        SELECT t.id, format('order %s', o.id) FROM tickets_ticket t JOIN shop_order o ON o.id = t.order_id
        WHERE o.user_id IS DISTINCT FROM t.user_id""",
    "a ticket is about its owner's own meeting": """
        SELECT t.id, format('meeting %s', m.id) FROM tickets_ticket t JOIN scheduling_meeting m ON m.id = t.meeting_id
        WHERE t.user_id IS DISTINCT FROM m.student_id AND t.user_id <> m.tutor_id AND NOT EXISTS (
            SELECT FROM scheduling_meetinghistory h  -- or was, until the meeting went to another tutor
            WHERE h.pgh_obj_id = m.id AND h.tutor_id = t.user_id)""",
    "an attachment is its ticket's own": """
        SELECT f.id, format('answer %s', a.id) FROM tickets_attachment f JOIN tickets_answer a ON a.id = f.answer_id
        WHERE a.ticket_id <> f.ticket_id""",
    "tickets of closed accounts hold none of their words": """
        SELECT t.id, 'subject, message or files are there' FROM tickets_ticket t JOIN accounts_user u ON u.id = t.user_id
        WHERE u.closed_at IS NOT NULL AND (t.subject <> '' OR t.message <> '(erased)'
            OR EXISTS (SELECT FROM tickets_attachment f WHERE f.ticket_id = t.id AND f.answer_id IS NULL))""",
    "the history of closed accounts' tickets holds none of their words": """
        SELECT h.pgh_id, format('ticket %s', h.pgh_obj_id) FROM tickets_tickethistory h JOIN accounts_user u ON u.id = h.user_id
        WHERE u.closed_at IS NOT NULL
            AND (h.subject <> '' OR h.message <> '(erased)' OR h.pgh_became ?| ARRAY['subject', 'message'])""",
    "the search knows where every ticket stands": """
        SELECT t.id, 'not as the ticket has it' FROM tickets_ticket t LEFT JOIN tickets_searchtext s ON s.ticket_id = t.id
        WHERE s.ticket_id IS NULL OR (s.owner, s.status, s.awaiting, s.assignee)
            IS DISTINCT FROM (t.user_id, t.status, t.awaiting, t.assignee_id)""",
    "the search knows every ticket's words": """
        SELECT s.ticket_id, 'not those of its texts' FROM tickets_searchtext s CROSS JOIN LATERAL tickets_texts(s.ticket_id) t
        WHERE (s.words, s.staff_words) IS DISTINCT FROM (t.words, t.staff_words)""",
}
