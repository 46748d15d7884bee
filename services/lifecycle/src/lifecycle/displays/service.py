from importlib.resources import files

from lifecycle.displays.domain import as_html
from lifecycle.faults.domain import Language
from lifecycle.reports.domain import Report


def html_page(report: Report, *, language: Language) -> str:
    """A report as one HTML page that needs nothing else."""
    return as_html(report, language=language, style=files(__package__).joinpath("page.css").read_text())
