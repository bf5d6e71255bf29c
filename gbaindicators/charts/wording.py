"""The fixed words on charts, in three languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gbaindicators.catalog import LANGUAGES
from gbaindicators.errors import UnknownNameError

__all__ = ["check_language", "has_phrase", "listing", "phrase"]

_PHRASES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "source": "Source: {0}", "more": "and {0} more",
        "more_producers": "and {0} more producers",
        "envelope": "{0} figures: of each of {1} equal spans of time the first, last, highest and lowest are drawn",
        "licences": "Licences: {0}.",
        "no_licence": "none stated", "others_unlicensed": "others none stated", "auto": "combined", "as_of": "Data as of {0}.", "note": "Note: {0}",
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
        "gap_breaks": "○ Break in the figures of one of the two", "line_breaks": "○ Break in the figures: another source, vintage or base",
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
        "source": "资料来源：{0}", "more": "及其他{0}项",
        "more_producers": "及其他{0}家机构",
        "envelope": "共{0}个数值，时间等分为{1}段，每段绘出首、末、最高与最低值",
        "licences": "许可：{0}。",
        "no_licence": "未注明", "others_unlicensed": "其余未注明", "auto": "组合", "as_of": "数据截至{0}。", "note": "注：{0}",
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
        "gap_breaks": "○ 其中一方的数据口径有变", "line_breaks": "○ 数列中断：来源、版本或基准有变",
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
        "source": "資料來源：{0}", "more": "及其他{0}項",
        "more_producers": "及其他{0}個機構",
        "envelope": "共{0}個數值，時間等分為{1}段，每段繪出首、末、最高與最低值",
        "licences": "許可：{0}。",
        "no_licence": "未註明", "others_unlicensed": "其餘未註明", "auto": "組合", "as_of": "數據截至{0}。", "note": "註：{0}",
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
        "gap_breaks": "○ 其中一方的數據口徑有變", "line_breaks": "○ 數列中斷：來源、版本或基準有變",
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


def check_language(lang: str) -> str:
    """Return the language, or raise UnknownNameError for one that nothing is named in."""
    if lang not in LANGUAGES:
        raise UnknownNameError("language", lang, LANGUAGES)
    return lang


def phrase(key: str, lang: str, *parts: object, **named: object) -> str:
    """Return a fixed phrase in a language, with its parts filled in."""
    return _PHRASES[lang][key].format(*parts, **named)


def listing(items: Sequence[str], lang: str) -> str:
    """Join names as the language does.

    >>> listing(["a", "b", "c"], "en"), listing(["香港", "澳門"], "zh-Hant")
    ('a, b and c', '香港及澳門')
    """
    if len(items) < 2:
        return "".join(items)
    return _PHRASES[lang]["comma"].join(items[:-1]) + _PHRASES[lang]["and"] + items[-1]


def has_phrase(key: str) -> bool:
    """Whether there are words for a key."""
    return key in _PHRASES["en"]
