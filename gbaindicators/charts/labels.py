"""The words on a chart, in three languages, taken from the frame and the catalogue: nobody types a source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import LANGUAGES, catalog, period_text
from gbaindicators.errors import UnknownNameError

__all__ = [
    "Scale",
    "check_language",
    "choose_scale",
    "listing",
    "methods_of",
    "month_name",
    "name_of",
    "number_text",
    "period_label",
    "phrase",
    "say_alt",
    "sentences",
    "source_ids",
    "source_line",
    "subtitle_of",
    "title_of",
    "weekday_name",
]

#: Most citations printed under a chart; the others are counted, and all stand in the figure's ``layout.meta``.
_MOST_CITED: Final = 4

_PHRASES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "source": "Source: {0}", "more": "and {0} more", "as_of": "Data as of {0}.", "note": "Note: {0}",
        "no_figures": "No figures for {0}.", "grey": "Grey lines: {0} others.", "forecast": "Forecast",
        "bands": "bands hold {0} of outcomes if the model is right", "series": "Value", "and": " and ", "comma": ", ",
        "semicolon": "; ", "colon": ": ", "stop": ". ", "many": "Indicators", "sa": "seasonally adjusted", "ytd": "year to date",
        "nsa": "not seasonally adjusted", "cumulative": "cumulative", "current": "current prices",
        "constant": "constant prices", "prices": "{0} prices", "model": "{0} model",
        "line": "Line chart", "bars": "Bar chart", "fan": "Fan chart", "slope": "Slope chart", "heatmap": "Heatmap",
        "alt": "{kind} of {what}{unit}, {span}: {body}.", "in": " in {0}", "to": "{0} to {1}",
        "from_to": "{0} from {1} to {2}", "at": "{0} {1}", "others": "{0} others",
        "errors_below": "past errors {0} below {1}", "errors_above": "past errors {0} above {1}",
        "errors_like": "past errors as large as with {1}", "drift": "drift", "season_before": "the value a season before",
        "ranks": "Rank under every definition", "areas_ranked": "the areas under every definition", "sensitivity": "Grid of ranks", "prices_of": "{0} prices",
        "ranks_read": "Rank by size, a range where it depends on the definition of the others; the stronger the colour, the higher",
        "policies": "Policies: ", "effect": "Effect", "actual": "Actual", "without": "Without the policy",
        "mean_effect": "mean effect from {0} on: {1}", "with_error": " (standard error {0})", "band": "band: 95% interval",
        "market": "Market exchange rates", "ppp": "Purchasing power parity",
        "held_back": "Panels", "held_title": "Figures held back: {0} series", "held_known": "Known",
        "held_told": "The service now", "held_gone": "No longer given", "held_more": "{0} more series are not drawn",
        "held_read": "Grey: what is known. Dashed, with points: what the service says now. Crosses: known figures that it no longer gives",
        "bump": "Bump chart", "rank_by": "Rank by {0}", "bump_read": "1 is the largest",
        "bump_left_out": "Only periods in which all have a figure",
        "gap": "Gap chart", "relative_to": "{0} relative to {1}", "ratio_to": "Ratio to {0}", "in_total": "In total",
        "per_head": "Per head", "parity": "Parity", "gap_read": "ratio, 1 is parity", "parity_is_one": "1 is parity",
        "gap_breaks": "○ Break in the figures of one of the two",
        "parity_comes": "If both go on growing as before {0}, parity comes {1} years later",
        "scatter": "Scatter chart", "log_scale": "logarithmic scale", "in_period": "{0}, {1}", "against": "{0} and {1}",
        "convergence": "Convergence chart", "convergence_of": "Growth against initial level: {0}",
        "growth_a_year": "Average growth a year, {0}, percent (change of logarithms)",
        "fit_slower": "areas twice as high at the start grew {0} percentage points a year more slowly (standard error {1}), R² {2}",
        "fit_faster": "areas twice as high at the start grew {0} percentage points a year faster (standard error {1}), R² {2}",
        "half_life": "half of the gap closes in {0} years", "break_between": "a series breaks between the two periods",
        "map": "Tile map", "map_read": "tiles stand where the cities lie, all of one size", "estuary": "Pearl River estuary",
        "flow": "Flow diagram", "total_left_out": "Left out as the total of others: {0}", "nothing_flows": "Nothing flows: {0}",
        "boundary_closed": "Boundary with the mainland mostly closed",
        "seasonal": "Seasonal chart", "decomposition": "Decomposition", "calendar": "Calendar", "small_multiples": "Small multiples",
        "waterfall": "Waterfall chart", "revisions": "Dot chart", "contributions": "Stacked bar chart",
        "grey_years": "Grey lines: {0}", "mean_years": "Mean {0}", "new_year_dots": "Dots: month of Lunar New Year",
        "observed": "Observed", "adjusted": "Seasonally adjusted", "trend": "Trend", "season": "Season", "trading_days": "Trading days",
        "holidays": "Holidays", "irregular": "Irregular", "transitory": "Transitory", "as_factor": "{0}, as a factor",
        "no_days": "Grey: no figure ({0} days)", "marked_days": "Marked days: ", "lunar_new_year": "Lunar New Year",
        "easter": "Easter Sunday", "ching_ming": "Ching Ming", "golden_week": "first day of Golden Week, 1 October",
        "golden_week_japan": "first day of Golden Week, 29 April",
        "own_scales": "Each panel has a scale of its own", "news_on": "Changes to the nowcast: {0}", "news_values": "Figures are the growth, change or level of three months to date that enter the model", "revisions_of": "Revisions: {0}",
        "nowcast_of": "Nowcast on {0}", "nowcast_before": "Earlier nowcast", "nowcast_after": "Nowcast",
        "expected": "{0}: {1}, expected {2}", "revised": "{0}, revised", "parameters": "Parameters estimated again",
        "other_news": "{0} smaller ones", "first_print": "first print", "latest_print": "latest",
        "prints_read": "Hollow: first print. Full: latest. Bar: range of all", "printed_once": "{0} periods published only once are not drawn",
        "contributions_to": "Contributions to growth", "total": "Total", "other_parts": "{0} others", "with_total": "dots: the total",
    },
    "zh-Hans": {
        "source": "资料来源：{0}", "more": "及其他{0}项", "as_of": "数据截至{0}。", "note": "注：{0}",
        "no_figures": "无数据：{0}。", "grey": "灰线：其他{0}个序列。", "forecast": "预测",
        "bands": "若模型成立，色带包含{0}的可能结果", "series": "数值", "and": "和", "comma": "、",
        "semicolon": "；", "colon": "：", "stop": "。", "many": "多项指标", "sa": "经季节调整", "ytd": "年初至今累计",
        "nsa": "未经季节调整", "cumulative": "累计", "current": "当年价格", "constant": "不变价格",
        "prices": "{0}价格", "model": "{0}模型", "line": "折线图", "bars": "条形图", "fan": "扇形图",
        "slope": "斜率图", "heatmap": "热力图",
        "alt": "{kind}：{what}{unit}，{span}：{body}。", "in": "（{0}）", "to": "{0}至{1}",
        "from_to": "{0}由{1}变为{2}", "at": "{0}为{1}", "others": "另有{0}个序列",
        "errors_below": "过往误差比{1}低{0}", "errors_above": "过往误差比{1}高{0}",
        "errors_like": "过往误差与{1}相当", "drift": "漂移法", "season_before": "上一周期同期值",
        "ranks": "各种口径下的排名", "areas_ranked": "各地区各种口径", "sensitivity": "排名表", "prices_of": "{0}年价格",
        "ranks_read": "按规模排名，排名随其他地区口径而变时列出范围；颜色越深，排名越前",
        "policies": "政策：", "effect": "效应", "actual": "实际", "without": "无政策情形",
        "mean_effect": "{0}起平均效应：{1}", "with_error": "（标准误{0}）", "band": "色带：95%区间",
        "market": "市场汇率", "ppp": "购买力平价",
        "held_back": "分图", "held_title": "暂不采纳的数据：{0}个序列", "held_known": "已有数据",
        "held_told": "来源现值", "held_gone": "来源不再提供", "held_more": "另有{0}个序列未绘出",
        "held_read": "灰线：已有数据。带点虚线：来源现在的数值。叉号：来源不再提供的已有数据",
        "bump": "排名变化图", "rank_by": "{0}排名", "bump_read": "1为最大",
        "bump_left_out": "只列各序列均有数据的时期",
        "gap": "差距图", "relative_to": "{0}与{1}之比", "ratio_to": "与{0}之比", "in_total": "总量",
        "per_head": "人均", "parity": "持平", "gap_read": "比率，1为持平", "parity_is_one": "1为持平",
        "gap_breaks": "○ 其中一方的数据口径有变",
        "parity_comes": "若双方保持{0}之前的增速，{1}年后持平",
        "scatter": "散点图", "log_scale": "对数刻度", "in_period": "{0}，{1}", "against": "{0}与{1}",
        "convergence": "收敛图", "convergence_of": "增速与起点水平：{0}",
        "growth_a_year": "{0}年均增速，对数变动，%",
        "fit_slower": "起点水平高一倍的地区，年均增速低{0}个百分点（标准误{1}），R² {2}",
        "fit_faster": "起点水平高一倍的地区，年均增速高{0}个百分点（标准误{1}），R² {2}",
        "half_life": "差距缩小一半需{0}年", "break_between": "两个时期之间有序列口径变动",
        "map": "方块地图", "map_read": "方块按城市方位排列，大小相同", "estuary": "珠江口",
        "flow": "流向图", "total_left_out": "未列入其他各项的合计：{0}", "nothing_flows": "流量为零：{0}",
        "boundary_closed": "与内地口岸大多关闭",
        "seasonal": "季节图", "decomposition": "分解图", "calendar": "日历图", "small_multiples": "分面图",
        "waterfall": "瀑布图", "revisions": "点图", "contributions": "堆叠条形图",
        "grey_years": "灰线：{0}", "mean_years": "{0}平均", "new_year_dots": "圆点：农历新年所在月份",
        "observed": "原始值", "adjusted": "经季节调整", "trend": "趋势", "season": "季节", "trading_days": "工作日",
        "holidays": "节假日", "irregular": "不规则", "transitory": "暂时", "as_factor": "{0}（因子）",
        "no_days": "灰色：无数据（{0}天）", "marked_days": "标注日期：", "lunar_new_year": "农历新年",
        "easter": "复活节", "ching_ming": "清明节", "golden_week": "国庆黄金周首日（10月1日）",
        "golden_week_japan": "日本黄金周首日（4月29日）",
        "own_scales": "各图纵轴刻度不同", "news_on": "即时预测的变动来源：{0}", "news_values": "所列数值为进入模型的近三个月增速、变动或水平", "revisions_of": "修订：{0}",
        "nowcast_of": "{0}的即时预测", "nowcast_before": "前次即时预测", "nowcast_after": "即时预测",
        "expected": "{0}：{1}，预期{2}", "revised": "{0}（修订）", "parameters": "参数重新估计",
        "other_news": "其余{0}项", "first_print": "首次公布", "latest_print": "最新",
        "prints_read": "空心：首次公布。实心：最新。竖条：各次公布的范围", "printed_once": "仅公布一次的{0}个时期未绘出",
        "contributions_to": "对增长的贡献", "total": "总计", "other_parts": "其他{0}项", "with_total": "圆点为总计",
    },
    "zh-Hant": {
        "source": "資料來源：{0}", "more": "及其他{0}項", "as_of": "數據截至{0}。", "note": "註：{0}",
        "no_figures": "沒有數字：{0}。", "grey": "灰線：其他{0}個序列。", "forecast": "預測",
        "bands": "若模型成立，色帶包含{0}的可能結果", "series": "數值", "and": "及", "comma": "、",
        "semicolon": "；", "colon": "：", "stop": "。", "many": "多項指標", "sa": "經季節性調整", "ytd": "年初至今累計",
        "nsa": "未經季節性調整", "cumulative": "累計", "current": "當年價格", "constant": "固定價格",
        "prices": "{0}價格", "model": "{0}模型", "line": "折線圖", "bars": "條形圖", "fan": "扇形圖",
        "slope": "斜率圖", "heatmap": "熱圖",
        "alt": "{kind}：{what}{unit}，{span}：{body}。", "in": "（{0}）", "to": "{0}至{1}",
        "from_to": "{0}由{1}變為{2}", "at": "{0}為{1}", "others": "另有{0}個序列",
        "errors_below": "過往誤差比{1}低{0}", "errors_above": "過往誤差比{1}高{0}",
        "errors_like": "過往誤差與{1}相若", "drift": "漂移法", "season_before": "上一周期同期值",
        "ranks": "各種口徑下的排名", "areas_ranked": "各地區各種口徑", "sensitivity": "排名表", "prices_of": "{0}年價格",
        "ranks_read": "按規模排名，排名隨其他地區口徑而變時列出範圍；顏色越深，排名越前",
        "policies": "政策：", "effect": "效應", "actual": "實際", "without": "無政策情形",
        "mean_effect": "{0}起平均效應：{1}", "with_error": "（標準誤{0}）", "band": "色帶：95%區間",
        "market": "市場匯率", "ppp": "購買力平價",
        "held_back": "分圖", "held_title": "暫不採納的數據：{0}個序列", "held_known": "已有數據",
        "held_told": "來源現值", "held_gone": "來源不再提供", "held_more": "另有{0}個序列未繪出",
        "held_read": "灰線：已有數據。帶點虛線：來源現在的數值。叉號：來源不再提供的已有數據",
        "bump": "排名變化圖", "rank_by": "{0}排名", "bump_read": "1為最大",
        "bump_left_out": "只列各序列均有數字的時期",
        "gap": "差距圖", "relative_to": "{0}與{1}之比", "ratio_to": "與{0}之比", "in_total": "總量",
        "per_head": "人均", "parity": "持平", "gap_read": "比率，1為持平", "parity_is_one": "1為持平",
        "gap_breaks": "○ 其中一方的數據口徑有變",
        "parity_comes": "若雙方保持{0}之前的增速，{1}年後持平",
        "scatter": "散點圖", "log_scale": "對數刻度", "in_period": "{0}，{1}", "against": "{0}與{1}",
        "convergence": "收斂圖", "convergence_of": "增速與起點水平：{0}",
        "growth_a_year": "{0}年均增速，對數變動，%",
        "fit_slower": "起點水平高一倍的地區，年均增速低{0}個百分點（標準誤{1}），R² {2}",
        "fit_faster": "起點水平高一倍的地區，年均增速高{0}個百分點（標準誤{1}），R² {2}",
        "half_life": "差距縮小一半需{0}年", "break_between": "兩個時期之間有序列口徑變動",
        "map": "方塊地圖", "map_read": "方塊按城市方位排列，大小相同", "estuary": "珠江口",
        "flow": "流向圖", "total_left_out": "未列入其他各項的合計：{0}", "nothing_flows": "流量為零：{0}",
        "boundary_closed": "與內地口岸大多關閉",
        "seasonal": "季節圖", "decomposition": "分解圖", "calendar": "日曆圖", "small_multiples": "分面圖",
        "waterfall": "瀑布圖", "revisions": "點圖", "contributions": "堆疊條形圖",
        "grey_years": "灰線：{0}", "mean_years": "{0}平均", "new_year_dots": "圓點：農曆新年所在月份",
        "observed": "原始數值", "adjusted": "經季節性調整", "trend": "趨勢", "season": "季節", "trading_days": "工作日",
        "holidays": "節假日", "irregular": "不規則", "transitory": "暫時", "as_factor": "{0}（因子）",
        "no_days": "灰色：沒有數字（{0}天）", "marked_days": "標註日期：", "lunar_new_year": "農曆新年",
        "easter": "復活節", "ching_ming": "清明節", "golden_week": "國慶黃金周首日（10月1日）",
        "golden_week_japan": "日本黃金周首日（4月29日）",
        "own_scales": "各圖縱軸刻度不同", "news_on": "即時預測的變動來源：{0}", "news_values": "所列數值為進入模型的近三個月增速、變動或水平", "revisions_of": "修訂：{0}",
        "nowcast_of": "{0}的即時預測", "nowcast_before": "前次即時預測", "nowcast_after": "即時預測",
        "expected": "{0}：{1}，預期{2}", "revised": "{0}（修訂）", "parameters": "參數重新估計",
        "other_news": "其餘{0}項", "first_print": "首次公布", "latest_print": "最新",
        "prints_read": "空心：首次公布。實心：最新。直條：各次公布的範圍", "printed_once": "只公布一次的{0}個時期未有繪出",
        "contributions_to": "對增長的貢獻", "total": "總計", "other_parts": "其他{0}項", "with_total": "圓點為總計",
    },
}  # fmt: skip

_SCALES: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "en": ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")),
    "zh-Hans": ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")),
    "zh-Hant": ((1e12, "萬億"), (1e8, "億"), (1e4, "萬")),
}
#: Below this nothing is scaled: 98,000 persons read better than 9.8万.
_UNSCALED: Final = 1e5
#: A user's unit that already says its scale, or has none.
_SCALED_WORDS: Final = (
    "thousand",
    "million",
    "billion",
    "trillion",
    "千",
    "万",
    "亿",
    "萬",
    "億",
    "%",
    "index",
    "ratio",
)
_NEVER_SCALED: Final = {"ratio", "index", "exchange_rate", "ppp_rate"}
_MONEY: Final = {"USD": "US$", "HKD": "HK$", "CNY": "CNY", "MOP": "MOP", "JPY": "JPY"}
_PER: Final = {
    "person": {"zh-Hans": "人", "zh-Hant": "人"},
    "day": {"zh-Hans": "日", "zh-Hant": "日"},
    "km2": {"zh-Hans": "平方公里", "zh-Hant": "平方公里"},
}


def check_language(lang: str) -> str:
    """Return the language, or raise UnknownNameError for one that nothing is named in."""
    if lang not in LANGUAGES:
        raise UnknownNameError("language", lang, LANGUAGES)
    return lang


def phrase(key: str, lang: str, *parts: object) -> str:
    """Return a fixed phrase in a language, with its parts filled in."""
    return _PHRASES[lang][key].format(*parts)


def listing(items: Sequence[str], lang: str) -> str:
    """Join names as the language does.

    >>> listing(["a", "b", "c"], "en"), listing(["香港", "澳門"], "zh-Hant")
    ('a, b and c', '香港及澳門')
    """
    if len(items) < 2:
        return "".join(items)
    return _PHRASES[lang]["comma"].join(items[:-1]) + _PHRASES[lang]["and"] + items[-1]


def number_text(value: float, decimals: int | None = None) -> str:
    """Write a number with three significant digits, or with so many decimals.

    >>> number_text(2.7138), number_text(-45.03), number_text(1234.6)
    ('2.71', '−45.0', '1,235')
    """
    if decimals is None:
        size = abs(value)
        # three digits from the first that is not zero on
        decimals = max(0, 2 - math.floor(math.log10(size))) if size else 2
        decimals = 2 if 0.1 <= size < 1 else decimals
    return f"{value:z,.{decimals}f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of a chart are printed: divided by `factor`, in `unit` (words), with so many `decimals`."""

    factor: float
    unit: str
    decimals: int

    def text(self, value: float) -> str:
        """Write a value that is in base units; one that would round to zero gets the digits it needs."""
        scaled = value / self.factor
        return number_text(scaled, None if 0 < abs(scaled) < 0.5 * 10**-self.decimals else self.decimals)


