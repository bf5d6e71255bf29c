-- Observations that are made from the other shapes of published tables.

-- Daily crossings: each published count is an observation of its control point ...
INSERT INTO observation BY NAME
WITH counts AS (
    UNPIVOT (
        SELECT "date", area, lower(direction) || 's' AS direction, source, file, row,
               residents, mainland, other, total
        FROM crossing_daily
    ) ON residents, mainland, other, total INTO NAME traveller VALUE count
)
SELECT *, figure_hash(indicator, area, frequency, period, adjustment, NULL::VARCHAR) AS series_period,
       is_dated(vintage, source) AS dated, 0 AS standing, true AS preferred
FROM (
    SELECT 'crossings' AS table_name, 'crossings_' || direction || CASE traveller WHEN 'total' THEN '' ELSE '_' || traveller END AS indicator,
           area, 'D' AS frequency, "date" AS period, count::DOUBLE AS value, 'persons' AS unit, 'nsa' AS adjustment, 'A' AS status,
           coalesce(stated_day(s.vintage), first_seen()) AS vintage, c.source,
           count::VARCHAR AS published_value, 'persons' AS published_unit, 0 AS published_scale, 'row ' || row AS locator,
           c.file, c.row
    FROM counts c LEFT JOIN source s ON s.id = c.source
);

-- ... and their sums are observations too: both directions of a control point, then all control points of Hong Kong, within
-- one source. A sum is as new as the newest of its parts: of each part it takes what was known by then. Where a part was
-- withdrawn there is no sum.
CREATE MACRO summed_crossings(parts, how) AS TABLE
WITH part AS (FROM query_table(parts)),
occasion AS (SELECT DISTINCT indicator, area, period, source, vintage FROM part),
known AS (
    SELECT o.indicator, o.area, o.period, o.source, o.vintage,
           arg_max_null(p.value, p.vintage) AS value, arg_max(p.file, p.vintage) AS file, arg_max(p.row, p.vintage) AS row, max(p.vintage) AS newest
    FROM occasion o JOIN part p
      ON p.indicator = o.indicator AND p.area = o.area AND p.period = o.period AND p.source = o.source AND p.vintage <= o.vintage
    GROUP BY o.indicator, o.area, o.period, o.source, o.vintage, p.part
)
SELECT 'crossings' AS table_name, indicator, area, 'D' AS frequency, period,
       CASE WHEN count(value) = count(*) THEN sum(value) END AS value, 'persons' AS unit, 'nsa' AS adjustment,
       CASE WHEN count(value) = count(*) THEN 'A' ELSE 'M' END AS status, vintage, source, 'row ' || arg_max(row, (newest, file, row)) AS locator, how AS method, arg_max(file, (newest, file, row)) AS file, arg_max(row, (newest, file, row)) AS row,
       figure_hash(indicator, area, 'D', period, 'nsa', NULL::VARCHAR) AS series_period, is_dated(vintage, source) AS dated,
       0 AS standing, true AS preferred
FROM known GROUP BY indicator, area, period, source, vintage;

CREATE TEMP VIEW both_directions AS
SELECT 'crossings' AS indicator, area, period, source, vintage, value, file, row, indicator AS part
FROM observation WHERE indicator IN ('crossings_arrivals', 'crossings_departures') AND method IS NULL AND frequency = 'D';
INSERT INTO observation BY NAME FROM summed_crossings('both_directions', 'arrivals plus departures');

CREATE TEMP VIEW control_points AS
SELECT indicator, 'hong_kong' AS area, period, source, vintage, value, file, row, o.area AS part
FROM observation o JOIN area a ON a.id = o.area AND a.level = 'control_point' WHERE frequency = 'D' AND indicator LIKE 'crossings%';
INSERT INTO observation BY NAME FROM summed_crossings('control_points', 'sum of all control points');

DROP VIEW both_directions;
DROP VIEW control_points;
DROP MACRO TABLE summed_crossings;

-- Counts of the policy documents that belong to a table of observations. They are totals to date.
INSERT INTO observation BY NAME
SELECT i.table_name, p.indicator, p.area, CASE length(as_of) WHEN 4 THEN 'A' WHEN 7 THEN 'M' ELSE 'D' END AS frequency,
       CASE length(as_of) WHEN 4 THEN make_date(as_of::INT, 1, 1) WHEN 7 THEN (as_of || '-01')::DATE ELSE as_of::DATE END AS period,
       CASE WHEN u.id IS NULL THEN p.value * 1e6 ELSE p.value END AS value,
       coalesce(u.id, m.id) AS unit, 'cumulative' AS adjustment, 'A' AS status,
       greatest(coalesce(stated_day(s.vintage), first_seen()),
                CASE length(as_of) WHEN 4 THEN make_date(as_of::INT, 1, 1) WHEN 7 THEN last_day((as_of || '-01')::DATE) ELSE as_of::DATE END) AS vintage,
       p.source, trim(format('{}', p.value)) AS published_value, p.unit AS published_unit, 0 AS published_scale,
       'quote: "' || p.quote || '"' AS locator,
       concat_ws('; ', CASE WHEN p.qualifier <> 'exact' THEN 'the text says: ' || replace(p.qualifier, '_', ' ') END,
                 'with ' || replace(replace(p.counterpart_area, ';', ', '), '_', ' '), p.note) AS note,
       p.file, p.row, 0 AS standing, true AS preferred
FROM policy_statement p
JOIN indicator i ON i.id = p.indicator AND i.table_name <> 'policy_statements'
JOIN area a ON a.id = p.area
LEFT JOIN unit u ON u.id = p.unit
LEFT JOIN unit m ON 'million ' || m.id = p.unit
LEFT JOIN source s ON s.id = p.source
WHERE p.value IS NOT NULL AND regexp_full_match(p.as_of, '\d{4}(-\d\d(-\d\d)?)?') AND coalesce(u.id, m.id) IS NOT NULL;
