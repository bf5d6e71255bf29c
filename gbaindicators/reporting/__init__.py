"""The report and its workbook."""

from gbaindicators.reporting.report import ReportSummary, report

__all__ = ["ReportSummary", "report"]