def _unit_name(unit: str, lang: str) -> str:
    known = catalog().units
    if unit == "percent":
        return "%" if lang != "en" else "percent"
    if unit in _MONEY and lang == "en":
        return _MONEY[unit]
    if unit in ("TEU", "tonnes", "kWh") and lang == "en":
        return unit
    if unit in known:
        return known[unit].names[lang]
    head, per, tail = unit.partition(" per ")
    if per:
        return (
            f"{_unit_name(head, lang)} per {tail}"
            if lang == "en"
            else f"{_unit_name(head, lang)}/{_PER.get(tail, {}).get(lang, tail)}"
        )
    return unit


def choose_scale(unit: str | None, values: Iterable[float], lang: str) -> Scale:
    """Choose scale word and unit phrase for the largest value.

    Parameters
    ----------
    unit
        Unit of the values, a catalogue id or a user's own text; None for none.
    values
        The values in base units, not empty.
    lang
        Language of the words.

    Examples
    --------
    >>> choose_scale("USD", [2.7e12], "en").unit, choose_scale("USD", [2.7e12], "zh-Hans").unit
    ('US$ trillion', '万亿美元')
    >>> choose_scale("TEU", [36.0e6], "en").unit, choose_scale("TEU", [36.0e6], "zh-Hant").unit
    ('million TEU', '萬標準箱')
    >>> choose_scale("persons", [98_000.0], "en").unit
    'persons'
    """
    sizes = [abs(v) for v in values]
    largest = max(sizes)
    name = _unit_name(unit, lang) if unit else ""
    entry = catalog().units.get(unit or "")
    scalable = (
        entry.kind not in _NEVER_SCALED
        if entry
        else not any(w in (unit or "").casefold() for w in _SCALED_WORDS)
    )
    factor, word = 1.0, ""
    if scalable and largest >= _UNSCALED:
        factor, word = next(((f, w) for f, w in _SCALES[lang] if largest >= f), (1.0, ""))
    if lang != "en":
        words = word + name
    elif name.startswith(tuple(_MONEY.values())) and word:
        money, per, tail = name.partition(" per ")
        words = f"{money} {word}{per}{tail}"
    else:
        words = f"{word} {name}".strip()
    scaled = largest / factor
    if unit == "percent" and largest >= 1:
        return Scale(1.0, words, 1)
    decimals = (
        0 if scaled >= 1000 or (factor == 1 and all(v == int(v) for v in sizes)) else 1 if scaled >= 10 else 2
    )
    return Scale(factor, words, decimals if scaled >= 0.1 or scaled == 0 else 4)


