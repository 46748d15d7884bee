from common.cli import command_line
from lifecycle.app import SERVICE
from lifecycle.commands import enrolments, publishing
from lifecycle.commands.answers import why, why_not
from lifecycle.commands.policies import policy
from lifecycle.commands.records import changes, receipts
from lifecycle.commands.replays import journal, replay
from lifecycle.commands.standing import segments, standing

commands = command_line(SERVICE)
publishing.add_to(policy)
enrolments.add_to(policy)
policy.add_command(changes)
for command in (policy, why, why_not, standing, segments, receipts, replay, journal):
    commands.add_command(command)

if __name__ == "__main__":
    commands()
