-- A level that jumps in one year as slow-moving levels (output, people, employment) do not: a break, not growth.
WITH annual AS (
    SELECT p.*, lag(value) OVER w AS before, lag(period) OVER w AS period_before
    FROM printed p JOIN indicator i ON i.id = p.indicator
    WHERE p.frequency = 'A' AND p.table_name IN ('gdp', 'population', 'labour') AND i.kind IN ('flow', 'stock') AND p.value > 0
    WINDOW w AS (PARTITION BY p.indicator, p.area, p.adjustment, p.prices, p.source ORDER BY p.period)
),
growth AS (
    SELECT *, ln(value / before) AS change FROM annual WHERE before > 0 AND period = period_before + INTERVAL 1 YEAR
),
typical AS (
    SELECT *, median(change) OVER (PARTITION BY indicator, area, adjustment, prices, source) AS usual,
           count(*) OVER (PARTITION BY indicator, area, adjustment, prices, source) AS years
    FROM growth
),
jumps AS (
    SELECT *, abs(change - usual) AS distance,
           median(abs(change - usual)) OVER (PARTITION BY indicator, area, adjustment, prices, source) AS spread
    FROM typical WHERE years >= 8
)
SELECT indicator, area, frequency, period, file, row, 'value' AS "column", published_value AS value,
       'a level moves in a year about as it usually does' AS rule,
       round(100 * (exp(change) - 1), 1) || '% over the year before, usually ' || round(100 * (exp(usual) - 1), 1) || '%: '
       || count(*) OVER (PARTITION BY indicator, source, period) || ' series of ' || source || ' jump in this year' AS detail
FROM jumps WHERE distance > greatest(0.15, 6 * spread)
