from common.cli import command_line
from members.app import SERVICE

command_line(SERVICE)()
