-- A count of the whole port that is really a count of a part of it (loaded boxes, foreign trade, the sea port only).
WITH whole AS (FROM printed WHERE indicator IN ('container_throughput', 'cargo_throughput')),
part AS (
    SELECT *, CASE WHEN indicator LIKE 'container%' THEN 'container_throughput' ELSE 'cargo_throughput' END AS whole_indicator
    FROM printed
    WHERE (indicator LIKE 'container_throughput_%' OR indicator LIKE 'cargo_throughput_%')
      AND regexp_matches(indicator, '(loaded|international|foreign_trade|seaport_only|coastal_part|domestic|usace)')
)
SELECT DISTINCT w.indicator, w.area, w.frequency, w.period, w.file, w.row, 'value' AS "column", w.published_value AS value,
       'the whole port is not counted by a part of it' AS rule,
       w.source || ' prints ' || w.value || ' for the whole port; ' || p.source || ' prints ' || p.value || ' for ' || p.indicator
       || ', and ' || o.source || ' ' || o.value || ' for the whole' AS detail
FROM whole w
JOIN part p ON p.whole_indicator = w.indicator AND p.area = w.area AND p.frequency = w.frequency AND p.period = w.period AND p.adjustment = w.adjustment
JOIN whole o ON o.series_period = w.series_period AND o.source <> w.source
WHERE abs(w.value / p.value - 1) < 0.02 AND o.value > 1.04 * w.value
