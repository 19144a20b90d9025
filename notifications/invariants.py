"""What must hold over all that people were told, or are to be (config.invariants)."""

CHECKS = {
    "a message that waits has a job that will send it": """
        SELECT d.id, format('%s to %s', d.kind, d.channel) FROM notifications_delivery d
        WHERE d.status = 'queued' AND NOT EXISTS (
            SELECT FROM procrastinate_jobs j WHERE j.task_name = 'notifications.deliver' AND j.status IN ('todo', 'doing')
                AND (j.args ->> 'delivery_id')::bigint = d.id)""",
    "a notification and its messages are one person's": """
        SELECT d.id, format('notification %s', n.id) FROM notifications_delivery d
        JOIN notifications_notification n ON n.id = d.notification_id WHERE d.user_id IS DISTINCT FROM n.user_id""",
    "a message that was sent says when": """
        SELECT id, status FROM notifications_delivery WHERE (status = 'sent') <> (sent_at IS NOT NULL)""",
}
