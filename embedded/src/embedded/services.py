"""The services of the platform, by their names."""

from collections.abc import Mapping

from common.runtime import Service
from engagement.app import SERVICE as ENGAGEMENT
from lifecycle.app import SERVICE as LIFECYCLE
from members.app import SERVICE as MEMBERS
from orders.app import SERVICE as ORDERS

SERVICES: Mapping[str, Service] = {service.name: service for service in (ORDERS, MEMBERS, ENGAGEMENT, LIFECYCLE)}
