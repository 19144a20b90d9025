"""What must hold over all accounts, sessions and codes (config.invariants)."""

CHECKS = {
    "there is an administrator who can sign in, if there is any account": """
        SELECT min(id), 'no active administrator' FROM accounts_user
        HAVING count(*) > 0 AND NOT bool_or(user_type = 'admin' AND is_active)""",
    "a closed account holds no personal data": """
        SELECT id, 'closed ' || closed_at FROM accounts_user u WHERE closed_at IS NOT NULL
            AND (coalesce(email, phone, nullif(first_name, ''), nullif(last_name, '')) IS NOT NULL OR is_active
                OR last_login IS NOT NULL OR left(password, 1) <> '!'
                OR EXISTS (SELECT FROM accounts_session WHERE user_id = u.id)
                OR EXISTS (SELECT FROM accounts_code WHERE user_id = u.id)
                OR EXISTS (SELECT FROM accounts_export WHERE user_id = u.id))""",
    "the history of a closed account holds nothing of the person": """
        SELECT h.pgh_id, format('account %s', u.id) FROM accounts_userhistory h JOIN accounts_user u ON u.id = h.pgh_obj_id
        WHERE u.closed_at IS NOT NULL AND (h.username <> 'deleted user' OR coalesce(h.email, h.phone) IS NOT NULL
            OR h.first_name || h.last_name <> ''
            OR h.pgh_became ?| ARRAY['username', 'email', 'phone', 'first_name', 'last_name'])""",
    "the staff are in the groups of their roles, and nobody else is": """
        SELECT id, roles FROM (
            SELECT u.id, is_staff, is_superuser,
                coalesce(array_agg(g.name::text ORDER BY g.name) FILTER (WHERE g.name IS NOT NULL), '{}') AS roles
            FROM accounts_user u LEFT JOIN accounts_user_groups m ON m.user_id = u.id
            LEFT JOIN auth_group g ON g.id = m.group_id AND g.name IN ('Support', 'Tutors', 'Administrators') GROUP BY u.id) r
        WHERE NOT CASE WHEN is_superuser THEN roles = '{Administrators,Tutors}'
            WHEN is_staff THEN roles IN ('{Support}', '{Tutors}') ELSE roles = '{}' END""",
    "nobody is signed in to an account that is not active": """
        SELECT s.id, format('account %s', s.user_id) FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id
        WHERE s.ended_at IS NULL AND NOT u.is_active""",
    "a living session has one refresh token that is not spent": """
        SELECT s.id, format('%s tokens', count(t.id)) FROM accounts_session s
        LEFT JOIN accounts_refreshtoken t ON t.session_id = s.id AND t.spent_at IS NULL
        WHERE s.ended_at IS NULL AND s.expires_at > now() GROUP BY s.id HAVING count(t.id) <> 1""",
    "no name leads to two accounts": """
        SELECT min(id), format('%s accounts', count(DISTINCT id)) FROM (
            SELECT id, lower(username) AS name FROM accounts_user WHERE closed_at IS NULL
            UNION ALL SELECT id, lower(email) FROM accounts_user WHERE email IS NOT NULL
            UNION ALL SELECT id, phone FROM accounts_user WHERE phone IS NOT NULL) names
        GROUP BY name HAVING count(DISTINCT id) > 1""",
}
