"""What orders hold, as pieces of SQL: campaign caps, stock, a coupon. A statement that moves an order names the CTE of its one
moved `orders` row, and these pieces follow it.

Locks are taken in one order everywhere: campaign, order, caps by SKU, stock by SKU, coupon. Each piece asks for the count of
the one before, which makes it wait. A timer row is locked before its order when it fires, and therefore skipped when it is
being fired.
"""


def move_goods(of: str, *, lines: str, reserved: str, sold: str) -> str:
    """CTEs that change the counters of caps and stock by each line's quantity: `reserved`, `sold` are `+`, `-` or `` (not).

    `lines`: a query for the lines that move, `sku_id, quantity, takes_stock, takes_cap`.
    """
    changes = ", ".join(
        f"{counter} = {counter} {sign} goods.quantity"
        for counter, sign in (("reserved", reserved), ("sold", sold))
        if sign
    )
    return f"""
    line AS MATERIALIZED ({lines}),
    cap_row AS MATERIALIZED (
        SELECT sku_id FROM campaign_sku
        WHERE campaign_id = (SELECT campaign_id FROM {of}) AND sku_id IN (SELECT sku_id FROM line WHERE takes_cap)
        ORDER BY sku_id FOR UPDATE
    ), cap_moved AS (
        UPDATE campaign_sku SET {changes}
        FROM (SELECT sku_id, sum(quantity)::bigint AS quantity FROM line WHERE takes_cap GROUP BY sku_id) AS goods
        WHERE campaign_sku.campaign_id = (SELECT campaign_id FROM {of}) AND campaign_sku.sku_id = goods.sku_id
          AND campaign_sku.sku_id IN (SELECT sku_id FROM cap_row)
        RETURNING campaign_sku.sku_id
    ), stock_row AS MATERIALIZED (
        SELECT id FROM sku
        WHERE id IN (SELECT sku_id FROM line WHERE takes_stock) AND (SELECT count(*) FROM cap_moved) >= 0
        ORDER BY id FOR UPDATE
    ), stock_moved AS (
        UPDATE sku SET {changes}
        FROM (SELECT sku_id, sum(quantity)::bigint AS quantity FROM line WHERE takes_stock GROUP BY sku_id) AS goods
        WHERE sku.id = goods.sku_id AND sku.id IN (SELECT id FROM stock_row)
        RETURNING sku.id
    )"""  # noqa: S608 - pieces of our own SQL


def lines_of(of: str) -> str:
    """Every line of the order, whole."""
    return f"SELECT sku_id, quantity, takes_stock, takes_cap FROM order_line WHERE order_id = (SELECT id FROM {of})"  # noqa: S608 - same


def free_coupon(of: str, *, status: str, now: str) -> str:
    """A CTE that gives the order's coupon back, or lets it run out when its time is over."""
    return f"""coupon_freed AS (
        UPDATE coupon
        SET status = CASE WHEN expires_at <= {now} THEN 'expired' ELSE 'issued' END, order_id = NULL, changed_at = {now}
        WHERE id = (SELECT coupon_id FROM {of}) AND order_id = (SELECT id FROM {of}) AND status = '{status}'
          AND (SELECT count(*) FROM stock_moved) >= 0
        RETURNING id, status, expires_at
    )"""  # noqa: S608 - same


def disarm(of: str, *, kind: str) -> str:
    """A CTE that takes the order's timer away, unless it is just being fired, which then finds nothing to do."""
    return f"""disarmed AS (
        DELETE FROM timer WHERE kind = '{kind}' AND business_id = (
            SELECT business_id FROM timer WHERE kind = '{kind}' AND business_id = (SELECT id FROM {of})
            FOR UPDATE SKIP LOCKED
        )
    )"""  # noqa: S608 - same
