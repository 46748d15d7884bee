from common.migrating import run_environment
from lifecycle.models import metadata

run_environment(metadata)
