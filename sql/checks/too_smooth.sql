-- Values smoother than statistics are: third differences tiny beside first ones, as of a curve drawn through a few points.
-- A cubic spline through twelve years' white noise read off at quarters has a ratio of 0.35 (19 of 20 stay below 0.55), a random
-- walk's 0.2; the smoothest published series among the shipped ones, a property price index, has 1.0 and white noise 3.
WITH ordered AS (
    SELECT *, value - lag(value) OVER w AS d1,
           value - 2 * lag(value) OVER w + lag(value, 2) OVER w AS d2,
           value - 3 * lag(value) OVER w + 3 * lag(value, 2) OVER w - lag(value, 3) OVER w AS d3,
           lag(period, 3) OVER w AS third_before
    FROM printed WHERE frequency IN ('Q', 'M') AND adjustment IN ('nsa', 'sa')
    WINDOW w AS (PARTITION BY indicator, area, frequency, adjustment, prices, source ORDER BY period)
)
SELECT indicator, area, frequency, min(period) AS period, arg_min(file, period) AS file, arg_min(row, period) AS row, 'value' AS "column", arg_min(published_value, period) AS value,
       'published statistics are not a smooth curve' AS rule,
       source || ': over ' || count(*) || ' periods the median third difference is ' || round(100 * median(abs(d3)) / median(abs(d1)), 2)
       || '% of the median change; published series are near 100% and above' AS detail
FROM ordered
WHERE third_before = period - CASE frequency WHEN 'Q' THEN INTERVAL 9 MONTH ELSE INTERVAL 3 MONTH END
GROUP BY indicator, area, frequency, adjustment, prices, source
HAVING count(*) >= 12 AND median(abs(d1)) > 10 * max(rounding) AND median(abs(d3)) < 0.6 * median(abs(d1))
