"""A coupon that its issuer has taken back is revoked."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _allow("'issued', 'locked', 'redeemed', 'expired', 'revoked'")


def downgrade() -> None:
    op.execute("UPDATE orders.coupon SET status = 'expired' WHERE status = 'revoked'")
    _allow("'issued', 'locked', 'redeemed', 'expired'")


def _allow(statuses: str) -> None:
    op.drop_constraint(op.f("ck_coupon_status"), "coupon", schema="orders")
    op.create_check_constraint(op.f("ck_coupon_status"), "coupon", f"status IN ({statuses})", schema="orders")
