from importlib.resources import files

from lifecycle.reports.displays.domain import as_html
from lifecycle.reports.domain import Report
from lifecycle.text.faults.domain import Language


def html_page(report: Report, *, language: Language) -> str:
    """A report as one HTML page that needs nothing else."""
    return as_html(report, language=language, style=files(__package__).joinpath("page.css").read_text())