def period_label(frequency: str, day: date, lang: str) -> str:
    """Name a period as readers write it.

    >>> period_label("A", date(2022, 4, 1), "en"), period_label("Q", date(2023, 4, 1), "zh-Hans")
    ('FY2022', '2023年第2季度')
    >>> period_label("M", date(2023, 5, 1), "en"), period_label("S", date(2023, 7, 1), "zh-Hant")
    ('May 2023', '2023年下半年')
    """
    year, chinese = day.year, lang != "en"
    match frequency:
        case "A" if day.month == day.day == 1:
            return str(year)
        case "A":
            return {"en": f"FY{year}", "zh-Hans": f"{year}财年"}.get(lang, f"{year}財年")
        case "S":
            half = (day.month + 5) // 6
            return f"{year}年{'上下'[half - 1]}半年" if chinese else f"{year} H{half}"
        case "Q":
            quarter = (day.month + 2) // 3
            return {"en": f"{year} Q{quarter}", "zh-Hans": f"{year}年第{quarter}季度"}.get(
                lang, f"{year}年第{quarter}季"
            )
        case "M":
            return f"{year}年{day.month}月" if chinese else f"{_MONTHS[day.month - 1]} {year}"
        case "D":
            return (
                f"{year}年{day.month}月{day.day}日"
                if chinese
                else f"{day.day} {_MONTHS[day.month - 1]} {year}"
            )
        case _:
            return period_text(frequency, day)


