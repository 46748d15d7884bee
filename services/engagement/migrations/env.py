from common.migrating import run_environment
from engagement.models import metadata

run_environment(metadata)
