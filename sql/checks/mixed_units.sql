-- Figures of one indicator stand in units that cannot be made into one another (tonnes and freight tons).
SELECT p.indicator, p.area, p.frequency, min(p.period) AS period, arg_min(p.file, (p.period, p.file, p.row)) AS file, arg_min(p.row, (p.period, p.file, p.row)) AS row, 'unit' AS "column", p.unit AS value,
       'figures of an indicator stand in one unit' AS rule,
       count(*) || ' figures in ' || p.unit || ', the indicator is in ' || i.unit AS detail
FROM printed p JOIN indicator i ON i.id = p.indicator JOIN unit u ON u.id = p.unit
WHERE p.unit <> i.unit AND u.kind IN ('mass', 'freight', 'mass_unknown', 'count')
GROUP BY p.indicator, p.area, p.frequency, p.unit, i.unit
