"""What must hold over all accounts, sessions and codes (config.invariants)."""

CHECKS = {
    "there is an administrator who can sign in, if there is any account": """
        SELECT min(id), 'no active administrator' FROM accounts_user
        HAVING count(*) > 0 AND NOT bool_or(user_type = 'admin' AND is_active)""",
    "a closed account holds no personal data": """
        SELECT id, 'closed ' || closed_at FROM accounts_user WHERE closed_at IS NOT NULL
            AND (coalesce(email, phone, nullif(first_name, ''), nullif(last_name, '')) IS NOT NULL OR is_active)""",
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
