from common.migrating import run_environment
from members.models import metadata

run_environment(metadata)
