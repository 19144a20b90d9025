"""What must hold over all of the shop's stock, orders, credits and payments (config.invariants)."""

CHECKS = {
    "product.amount is the sum of its stock ledger": """
        SELECT p.id, format('amount %s, ledger %s', p.amount, coalesce(l.sum, 0))
        FROM shop_product p LEFT JOIN (SELECT product_id, sum(change) FROM shop_stockentry GROUP BY 1) l ON l.product_id = p.id
        WHERE p.amount <> coalesce(l.sum, 0)""",
    "each stock entry's balance follows from the one before": """
        SELECT id, format('balance %s, expected %s', balance, expected) FROM (
            SELECT id, balance, sum(change) OVER (PARTITION BY product_id ORDER BY id) AS expected FROM shop_stockentry) e
        WHERE balance <> expected""",
    "an order took what it holds, and gave it back if it was canceled": """
        SELECT o.id, format('product %s: %s pieces, ledger %s', i.product_id, i.amount, coalesce(l.sum, 0))
        FROM shop_orderitem i JOIN shop_order o ON o.id = i.order_id
        LEFT JOIN (SELECT order_id, product_id, sum(change) FROM shop_stockentry WHERE order_id IS NOT NULL GROUP BY 1, 2) l
            ON l.order_id = i.order_id AND l.product_id = i.product_id
        WHERE coalesce(l.sum, 0) <> CASE WHEN o.status = 'canceled' THEN 0 ELSE -i.amount END""",
    "the stock ledger names only orders that hold the product": """
        SELECT e.id, format('order %s does not hold product %s', e.order_id, e.product_id) FROM shop_stockentry e
        WHERE e.order_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM shop_orderitem i WHERE i.order_id = e.order_id AND i.product_id = e.product_id)""",
    "an order's lines make up its subtotal": """
        SELECT o.id, format('subtotal %s, lines %s', o.subtotal, i.sum)
        FROM shop_order o LEFT JOIN (SELECT order_id, sum(price * amount) FROM shop_orderitem GROUP BY 1) i ON i.order_id = o.id
        WHERE o.subtotal IS DISTINCT FROM i.sum""",
    "an order that was completed or canceled says when": """
        SELECT o.id, format('%s, but the history says %s', o.status, coalesce(e.said, 'nothing'))
        FROM shop_order o LEFT JOIN (SELECT order_id, string_agg(status, ', ') AS said FROM shop_orderevent GROUP BY 1) e
            ON e.order_id = o.id
        WHERE e.said IS DISTINCT FROM nullif(o.status, 'new')""",
    "orders of closed accounts hold no address": """
        SELECT o.id, 'address or phone is there' FROM shop_order o JOIN accounts_user u ON u.id = o.user_id
        WHERE u.closed_at IS NOT NULL AND (o.address <> '' OR o.phone <> '')""",
    "the history of closed accounts' orders holds no address": """
        SELECT h.pgh_id, format('order %s', h.pgh_obj_id) FROM shop_orderhistory h JOIN accounts_user u ON u.id = h.user_id
        WHERE u.closed_at IS NOT NULL
            AND (h.address <> '' OR h.phone <> '' OR h.pgh_became ?| ARRAY['address', 'phone'])""",
    "a voucher's uses are its orders that were not canceled": """
        SELECT v.id, format('uses %s, orders %s', v.uses, coalesce(o.count, 0))
        FROM shop_voucher v LEFT JOIN (
            SELECT voucher_id, count(*) FROM shop_order WHERE voucher_id IS NOT NULL AND status <> 'canceled' GROUP BY 1
        ) o ON o.voucher_id = v.id
        WHERE v.uses <> coalesce(o.count, 0)""",
    "what is left of credits is the sum of their ledger": """
        SELECT l.id, format('remaining %s, ledger %s', l.remaining, coalesce(e.sum, 0))
        FROM shop_creditlot l LEFT JOIN (SELECT lot_id, sum(change) FROM shop_creditentry GROUP BY 1) e ON e.lot_id = l.id
        WHERE l.remaining <> coalesce(e.sum, 0)""",
    "completed lesson packs granted their credits, and no others did": """
        SELECT i.order_id, format('line %s: %s credits are due, granted %s', i.id, d.due, coalesce(l.granted, 0))
        FROM shop_orderitem i JOIN shop_order o ON o.id = i.order_id
        CROSS JOIN LATERAL (SELECT CASE WHEN o.status = 'completed' THEN i.credits::bigint * i.amount ELSE 0 END AS due) d
        LEFT JOIN shop_creditlot l ON l.order_item_id = i.id AND l.user_id = o.user_id
        WHERE d.due <> coalesce(l.granted, 0)""",
    "a booking's credits are gone, unless they were returned": """
        SELECT s.id, format('%s, %s credits, ledger %s', s.status, s.credits, coalesce(e.sum, 0))
        FROM shop_creditspending s
        LEFT JOIN (SELECT spending_id, sum(change) FROM shop_creditentry GROUP BY 1) e ON e.spending_id = s.id
        WHERE coalesce(e.sum, 0) <> CASE WHEN s.status = 'returned' THEN 0 ELSE -s.credits END""",
    "a payment is for its order's total": """
        SELECT p.id, format('%s %s, order %s %s', p.amount, p.currency, o.total, o.currency)
        FROM shop_payment p JOIN shop_order o ON o.id = p.order_id
        WHERE (p.amount, p.currency) IS DISTINCT FROM (o.total, o.currency)""",
}