def month_name(month: int, lang: str) -> str:
    """Short name of a month.

    >>> month_name(2, "en"), month_name(2, "zh-Hans")
    ('Feb', '2月')
    """
    return _MONTHS[month - 1] if lang == "en" else f"{month}月"


def weekday_name(weekday: int, lang: str) -> str:
    """Short name of a day of the week, Monday being 0.

    >>> weekday_name(6, "en"), weekday_name(6, "zh-Hant")
    ('Sun', '日')
    """
    return (("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun") if lang == "en" else "一二三四五六日")[weekday]


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def name_of(column: str, value: Any, lang: str) -> str:
    """Name a value of a key column: an area, an indicator, an adjustment; others stand for themselves."""
    if value is None:
        return ""
    text = str(value)
    match column:
        case "area" if text in catalog().areas:
            return catalog().areas[text].names[lang]
        case "indicator" if text in catalog().indicators:
            return catalog().indicators[text].names[lang]
        case "adjustment" if text in _PHRASES[lang]:
            return phrase(text, lang)
        case "prices":
            return phrase(text, lang) if text in ("current", "constant") else phrase("prices", lang, text)
        case "frequency":
            return text
        case _:
            return text


def _distinct(frame: pl.DataFrame, column: str) -> list[Any]:
    if column not in frame.columns:
        return []
    return frame[column].unique(maintain_order=True).drop_nulls().to_list()


