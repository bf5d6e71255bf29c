-- Which source speaks for a figure. A source speaks with its newest vintage only, be it doubtful or withdrawn. Only
-- figures that several sources print need ranking: an explicit choice of the catalogue first, withdrawn (M) and doubtful
-- figures (U) last, then official over mirror over secondary, then stated days of publication over the day on which this
-- project first saw a figure, of these the newest, then the figure printed with more digits.

-- Rows of dataset files have both already; what was made from them, or came with a catalogue of its own, has not.
UPDATE observation SET
    series_period = figure_hash(indicator, area, frequency, period, adjustment, prices),
    dated = is_dated(vintage, source)
WHERE series_period IS NULL OR dated <> is_dated(vintage, source);

CREATE TABLE contested AS
SELECT series_period FROM observation GROUP BY series_period HAVING count(*) > 1;

UPDATE observation AS o SET superseded = n.next
FROM (
    SELECT series_period, source, vintage, lead(vintage) OVER (PARTITION BY series_period, source ORDER BY vintage) AS next
    FROM observation SEMI JOIN (
        SELECT series_period, source FROM observation SEMI JOIN contested USING (series_period)
        GROUP BY ALL HAVING count(DISTINCT vintage) > 1
    ) USING (series_period, source)
    GROUP BY series_period, source, vintage
) n
WHERE n.next IS NOT NULL AND o.series_period = n.series_period AND o.source = n.source AND o.vintage = n.vintage;

UPDATE observation AS o SET standing =
    1 + CASE o.status WHEN 'M' THEN 1000000 WHEN 'U' THEN 2000000 ELSE 0 END
    + 10 * coalesce((
        SELECT min(p.rank) FROM preference p
        WHERE p.source = o.source AND p.indicator = o.indicator
          AND (p.area = o.area OR p.area = '*') AND (p.frequency = o.frequency OR p.frequency = '*')
      ), 1000)
    + 2 * coalesce((SELECT CASE s.grade WHEN 'official' THEN 0 WHEN 'mirror' THEN 1 ELSE 2 END FROM source s WHERE s.id = o.source), 3)
    + CASE WHEN o.dated THEN 0 ELSE 1 END
FROM (
    -- Of a source that speaks alone, a day at a time, one print stands on any day: there is nothing to rank.
    SELECT series_period FROM observation SEMI JOIN contested USING (series_period)
    GROUP BY series_period HAVING count(DISTINCT source) > 1 OR count(DISTINCT vintage) < count(*)
) c WHERE c.series_period = o.series_period;

UPDATE observation AS o SET preferred = false
FROM (
    SELECT file, row, indicator, area FROM observation SEMI JOIN contested USING (series_period)
    QUALIFY superseded IS NOT NULL OR row_number() OVER (PARTITION BY series_period ORDER BY superseded IS NOT NULL, standing, vintage DESC, length(published_value) - published_scale DESC, source, file, row) > 1
) lost
WHERE o.file = lost.file AND o.row = lost.row AND o.indicator = lost.indicator AND o.area = lost.area;

-- Doubtful figures are never preferred, even where nobody else prints the figure.
UPDATE observation SET preferred = false WHERE status = 'U';
