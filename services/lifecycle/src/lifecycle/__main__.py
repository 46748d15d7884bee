from common.cli import command_line
from lifecycle.app import SERVICE
from lifecycle.commands import publishing
from lifecycle.commands.policies import policy

commands = command_line(SERVICE)
commands.add_command(policy)
publishing.add_to(policy)

if __name__ == "__main__":
    commands()
