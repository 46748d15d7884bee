import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.adapters.secrecy import SealBroken, Secrecy, new_key, seal, unseal

SECRET = Secrecy("a secret of at least thirty-two characters")
OTHER = Secrecy("another one, also of thirty-two characters")


@given(plain=st.binary(max_size=200), bound_to=st.binary(max_size=20))
def test_what_is_sealed_opens_again_and_shows_nothing(plain: bytes, bound_to: bytes) -> None:
    key = new_key()
    sealed = seal(plain, key, bound_to=bound_to)

    assert unseal(sealed, key, bound_to=bound_to) == plain
    assert len(plain) < 4 or plain not in sealed
    assert seal(plain, key, bound_to=bound_to) != sealed


@given(plain=st.binary(min_size=1, max_size=50), place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_changed_bit_breaks_the_seal(plain: bytes, place: int, bit: int) -> None:
    key = new_key()
    sealed = bytearray(seal(plain, key, bound_to=b"me"))
    sealed[place % len(sealed)] ^= 1 << bit

    with pytest.raises(SealBroken):
        unseal(bytes(sealed), key, bound_to=b"me")


def test_it_opens_only_for_whom_it_is_bound_to_and_with_its_key() -> None:
    key = new_key()
    sealed = seal(b"personal", key, bound_to=b"ann")
    for wrong_key, wrong_owner in ((key, b"bob"), (new_key(), b"ann")):
        with pytest.raises(SealBroken):
            unseal(sealed, wrong_key, bound_to=wrong_owner)
    for short in (b"", b"\x01", sealed[:12]):
        with pytest.raises(SealBroken):
            unseal(short, key, bound_to=b"ann")


def test_members_keys_open_with_the_secret_that_sealed_them() -> None:
    key = new_key()
    sealed = SECRET.seal_key(key, owner=b"ann")

    assert SECRET.open_key(sealed, owner=b"ann") == key
    for secrecy, owner in ((OTHER, b"ann"), (SECRET, b"bob")):
        with pytest.raises(SealBroken):
            secrecy.open_key(sealed, owner=owner)


def test_a_hash_needs_the_secret_and_keeps_providers_apart() -> None:
    hashes = {
        secrecy.hash_subject(provider, subject)
        for secrecy in (SECRET, OTHER)
        for provider, subject in (("phone", "1"), ("wechat", "1"), ("phone", "2"))
    }

    assert len(hashes) == 6
    assert SECRET.hash_subject("phone", "1") in hashes
