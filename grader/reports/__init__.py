"""Every way a result is shown or exported: lines for a terminal, pages, pictures, other programs' forms."""

from grader.reports.html import report_html
from grader.reports.text import report_text

__all__ = ["report_html", "report_text"]
