-- An indicator of one area is printed by calendar year and by fiscal year: two series, never one.
SELECT indicator, area, 'A' AS frequency, min(period) AS period, NULL::VARCHAR AS file, NULL::BIGINT AS row, 'period' AS "column", NULL::VARCHAR AS value,
       'calendar years and fiscal years are kept apart' AS rule,
       count(DISTINCT year(period)) FILTER (month(period) = 1) || ' calendar years and '
       || count(DISTINCT year(period)) FILTER (month(period) <> 1) || ' years that begin in month '
       || string_agg(DISTINCT month(period)::VARCHAR, ', ' ORDER BY month(period)::VARCHAR) FILTER (month(period) <> 1) AS detail
FROM observation WHERE frequency = 'A'
GROUP BY indicator, area HAVING count(DISTINCT month(period)) > 1
