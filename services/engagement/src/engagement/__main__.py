from common.cli import command_line
from engagement.app import SERVICE

command_line(SERVICE)()
