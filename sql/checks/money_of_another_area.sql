-- Money in another currency than the area's own, in an indicator that is in the area's own.
SELECT p.indicator, p.area, p.frequency, p.period, p.file, p.row, 'unit' AS "column", p.published_unit AS value,
       'money is in the area''s own currency' AS rule, 'the area uses ' || a.currency AS detail
FROM printed p JOIN indicator i ON i.id = p.indicator JOIN area a ON a.id = p.area JOIN unit u ON u.id = p.unit
WHERE i.unit = 'currency' AND u.kind = 'money' AND a.currency IS NOT NULL AND p.unit <> a.currency
