-- The tables of a gbaindicators database. A database is a build product: it is written once, aside, and never changed.

-- The day on which figures without a stated publication date were first seen by this project.
CREATE MACRO first_seen() AS DATE '2026-11-22';

-- The day by which a source says that it was published: the last of a month; null where it states a year alone, or nothing.
CREATE MACRO stated_day(vintage) AS coalesce(try_cast(vintage AS DATE), last_day(try_cast(vintage || '-01' AS DATE)));

CREATE TABLE indicator (
    id VARCHAR PRIMARY KEY, name_en VARCHAR, name_zh_hans VARCHAR, name_zh_hant VARCHAR,
    table_name VARCHAR, unit VARCHAR, kind VARCHAR, over_time VARCHAR, over_areas VARCHAR,
    minimum DOUBLE, maximum DOUBLE, description VARCHAR
);

CREATE TABLE area (
    id VARCHAR PRIMARY KEY, name_en VARCHAR, name_zh_hans VARCHAR, name_zh_hant VARCHAR,
    level VARCHAR, parent VARCHAR, currency VARCHAR, aliases VARCHAR[]
);

CREATE TABLE unit (
    id VARCHAR PRIMARY KEY, name_en VARCHAR, name_zh_hans VARCHAR, name_zh_hant VARCHAR,
    kind VARCHAR, base VARCHAR, factor DOUBLE
);

CREATE TABLE source (
    id VARCHAR PRIMARY KEY, producer VARCHAR, title VARCHAR, url VARCHAR, mirror VARCHAR, licence VARCHAR,
    grade VARCHAR, vintage VARCHAR,
    vintage_basis VARCHAR,          -- what tells the vintage: release, address, snapshot; figure: each figure has its own
    note VARCHAR
);

-- Whether a day of publication is stated. The day on which this project began stands for a day that nobody states; but a
-- source may state that very day, for all its figures or, as services do, for each.
CREATE MACRO is_dated(day, publisher) AS
    day <> first_seen() OR publisher IN (SELECT s.id FROM source s WHERE s.vintage_basis = 'figure' OR stated_day(s.vintage) IS NOT NULL);

-- What identifies a figure apart from its source and vintage, as one number.
CREATE MACRO figure_hash(indicator, area, frequency, period, adjustment, prices) AS
    hash(indicator, area, frequency, period, adjustment, prices);

-- One row per bay area, definition and member; `source` states the members, null where none does.
CREATE TABLE definition (
    area VARCHAR, subject VARCHAR, id VARCHAR, member VARCHAR, is_default BOOLEAN, name_en VARCHAR, source VARCHAR, note VARCHAR
);

-- Explicit choices among sources: a lower rank is preferred.
CREATE TABLE preference (indicator VARCHAR, area VARCHAR, frequency VARCHAR, source VARCHAR, rank INTEGER, why VARCHAR);

-- Totals and their parts, over indicators or over areas.
CREATE TABLE identity (id VARCHAR, over VARCHAR, indicator VARCHAR, total VARCHAR, part VARCHAR, parts INTEGER);

-- Every published figure, one row each, in base units; beside it the text as published.
CREATE TABLE observation (
    table_name VARCHAR NOT NULL,
    indicator VARCHAR NOT NULL,
    area VARCHAR NOT NULL,
    frequency VARCHAR NOT NULL,     -- SDMX FREQ: A S Q M W D
    period DATE NOT NULL,           -- first day
    value DOUBLE,                   -- in `unit`
    unit VARCHAR NOT NULL,
    adjustment VARCHAR NOT NULL,    -- nsa, sa, ytd (since January), cumulative (since the scheme began)
    prices VARCHAR,                 -- current, constant, chained 2012, ...; null where there are none
    status VARCHAR NOT NULL,        -- SDMX OBS_STATUS: A normal, P provisional, E estimated, B break, U low reliability, M missing
    vintage DATE NOT NULL,          -- published or first seen no later than this day
    dated BOOLEAN NOT NULL DEFAULT true, -- whether that day is stated; false for the day on which this project first saw it
    source VARCHAR NOT NULL,
    published_value VARCHAR,        -- exactly as published; times ten to the `published_scale`, in `published_unit`
    published_unit VARCHAR,
    published_scale TINYINT,
    locator VARCHAR,
    note VARCHAR,
    method VARCHAR,                 -- null for a published figure; else how it was derived
    file VARCHAR,
    row BIGINT,
    series_period UBIGINT,          -- hash of what identifies the figure apart from its source and vintage; in partitions
                                    -- null where one row alone prints the figure
    superseded DATE,                -- day from which the same source says otherwise; null for its last word
    standing INTEGER NOT NULL,      -- rank among the prints of the same figure: of the lowest the newest is preferred;
                                    -- 0 where one source alone prints it
    preferred BOOLEAN NOT NULL
);

