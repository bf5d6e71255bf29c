-- The preferred figures of a series pass from one source to another that disagrees with it where both print it.
SELECT indicator, area, frequency, period, file, row, 'source' AS "column", source AS value,
       'a series is of one source, or of sources that agree within 0.5%' AS rule,
       'after ' || source_before || '; where both print the series they differ by up to ' || round(100 * largest_difference, 2) || '%' AS detail
FROM splice
