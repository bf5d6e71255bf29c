-- Two sources print one figure differently, by more than their rounding.
SELECT a.indicator, a.area, a.frequency, a.period, a.file, a.row, 'value' AS "column", a.published_value AS value,
       'sources agree within their rounding' AS rule,
       a.source || ' prints ' || a.value || ', the preferred source ' || b.source || ' ' || b.value || ' ' || a.unit || ' ('
       || round(100 * (a.value - b.value) / nullif(abs(b.value), 0), 2) || '%); vintages ' || a.vintage || ' and ' || b.vintage AS detail
FROM printed a JOIN printed b ON a.series_period = b.series_period AND b.preferred AND NOT a.preferred
WHERE a.unit = b.unit AND abs(a.value - b.value) > (a.rounding + b.rounding) * 1.0000001
