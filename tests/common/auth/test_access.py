"""Who may call: nobody without a right token, nobody without the role."""

from uuid import UUID

import pytest

from common.auth.principal import Role
from factories.shop import open_shop

MEMBER = UUID(int=7)


@pytest.mark.parametrize("value", [None, "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "bearer", "\xff"])
async def test_who_does_not_sign_in_is_told_to(value: str | None) -> None:
    async with open_shop() as shop:
        headers = [] if value is None else [(b"Authorization", value.encode("latin-1"))]
        answer = await shop.client.get("/shop/v1/me", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_member_may_do_what_members_may() -> None:
    async with open_shop() as shop:
        member = shop.signer.headers(member_id=MEMBER)
        assert (await shop.client.get("/shop/v1/me", headers=member)).json() == {"id": str(MEMBER), "roles": ["member"]}
        refused = await shop.client.get("/shop/v1/books", headers=member)

    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
    assert "operator" in refused.json()["detail"]


@pytest.mark.parametrize("role", Role)
async def test_a_role_opens_what_it_opens(role: Role) -> None:
    async with open_shop() as shop:
        answer = await shop.client.get("/shop/v1/books", headers=shop.signer.headers(role))

    assert answer.status_code == (200 if role in {Role.OPERATOR, Role.ADMIN} else 403)


async def test_wrong_tokens_use_up_the_rate_of_an_address() -> None:
    """Whoever tries tokens is counted like whoever has one."""
    async with open_shop() as shop:
        counted: list[str] = []

        async def count(name: str, caller: str, **_: object) -> None:
            counted.append(f"{name} {caller}")

        shop.runtime.limiter.check = count  # type: ignore[method-assign]
        await shop.client.get("/shop/v1/me", headers={"Authorization": "Bearer x"})
        await shop.client.get("/shop/v1/me", headers=shop.signer.headers(member_id=MEMBER))

    assert counted == ["requests 127.0.0.1", f"requests {MEMBER}"]
