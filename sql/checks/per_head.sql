-- GDP against GDP per head times the mean of two year-end populations, which is how both were made.
WITH mean_population AS (
    SELECT now.area, now.period, (now.value + past.value) / 2 AS persons
    FROM latest now JOIN latest past ON past.area = now.area AND past.period = now.period - INTERVAL 1 YEAR
    WHERE now.indicator = 'population' AND past.indicator = 'population' AND now.frequency = 'A' AND past.frequency = 'A'
),
implied AS (
    SELECT h.area, h.period, h.unit, h.value * m.persons AS gdp
    FROM latest h JOIN mean_population m USING (area, period)
    WHERE h.indicator = 'gdp_per_capita' AND h.frequency = 'A'
)
SELECT p.indicator, p.area, p.frequency, p.period, p.file, p.row, 'value' AS "column", p.published_value AS value,
       'GDP equals GDP per head times mean population within 3%' AS rule,
       p.source || ' prints ' || p.value || ' ' || p.unit || ', GDP per head times mean population gives ' || round(i.gdp)
       || ' (' || round(100 * (i.gdp / p.value - 1), 1) || '%)' AS detail
FROM printed p JOIN implied i USING (area, period, unit)
WHERE p.indicator = 'gdp' AND p.frequency = 'A' AND p.adjustment = 'nsa' AND abs(i.gdp / p.value - 1) > 0.03
