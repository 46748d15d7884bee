from rich.console import Console

from demo.run import Run


async def print_report(run: Run, console: Console) -> bool:
    console.print(run.api.requests)
    return True
