from common.cli import command_line
from orders.app import SERVICE

command_line(SERVICE)()
