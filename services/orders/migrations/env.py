from common.migrating import run_environment
from orders.models import metadata

run_environment(metadata)