-- The Immigration Department's daily counts, columns as published.
CREATE TABLE crossing_daily (
    "date" DATE, control_point VARCHAR, direction VARCHAR, residents BIGINT, mainland BIGINT, other BIGINT,
    total BIGINT, source VARCHAR, area VARCHAR, file VARCHAR, row BIGINT
);

-- Every quantity that the founding policy documents state, with the words that state it.
CREATE TABLE policy_statement (
    indicator VARCHAR, area VARCHAR, counterpart_area VARCHAR, as_of VARCHAR, value DOUBLE, unit VARCHAR,
    qualifier VARCHAR, source VARCHAR, quote VARCHAR, note VARCHAR, file VARCHAR, row BIGINT
);

-- What the checks found and could not decide. They do not stop the build.
CREATE TABLE finding (
    "check" VARCHAR, indicator VARCHAR, area VARCHAR, frequency VARCHAR, period DATE, file VARCHAR, row BIGINT,
    "column" VARCHAR, value VARCHAR, rule VARCHAR, detail VARCHAR
);

CREATE TABLE build (
    package_version VARCHAR, duckdb_version VARCHAR, datasets VARCHAR, fingerprint VARCHAR, archive VARCHAR, built_at TIMESTAMP, observations BIGINT,
    findings BIGINT,
    layout INTEGER                  -- of these tables: a version of the package reads one
);

-- Partitions of tables larger than memory: normalised Parquet files in the folder `<database>.partitions` beside the
-- database, which the view `observation` reads together with the table `inner_observation`.
CREATE TABLE partition (name VARCHAR, table_name VARCHAR, file VARCHAR, rows BIGINT, first_period DATE, last_period DATE);

-- What each partition was made of. A file of the same size and time of change is taken to be unchanged.
CREATE TABLE partition_input (file VARCHAR, size BIGINT, changed_ns BIGINT, hash VARCHAR);

-- What each partition holds, which tells what a check needs to read.
CREATE TABLE partition_content (
    file VARCHAR, indicator VARCHAR, frequency VARCHAR, adjustment VARCHAR, unit VARCHAR, rows BIGINT, first_period DATE, last_period DATE
);

-- Every series in the partitions, the sources that print it, how many rows each has, and the last period for which it is
-- preferred (null: none).
CREATE TABLE partition_series (
    table_name VARCHAR, indicator VARCHAR, area VARCHAR, frequency VARCHAR, adjustment VARCHAR, prices VARCHAR, source VARCHAR,
    rows BIGINT, last_preferred DATE
);

-- How well two sources of a series in partitions agree: that part of the table `agreement` which a build takes over.
CREATE TABLE partition_agreement (
    table_name VARCHAR, indicator VARCHAR, area VARCHAR, frequency VARCHAR, adjustment VARCHAR, prices VARCHAR, source_a VARCHAR,
    source_b VARCHAR, shared BIGINT, largest_difference DOUBLE
);

-- Where the preferred figures of a series in partitions pass from one source to another, whether or not the two agree.
CREATE TABLE partition_switch (
    table_name VARCHAR, indicator VARCHAR, area VARCHAR, frequency VARCHAR, adjustment VARCHAR, prices VARCHAR, period DATE,
    source_before VARCHAR, source VARCHAR, file VARCHAR, row BIGINT
);

-- Files of earlier builds that a reader may still have open, and since when they are of no use to new ones.
CREATE TABLE partition_retired (file VARCHAR, since TIMESTAMP);

-- Half a unit of the last printed digit, in base units: how far rounding alone can move a published figure.
CREATE MACRO half_unit(published_value, published_scale, factor) AS
    0.5 * factor * pow(10, published_scale - CASE WHEN contains(published_value, '.') THEN length(published_value) - strpos(published_value, '.') ELSE 0 END);

-- Published figures that no later vintage of their source replaced, with their rounding.
CREATE VIEW printed AS
SELECT o.*, half_unit(o.published_value, o.published_scale, coalesce(u.factor, 1)) AS rounding
FROM observation o LEFT JOIN unit u ON u.id = o.published_unit
WHERE o.method IS NULL AND o.value IS NOT NULL AND o.superseded IS NULL;
