from common.cli import command_line
from lifecycle.app import SERVICE

command_line(SERVICE)()
