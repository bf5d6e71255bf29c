-- Parts that one source prints beside their total do not add up to it within rounding.
WITH term AS MATERIALIZED (
    FROM printed SEMI JOIN (SELECT unnest([total, part, indicator]) AS indicator FROM identity) USING (indicator)
),
by_indicator AS (
    SELECT d.id, t.indicator, t.area, t.frequency, t.period, t.adjustment, t.prices, t.source, t.file, t.row, t.published_value, t.unit,
           t.value AS total, any_value(t.rounding) + sum(p.rounding ORDER BY p.indicator, p.prices) AS rounding, sum(p.value ORDER BY p.indicator, p.prices) AS parts, count(*) AS n, any_value(d.parts) AS wanted
    FROM identity d
    JOIN term t ON d.over = 'indicators' AND t.indicator = d.total
    JOIN term p ON p.indicator = d.part AND p.area = t.area AND p.frequency = t.frequency AND p.period = t.period
     AND p.adjustment = t.adjustment AND p.source = t.source AND p.unit = t.unit AND p.vintage = t.vintage
    GROUP BY ALL
),
by_area AS (
    SELECT d.id, t.indicator, t.area, t.frequency, t.period, t.adjustment, t.prices, t.source, t.file, t.row, t.published_value, t.unit,
           t.value AS total, any_value(t.rounding) + sum(p.rounding ORDER BY p.area, p.prices) AS rounding, sum(p.value ORDER BY p.area, p.prices) AS parts, count(*) AS n, any_value(d.parts) AS wanted
    FROM identity d
    JOIN term t ON d.over = 'areas' AND t.indicator = d.indicator AND t.area = d.total
    JOIN term p ON p.indicator = t.indicator AND p.area = d.part AND p.frequency = t.frequency AND p.period = t.period
     AND p.adjustment = t.adjustment AND p.source = t.source AND p.unit = t.unit AND p.vintage = t.vintage
    GROUP BY ALL
)
SELECT indicator, area, frequency, period, file, row, 'value' AS "column", published_value AS value,
       'the total equals its parts within rounding (' || id || ')' AS rule,
       source || ' prints ' || total || ' ' || unit || ', its parts add up to ' || parts || ' (difference ' || round(parts - total, 6) || ')' AS detail
FROM (FROM by_indicator UNION ALL FROM by_area)
WHERE n = wanted AND abs(parts - total) > rounding * 1.0000001
