"""The report and its workbook."""

from gbaindicators.reporting.report_folder import ReportSummary, report

__all__ = ["ReportSummary", "report"]
