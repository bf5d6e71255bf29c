-- What readers ask: views and macros. Open the file with any DuckDB 2 client and write
--   SELECT * FROM gdp_usd WHERE area = 'greater_bay_area';
--   FROM as_of(DATE '2024-03-31') WHERE indicator = 'gdp_real_growth';

-- The preferred figure of every period. Status B where the series passes to a source that disagrees with the one before.
CREATE VIEW latest AS
SELECT o.table_name, o.indicator, o.area, o.frequency, o.period, o.value, o.unit, [o.source] AS sources, o.adjustment, o.prices,
       CASE WHEN s.source IS NOT NULL AND o.status IN ('A', 'P', 'E') THEN 'B' ELSE o.status END AS status,
       o.vintage, o.method, o.locator, o.note
FROM observation o LEFT JOIN splice s
  ON s.indicator = o.indicator AND s.area = o.area AND s.frequency = o.frequency AND s.period = o.period
 AND s.adjustment = o.adjustment AND s.prices IS NOT DISTINCT FROM o.prices
WHERE o.preferred;

-- What was known on a day: figures published (or first seen) no later, the last word of each source by then, and of these
-- the preferred one of each period.
CREATE MACRO as_of(known) AS TABLE
SELECT table_name, indicator, area, frequency, period, value, unit, [source] AS sources, adjustment, prices, status, vintage,
       method, locator, note
FROM observation
WHERE vintage <= known AND (superseded IS NULL OR superseded > known) AND status <> 'U' AND standing > 0
QUALIFY row_number() OVER (
    PARTITION BY indicator, area, frequency, period, adjustment, prices
    ORDER BY standing, vintage DESC, length(published_value) - published_scale DESC, source) = 1
UNION ALL
-- Where one source alone prints a figure there is nothing to choose.
SELECT table_name, indicator, area, frequency, period, value, unit, [source] AS sources, adjustment, prices, status, vintage,
       method, locator, note
FROM observation
WHERE vintage <= known AND (superseded IS NULL OR superseded > known) AND status <> 'U' AND standing = 0;

-- Where sources differ on one figure.
CREATE VIEW disagreements AS
SELECT a.indicator, a.area, a.frequency, a.period, a.adjustment, a.prices,
       a.value AS value, a.source AS source, b.value AS other_value, b.source AS other_source,
       (b.value - a.value) / nullif(abs(a.value), 0) AS relative_difference,
       a.status AS status, b.status AS other_status, a.vintage AS vintage, b.vintage AS other_vintage, a.unit AS unit
FROM observation a JOIN observation b
  ON a.series_period = b.series_period AND a.source <> b.source AND a.unit = b.unit
WHERE a.preferred AND b.superseded IS NULL AND a.value <> b.value;

-- Yearly average and year-end rates: units of the currency for one US dollar, and for one international dollar.
CREATE VIEW rate AS
SELECT split_part(unit, ' ', 1) AS currency, indicator, period, value, sources
FROM latest WHERE indicator IN ('fx_rate', 'ppp') AND frequency = 'A' AND month(period) = 1;

-- GDP by calendar year: fiscal years (from April) as three twelfths of the one that ends and nine of the one that begins.
CREATE VIEW gdp_calendar_year AS
WITH annual AS (FROM latest WHERE indicator = 'gdp' AND frequency = 'A' AND adjustment = 'nsa' AND prices = 'current')
SELECT area, period, value, unit, sources, status, NULL AS method FROM annual WHERE month(period) = 1
UNION ALL
SELECT now.area, make_date(year(now.period), 1, 1),
       (month(now.period) - 1) / 12.0 * past.value + (13 - month(now.period)) / 12.0 * now.value, now.unit,
       list_sort(list_distinct(list_concat(now.sources, past.sources))), 'E',
       'fiscal years weighted by months'
FROM annual now JOIN annual past ON past.area = now.area AND past.period = now.period - INTERVAL 1 YEAR
WHERE month(now.period) <> 1 AND now.area NOT IN (SELECT area FROM annual WHERE month(period) = 1);

-- GDP in US dollars at the year's average market rate, areas and bay areas (default definition, all members present).
CREATE VIEW gdp_usd AS
WITH converted AS (
    SELECT g.area, g.period, g.value / r.value AS value, 'USD' AS unit,
           CASE WHEN g.unit = 'USD' THEN g.sources ELSE list_sort(list_distinct(list_concat(g.sources, r.sources))) END AS sources, g.status
    FROM gdp_calendar_year g JOIN rate r ON r.indicator = 'fx_rate' AND r.currency = g.unit AND r.period = g.period
)
SELECT *, [area] AS members, NULL AS definition FROM converted
UNION ALL
SELECT d.area, c.period, sum(c.value ORDER BY c.area), 'USD', list_sort(list_distinct(flatten(list(c.sources)))),
       CASE WHEN bool_or(c.status = 'B') THEN 'B' WHEN bool_or(c.status = 'E') THEN 'E' WHEN bool_or(c.status = 'P') THEN 'P' ELSE 'A' END,
       list_sort(list(c.area)), d.id
FROM definition d JOIN converted c ON c.area = d.member
WHERE d.subject = 'economy' AND d.is_default
GROUP BY d.area, d.id, c.period
HAVING count(*) = (SELECT count(*) FROM definition x WHERE x.area = d.area AND x.subject = 'economy' AND x.id = d.id);

-- Cite a source; a title that begins with its producer does not say it twice.
CREATE MACRO cite(source_id) AS (
    SELECT producer || ': ' || CASE WHEN starts_with(title, split_part(producer, ' (', 1) || ': ')
                                    THEN substr(title, length(split_part(producer, ' (', 1)) + 3) ELSE title END || CASE WHEN vintage <> '' THEN ' (' || vintage || ')' ELSE '' END || CASE WHEN mirror <> '' THEN ', via ' || mirror ELSE '' END
    FROM source WHERE id = source_id);
