from common.cli import command_line
from lifecycle.app import SERVICE
from lifecycle.commands import enrolments, publishing
from lifecycle.commands.answers import why, why_not
from lifecycle.commands.policies import policy
from lifecycle.commands.replays import journal, replay
from lifecycle.commands.standing import standing

commands = command_line(SERVICE)
publishing.add_to(policy)
enrolments.add_to(policy)
for command in (policy, why, why_not, standing, replay, journal):
    commands.add_command(command)

if __name__ == "__main__":
    commands()
