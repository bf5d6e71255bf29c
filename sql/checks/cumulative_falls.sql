-- A total since January that is smaller than an earlier one of the same year and source.
SELECT indicator, area, frequency, period, file, row, 'value' AS "column", published_value AS value,
       'a cumulative count does not fall within the year' AS rule,
       source || ' prints ' || value || ' ' || unit || ' after ' || before || ' in ' || period_before AS detail
FROM (
    SELECT p.*, lag(p.value) OVER w AS before, lag(p.period) OVER w AS period_before
    FROM printed p JOIN indicator i ON i.id = p.indicator
    WHERE p.adjustment = 'ytd' AND i.kind IN ('flow', 'stock') AND i.minimum = 0
    WINDOW w AS (PARTITION BY p.indicator, p.area, p.frequency, p.prices, p.source, year(p.period) ORDER BY p.period)
)
WHERE value < before
