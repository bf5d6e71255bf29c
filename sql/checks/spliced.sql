-- The preferred figures of a series pass from one source to another that disagrees with it where both print it.
SELECT s.indicator, s.area, s.frequency, s.period, o.file, o.row, 'source' AS "column", s.source AS value,
       'a series is of one source, or of sources that agree within 0.5%' AS rule,
       'after ' || s.source_before || '; where both print the series they differ by up to ' || round(100 * s.largest_difference, 2) || '%' AS detail
FROM splice s JOIN observation o
  ON o.indicator = s.indicator AND o.area = s.area AND o.frequency = s.frequency AND o.period = s.period AND o.adjustment = s.adjustment
 AND o.prices IS NOT DISTINCT FROM s.prices AND o.source = s.source AND o.preferred
