"""What orders hold, as pieces of SQL that a statement puts behind the CTE of the one `orders` row it moves: campaign caps,
stock, a coupon, a timer.

Locks are taken in one order everywhere: campaign, order, caps by SKU, stock by SKU, coupon. Each piece asks for the count of
the one before, which makes it wait. A timer row is locked before its order when it fires; elsewhere it is skipped then.
"""

CAPS_MOVED, STOCK_MOVED, COUPON_FREED = "cap_moved", "stock_moved", "coupon_freed"
"""The CTEs that the pieces end in; each gives the ids of what it moved."""


def move_goods(*, campaign: str, lines: str) -> str:
    """Change the counters of caps and stock, never beyond what there is.

    `campaign`: the campaign's id as SQL. `lines`: a query for `sku_id, reserved, sold, takes_stock, takes_cap`, the counters as
    changes.
    """
    return f"""
    goods AS MATERIALIZED ({lines}),
    cap_row AS MATERIALIZED (
        SELECT sku_id FROM campaign_sku
        WHERE campaign_id = {campaign} AND sku_id = ANY (ARRAY(SELECT sku_id FROM goods WHERE takes_cap))
        ORDER BY sku_id FOR UPDATE
    ), {CAPS_MOVED} AS (
        UPDATE campaign_sku SET reserved = campaign_sku.reserved + change.reserved, sold = campaign_sku.sold + change.sold
        FROM ({_sums("takes_cap")}) AS change
        WHERE campaign_id = {campaign} AND campaign_sku.sku_id = change.sku_id
          AND campaign_sku.sku_id = ANY (ARRAY(SELECT sku_id FROM cap_row))
          AND (cap IS NULL OR campaign_sku.reserved + change.reserved + campaign_sku.sold + change.sold <= cap)
        RETURNING campaign_sku.sku_id AS id
    ), stock_row AS MATERIALIZED (
        SELECT id FROM sku
        WHERE id = ANY (ARRAY(SELECT sku_id FROM goods WHERE takes_stock)) AND (SELECT count(*) FROM {CAPS_MOVED}) >= 0
        ORDER BY id FOR UPDATE
    ), {STOCK_MOVED} AS (
        UPDATE sku SET reserved = sku.reserved + change.reserved, sold = sku.sold + change.sold
        FROM ({_sums("takes_stock")}) AS change
        WHERE sku.id = change.sku_id AND sku.id = ANY (ARRAY(SELECT id FROM stock_row))
          AND (supplied IS NULL OR sku.reserved + change.reserved + sku.sold + change.sold <= supplied)
        RETURNING sku.id
    )"""  # noqa: S608 - pieces of our own SQL


def _sums(condition: str) -> str:
    return (
        "SELECT sku_id, sum(reserved)::bigint AS reserved, sum(sold)::bigint AS sold"  # noqa: S608 - same
        f" FROM goods WHERE {condition} GROUP BY sku_id"
    )


def whole_lines(of: str, *, reserved: str, sold: str) -> str:
    """The lines of the order in the CTE `of`; `reserved` and `sold` as SQL over a line, such as `-quantity`."""
    return f"""
        SELECT sku_id, {reserved} AS reserved, {sold} AS sold, takes_stock, takes_cap
        FROM order_line WHERE order_id = (SELECT id FROM {of})"""  # noqa: S608 - same


def free_coupon(of: str, *, now: str) -> str:
    """Give the coupon of the order in the CTE `of` back, or let it run out when its time is over."""
    return f"""
    {COUPON_FREED} AS (
        UPDATE coupon
        SET status = CASE WHEN expires_at <= {now} THEN 'expired' ELSE 'issued' END, order_id = NULL, changed_at = {now}
        WHERE order_id = (SELECT id FROM {of}) AND status IN ('locked', 'redeemed')
          AND (SELECT count(*) FROM {STOCK_MOVED}) >= 0
        RETURNING id, status, expires_at
    )"""  # noqa: S608 - same


def disarm(of: str, *, kind: str) -> str:
    """Take the timer of the order in the CTE `of` away, unless it is just being fired, which then finds nothing to do."""
    return f"""
    disarmed AS (
        DELETE FROM timer WHERE kind = '{kind}' AND business_id = (
            SELECT business_id FROM timer WHERE kind = '{kind}' AND business_id = (SELECT id FROM {of})
            FOR UPDATE SKIP LOCKED
        )
    )"""  # noqa: S608 - same
