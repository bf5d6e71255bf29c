"""The report and its workbook."""

from gbaindicators.reporting.report_folder import ReportSummary, report
from gbaindicators.reporting.sections import ALL as SECTIONS

__all__ = ["SECTIONS", "ReportSummary", "report"]
