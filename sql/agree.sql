-- How well sources agree where several print a figure, and where a series passes from one to another that does not.
-- The macros serve the rows within a database here, and those of partitions after it.

-- How well two sources of one series agree where both print it.
CREATE OR REPLACE TEMP MACRO agreement_among(figures) AS TABLE
SELECT a.table_name, a.indicator, a.area, a.frequency, a.adjustment, a.prices, a.source AS source_a, b.source AS source_b,
       count(*) AS shared, max(abs(a.value - b.value) / nullif(greatest(abs(a.value), abs(b.value)), 0)) AS largest_difference
FROM query_table(figures) a JOIN query_table(figures) b
  ON a.series_period = b.series_period AND a.source <> b.source AND a.unit = b.unit
WHERE a.superseded IS NULL AND b.superseded IS NULL AND a.status <> 'U' AND b.status <> 'U'
GROUP BY ALL;

-- Where preferred figures, of which each period has one, pass from one source to another. Fiscal years are a series apart.
CREATE OR REPLACE TEMP MACRO switches_of(preferred_figures) AS TABLE
SELECT table_name, indicator, area, frequency, adjustment, prices, period,
       lag(source) OVER (PARTITION BY indicator, area, frequency, adjustment, prices, month(period) * (frequency = 'A')::INT ORDER BY period) AS source_before,
       source, file, row
FROM query_table(preferred_figures)
QUALIFY source <> source_before;

-- A series that passes from one source to another that disagrees with it breaks there.
CREATE OR REPLACE TEMP MACRO splices_at(switches) AS TABLE
SELECT s.indicator, s.area, s.frequency, s.adjustment, s.prices, s.period, s.source_before, s.source, g.largest_difference, s.file, s.row
FROM query_table(switches) s JOIN agreement g
  ON g.indicator = s.indicator AND g.area = s.area AND g.frequency = s.frequency AND g.adjustment = s.adjustment
 AND g.prices IS NOT DISTINCT FROM s.prices AND g.source_a = s.source AND g.source_b = s.source_before
WHERE g.largest_difference > 0.005;

CREATE TEMP VIEW printed_twice AS FROM observation SEMI JOIN contested USING (series_period);
CREATE TABLE agreement AS SELECT * EXCLUDE (table_name) FROM agreement_among('printed_twice');

CREATE TEMP VIEW speaking AS
FROM observation WHERE preferred AND (indicator, area, frequency) IN (SELECT (indicator, area, frequency) FROM agreement);
CREATE TEMP VIEW switch AS FROM switches_of('speaking');
CREATE TABLE splice AS FROM splices_at('switch');

DROP VIEW switch;
DROP VIEW speaking;
DROP VIEW printed_twice;
DROP TABLE contested;
