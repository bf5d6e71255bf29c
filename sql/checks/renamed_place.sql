-- A control point that the producer renamed: one place under several names.
SELECT 'crossings' AS indicator, area, 'D' AS frequency, min("date") AS period, arg_min(file, ("date", file, row)) AS file, arg_min(row, ("date", file, row)) AS row, 'Control Point' AS "column",
       control_point AS value, 'one place has one name' AS rule,
       'named so from ' || min("date") || ' to ' || max("date") || '; one series with its other name' AS detail
FROM crossing_daily
WHERE area IN (SELECT area FROM crossing_daily GROUP BY area HAVING count(DISTINCT control_point) > 1)
GROUP BY area, control_point
