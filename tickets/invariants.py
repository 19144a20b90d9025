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
    "a closed ticket waits for nobody, an open one for somebody": """
        SELECT id, format('%s, %s', status, coalesce(awaiting, 'nobody')) FROM tickets_ticket
        WHERE (status = 'c') <> (awaiting IS NULL)""",
    "a ticket is about its owner's own order": """
        SELECT t.id, format('order %s', o.id) FROM tickets_ticket t JOIN shop_order o ON o.id = t.order_id
        WHERE o.user_id IS DISTINCT FROM t.user_id""",
    "an attachment is its ticket's own": """
        SELECT f.id, format('answer %s', a.id) FROM tickets_attachment f JOIN tickets_answer a ON a.id = f.answer_id
        WHERE a.ticket_id <> f.ticket_id""",
    "the search knows where every ticket stands": """
        SELECT t.id, 'not as the ticket has it' FROM tickets_ticket t LEFT JOIN tickets_searchtext s ON s.ticket_id = t.id
        WHERE s.ticket_id IS NULL OR (s.owner, s.status, s.awaiting, s.assignee)
            IS DISTINCT FROM (t.user_id, t.status, t.awaiting, t.assignee_id)""",
}
