"""Every way a result is shown or exported: lines for a terminal, pages, pictures, other programs' forms."""

from grader.reports.html import report_html
from grader.reports.statement import done_lines, overview_lines
from grader.reports.text import Line, Style, decimal, report_lines, report_text, unconfined, wrapped
