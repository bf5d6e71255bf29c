"""The words that only tables need, in three languages; the rest is shared with the charts."""

from __future__ import annotations

from typing import Final

__all__ = ["STATUS_MARKS", "word"]

#: Letter that marks a value of an SDMX status; a normal value has none, a missing one is a dash.
STATUS_MARKS: Final = {"P": "p", "E": "e", "F": "f", "B": "b", "U": "u"}

_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "P": "provisional", "E": "estimated", "F": "forecast", "B": "break in series", "U": "low reliability",
        "none": "no figure", "revised": "revised from the release before", "area": "Area", "period": "Period", "year": "Year", "rank": "Rank",
        "definition": "Definition", "series": "Series", "value": "Value", "lower": "Lower", "upper": "Upper",
        "interval": "{0}% interval", "level": "Forecast", "triangle": "Releases: {0}", "published": "Published on",
        "first_vintages": "{0} earlier releases are not shown", "statistics": "Revisions: {0}", "step": "Step",
        "count": "Revisions", "mean": "Mean", "t_statistic": "t", "p_value": "p-value", "mean_absolute": "Mean absolute",
        "root_mean_square": "Root mean square", "share_revised": "Revised, %", "share_up": "Upwards, %",
        "news_p": "News, p", "noise_p": "Noise, p", "first to latest": "First to latest", "release": "Release {0} to {1}",
        "coverage": "Coverage: {0}", "flows": "the factor flows", "indicator": "Indicator", "years": "Years",
        "observations": "Years with a figure", "used": "In the index", "yes": "yes", "no": "no",
        "counted": "Number of figures in a year", "there": "● a figure",
        "key": "Key: {0}",
    },
    "zh-Hans": {
        "P": "初步数", "E": "估计数", "F": "预测数", "B": "数列中断", "U": "可靠性低",
        "none": "无数据", "revised": "与上次发布不同", "area": "地区", "period": "时期", "year": "年份", "rank": "排名",
        "definition": "口径", "series": "序列", "value": "数值", "lower": "下限", "upper": "上限",
        "interval": "{0}%区间", "level": "预测值", "triangle": "历次发布：{0}", "published": "发布日期",
        "first_vintages": "另有{0}次较早发布未列出", "statistics": "修订情况：{0}", "step": "步骤",
        "count": "修订次数", "mean": "平均", "t_statistic": "t值", "p_value": "p值", "mean_absolute": "平均绝对值",
        "root_mean_square": "均方根", "share_revised": "有修订（%）", "share_up": "上修（%）",
        "news_p": "新信息p值", "noise_p": "噪声p值", "first to latest": "首次至最新", "release": "第{0}至{1}次",
        "coverage": "数据覆盖：{0}", "flows": "各项要素流动", "indicator": "指标", "years": "年份",
        "observations": "有数据年数", "used": "计入指数", "yes": "是", "no": "否",
        "counted": "每年数据个数", "there": "● 有数据",
        "key": "符号：{0}",
    },
    "zh-Hant": {
        "P": "臨時數字", "E": "估計數字", "F": "預測數字", "B": "數列中斷", "U": "可靠性低",
        "none": "沒有數字", "revised": "與上次發布不同", "area": "地區", "period": "時期", "year": "年份", "rank": "排名",
        "definition": "口徑", "series": "序列", "value": "數值", "lower": "下限", "upper": "上限",
        "interval": "{0}%區間", "level": "預測值", "triangle": "歷次發布：{0}", "published": "發布日期",
        "first_vintages": "另有{0}次較早發布未列出", "statistics": "修訂情況：{0}", "step": "步驟",
        "count": "修訂次數", "mean": "平均", "t_statistic": "t值", "p_value": "p值", "mean_absolute": "平均絕對值",
        "root_mean_square": "均方根", "share_revised": "有修訂（%）", "share_up": "上修（%）",
        "news_p": "新資訊p值", "noise_p": "噪音p值", "first to latest": "首次至最新", "release": "第{0}至{1}次",
        "coverage": "數據覆蓋：{0}", "flows": "各項要素流動", "indicator": "指標", "years": "年份",
        "observations": "有數字年數", "used": "計入指數", "yes": "是", "no": "否",
        "counted": "每年數字個數", "there": "● 有數字",
        "key": "符號：{0}",
    },
}  # fmt: skip


def word(key: str, lang: str, *parts: object) -> str:
    """Return a word or phrase of a table in a language.

    >>> word("interval", "zh-Hant", 80)
    '80%區間'
    """
    return _WORDS[lang][key].format(*parts)
