from uuid import UUID

import pytest

from common.auth.principal import Principal, Role

MEMBER = UUID(int=7)


@pytest.mark.parametrize("role", Role)
def test_an_admin_has_every_role_but_a_services(role: Role) -> None:
    admin = Principal(MEMBER, frozenset({Role.ADMIN}))

    assert admin.has(role) == (role is not Role.SERVICE)
    assert Principal(MEMBER, frozenset({role})).has(role)
    assert not Principal(MEMBER, frozenset()).has(role)
