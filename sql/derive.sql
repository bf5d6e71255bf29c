-- Observations that are made from the other shapes of published tables.

-- Daily crossings: each published count is an observation of its control point ...
INSERT INTO observation BY NAME
WITH counts AS (
    UNPIVOT (
        SELECT "date", area, lower(direction) || 's' AS direction, source, file, row,
               residents, mainland, other, total
        FROM crossing_daily
    ) ON residents, mainland, other, total INTO NAME traveller VALUE count
),
points AS (
    SELECT 'crossings_' || direction || CASE traveller WHEN 'total' THEN '' ELSE '_' || traveller END AS indicator,
           area, "date" AS period, count, source, file, row, NULL AS method
    FROM counts
    UNION ALL
    SELECT 'crossings', area, "date", sum(total), min(source), min(file), min(row), 'arrivals plus departures'
    FROM crossing_daily GROUP BY area, "date"
),
-- ... and their sums are observations of Hong Kong.
everything AS (
    FROM points
    UNION ALL
    SELECT indicator, 'hong_kong', period, sum(count), min(source), min(file), min(row),
           'sum of all control points'
    FROM points GROUP BY indicator, period
)
SELECT 'crossings' AS table_name, indicator, area, 'D' AS frequency, period, count::DOUBLE AS value, 'persons' AS unit,
       'nsa' AS adjustment, 'A' AS status, coalesce(try_cast(s.vintage AS DATE), last_day(try_cast(s.vintage || '-01' AS DATE)), first_seen()) AS vintage, e.source,
       CASE WHEN e.method IS NULL THEN count::VARCHAR END AS published_value, 'persons' AS published_unit, 0 AS published_scale,
       'row ' || row AS locator, e.method, e.file, e.row, 0 AS standing, true AS preferred
FROM everything e LEFT JOIN source s ON s.id = e.source;

-- Counts of the policy documents that belong to a table of observations. They are totals to date.
INSERT INTO observation BY NAME
SELECT i.table_name, p.indicator, p.area, CASE length(as_of) WHEN 4 THEN 'A' WHEN 7 THEN 'M' ELSE 'D' END AS frequency,
       CASE length(as_of) WHEN 4 THEN make_date(as_of::INT, 1, 1) WHEN 7 THEN (as_of || '-01')::DATE ELSE as_of::DATE END AS period,
       CASE WHEN u.id IS NULL THEN p.value * 1e6 ELSE p.value END AS value,
       coalesce(u.id, m.id) AS unit, 'cumulative' AS adjustment, 'A' AS status,
       greatest(coalesce(try_cast(s.vintage AS DATE), last_day(try_cast(s.vintage || '-01' AS DATE)), first_seen()),
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
