-- How well sources agree where several print a figure, and where a series passes from one to another that does not.

-- How well two sources of one series agree where both print it.
CREATE TABLE agreement AS
SELECT a.indicator, a.area, a.frequency, a.adjustment, a.prices, a.source AS source_a, b.source AS source_b,
       count(*) AS shared, max(abs(a.value - b.value) / nullif(greatest(abs(a.value), abs(b.value)), 0)) AS largest_difference
FROM (FROM observation SEMI JOIN contested USING (series_period) WHERE superseded IS NULL) a
JOIN (FROM observation SEMI JOIN contested USING (series_period) WHERE superseded IS NULL) b
  ON a.series_period = b.series_period AND a.source <> b.source AND a.unit = b.unit
WHERE a.status <> 'U' AND b.status <> 'U'
GROUP BY ALL;

-- A series that passes from one source to another that disagrees with it breaks there.
CREATE TABLE splice AS
WITH speaking AS (
    SELECT indicator, area, frequency, adjustment, prices, period, source,
           lag(source) OVER (PARTITION BY indicator, area, frequency, adjustment, prices, month(period) * (frequency = 'A')::INT ORDER BY period) AS before
    FROM observation
    WHERE preferred AND (indicator, area, frequency) IN (SELECT (indicator, area, frequency) FROM agreement)
)
SELECT s.indicator, s.area, s.frequency, s.adjustment, s.prices, s.period, s.before AS source_before, s.source, g.largest_difference
FROM speaking s JOIN agreement g
  ON g.indicator = s.indicator AND g.area = s.area AND g.frequency = s.frequency AND g.adjustment = s.adjustment
 AND g.prices IS NOT DISTINCT FROM s.prices AND g.source_a = s.source AND g.source_b = s.before
WHERE g.largest_difference > 0.005;

DROP TABLE contested;