def title_of(frame: pl.DataFrame, lang: str) -> str:
    """Say what is shown: the indicator, and the area where there is only one."""
    indicators = [name_of("indicator", i, lang) for i in _distinct(frame, "indicator")]
    areas = [name_of("area", a, lang) for a in _distinct(frame, "area")]
    what = phrase("many", lang) if len(indicators) > 2 else listing(indicators, lang)
    where = areas[0] if len(areas) == 1 else ""
    if not what:
        return where or phrase("series", lang)
    if not where:
        return what
    return f"{what}, {where}" if lang == "en" else f"{where}{what}"


def subtitle_of(frame: pl.DataFrame, scale: Scale, lang: str, *, lead: str = "") -> str:
    """Say unit, prices and adjustment.

    `lead` is what is shown, given where the title states a finding instead.
    """
    parts = [lead, scale.unit]
    for column, ordinary in (("prices", None), ("adjustment", "nsa")):
        kinds = _distinct(frame, column)
        if len(kinds) == 1 and kinds[0] != ordinary:
            parts.append(name_of(column, kinds[0], lang))
    return (", " if lang == "en" else "，").join(p for p in parts if p)


def sentences(texts: Iterable[str], lang: str) -> str:
    """Join sentences with the language's full stop between them.

    >>> sentences(["US$ trillion", "", "converted at market rates."], "en")
    'US$ trillion. Converted at market rates'
    """
    return phrase("stop", lang).join(t[:1].upper() + t[1:].rstrip(". 。") for t in texts if t)


