import pytest

from common.bus.lanes import LANES, lane_of, murmur2

# From Kafka's Java client, org.apache.kafka.common.utils.Utils.murmur2.
JAVA = {
    "": 275646681,
    "a": -1563381124,
    "ab": 316155434,
    "abc": 479470107,
    "abcd": -1323649548,
    "foobar": -790332482,
    "21": -973932308,
    "orders": -1029842276,
    "訂單": -2016820444,
    "00000000-0000-0000-0000-000000000000": 713427837,
}


@pytest.mark.parametrize(("key", "hashed"), JAVA.items())
def test_the_hash_is_that_of_kafkas_java_client(key: str, hashed: int) -> None:
    assert murmur2(key.encode()) == hashed
    assert lane_of(key) == (hashed & 0x7FFFFFFF) % LANES
