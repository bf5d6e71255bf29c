-- Months or quarters of a flow do not add up to the year within rounding (preferred figures).
WITH year AS (
    SELECT p.* FROM printed p JOIN indicator i ON i.id = p.indicator
    WHERE i.over_time = 'sum' AND p.frequency = 'A' AND p.preferred AND p.adjustment = 'nsa'
),
parts AS (
    SELECT y.indicator, y.area, y.period, y.prices, p.frequency AS of, sum(p.value ORDER BY p.period) AS total, sum(p.rounding ORDER BY p.period) AS rounding, count(*) AS n
    FROM year y JOIN printed p
      ON p.indicator = y.indicator AND p.area = y.area AND p.preferred AND p.adjustment = 'nsa' AND p.unit = y.unit
     AND p.prices IS NOT DISTINCT FROM y.prices AND p.frequency IN ('Q', 'M')
     AND p.period >= y.period AND p.period < y.period + INTERVAL 1 YEAR
    GROUP BY ALL
)
SELECT y.indicator, y.area, y.frequency, y.period, y.file, y.row, 'value' AS "column", y.published_value AS value,
       'the ' || CASE p.of WHEN 'M' THEN 'months' ELSE 'quarters' END || ' add up to the year within rounding' AS rule,
       'the year is ' || y.value || ' ' || y.unit || ', its ' || p.n || ' parts add up to ' || p.total || ' ('
       || round(100 * (p.total / y.value - 1), 3) || '%)' AS detail
FROM year y JOIN parts p
  ON p.indicator = y.indicator AND p.area = y.area AND p.period = y.period AND p.prices IS NOT DISTINCT FROM y.prices
WHERE p.n = CASE p.of WHEN 'M' THEN 12 ELSE 4 END AND abs(p.total - y.value) > (p.rounding + y.rounding) * 1.0000001