def methods_of(*frames: pl.DataFrame) -> str:
    """Say how the values were made, from the column ``method``: every step once."""
    steps = (step for frame in frames for m in _distinct(frame, "method") for step in str(m).split("; "))
    return "; ".join(dict.fromkeys(steps))


def source_ids(*frames: pl.DataFrame) -> list[str]:
    """List the ids of all sources of some frames, in order of first use."""
    found: dict[str, None] = {}
    for frame in frames:
        if "sources" not in frame.columns:
            continue
        ids = frame["sources"].drop_nulls()
        found |= dict.fromkeys(
            ids.explode().drop_nulls().to_list() if ids.dtype == pl.List else map(str, ids)
        )
    return list(found)


def source_line(lang: str, *frames: pl.DataFrame) -> str:
    """Cite the sources of some frames, with the newest vintage; empty where the frames name none."""
    cited = catalog().cite(source_ids(*frames))
    shown = cited[:_MOST_CITED]
    if len(cited) > _MOST_CITED:
        shown.append(phrase("more", lang, len(cited) - _MOST_CITED))
    parts = (
        [phrase("source", lang, _PHRASES[lang]["semicolon"].join(shown)).rstrip(".") + _PHRASES[lang]["stop"]]
        if shown
        else []
    )
    vintages = [v for frame in frames for v in _distinct(frame, "vintage")]
    if vintages:
        parts.append(phrase("as_of", lang, max(map(str, vintages))))
    return "".join(parts).strip()


def say_alt(kind: str, what: str, unit: str, span: str, body: Sequence[str], lang: str) -> str:
    """Write the one sentence that stands for the picture where it cannot be seen."""
    most = 5
    told = list(body[:most])
    if len(body) > most:
        told.append(phrase("others", lang, len(body) - most))
    return _PHRASES[lang]["alt"].format(
        kind=phrase(kind, lang),
        what=what,
        unit=phrase("in", lang, unit) if unit else "",
        span=span,
        body=_PHRASES[lang]["semicolon"].join(told),
    )
