"""`report.html`: a run as one page that opens without a network."""

from engine.report.html.page import report_html, write_report

__all__ = ["report_html", "write_report"]
