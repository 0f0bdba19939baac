-- Availability is summed up by street and tier, and by district, maker and model
-- depends: 0025-event-intake 0025-map-spots

-- migrate: apply

ALTER TABLE availability_hour RENAME TO availability_whole_hour;
ALTER TABLE availability_day RENAME TO availability_whole_day;
ALTER INDEX availability_hour_pkey RENAME TO availability_whole_hour_pkey;
ALTER INDEX availability_day_pkey RENAME TO availability_whole_day_pkey;

-- By street, or what a camera is filed under if that is above, and tier. Times in microseconds:
-- sums are exact. Null is none: most times are, and so take no space.
CREATE TABLE availability_hour (
    since timestamptz NOT NULL,
    division_code text NOT NULL,
    tier smallint NOT NULL,
    well_us bigint,
    impaired_us bigint,
    unseen_us bigint,
    faulty_us bigint,
    offline_us bigint,
    unreachable_us bigint,
    unknown_us bigint,
    maintenance_us bigint,
    on_request_us bigint,
    never_us bigint,
    planned_us bigint,
    faults bigint,
    repaired bigint,
    repair_us bigint,
    PRIMARY KEY (since, division_code, tier)
);
-- By district, or the city, maker and model; 0 and the empty text: not on file.
CREATE TABLE availability_model_hour (
    since timestamptz NOT NULL,
    division_code text NOT NULL,
    maker smallint NOT NULL,
    model text NOT NULL,
    well_us bigint,
    impaired_us bigint,
    unseen_us bigint,
    faulty_us bigint,
    offline_us bigint,
    unreachable_us bigint,
    unknown_us bigint,
    maintenance_us bigint,
    on_request_us bigint,
    never_us bigint,
    planned_us bigint,
    faults bigint,
    repaired bigint,
    repair_us bigint,
    PRIMARY KEY (since, division_code, maker, model)
);
-- The same by day of the city's time zone; `since` is its first moment.
CREATE TABLE availability_day (LIKE availability_hour INCLUDING ALL);
CREATE TABLE availability_model_day (LIKE availability_model_hour INCLUDING ALL);

INSERT INTO availability_hour
SELECT since, division_code, tier,
    NULLIF(sum(well_us), 0),
    NULLIF(sum(impaired_us), 0),
    NULLIF(sum(unseen_us), 0),
    NULLIF(sum(faulty_us), 0),
    NULLIF(sum(offline_us), 0),
    NULLIF(sum(unreachable_us), 0),
    NULLIF(sum(unknown_us), 0),
    NULLIF(sum(maintenance_us), 0),
    NULLIF(sum(on_request_us), 0),
    NULLIF(sum(never_us), 0),
    NULLIF(sum(planned_us), 0),
    NULLIF(sum(faults), 0),
    NULLIF(sum(repaired), 0),
    NULLIF(sum(repair_us), 0)
FROM availability_whole_hour GROUP BY 1, 2, 3;
INSERT INTO availability_model_hour
SELECT since, COALESCE(above.division_code, whole.division_code), maker, model,
    NULLIF(sum(well_us), 0),
    NULLIF(sum(impaired_us), 0),
    NULLIF(sum(unseen_us), 0),
    NULLIF(sum(faulty_us), 0),
    NULLIF(sum(offline_us), 0),
    NULLIF(sum(unreachable_us), 0),
    NULLIF(sum(unknown_us), 0),
    NULLIF(sum(maintenance_us), 0),
    NULLIF(sum(on_request_us), 0),
    NULLIF(sum(never_us), 0),
    NULLIF(sum(planned_us), 0),
    NULLIF(sum(faults), 0),
    NULLIF(sum(repaired), 0),
    NULLIF(sum(repair_us), 0)
FROM availability_whole_hour AS whole
JOIN division AS filed ON filed.division_code = whole.division_code
LEFT JOIN division AS above ON starts_with(filed.path, above.path) AND above.level = 'district'
GROUP BY 1, 2, 3, 4;
INSERT INTO availability_day
SELECT since, division_code, tier,
    NULLIF(sum(well_us), 0),
    NULLIF(sum(impaired_us), 0),
    NULLIF(sum(unseen_us), 0),
    NULLIF(sum(faulty_us), 0),
    NULLIF(sum(offline_us), 0),
    NULLIF(sum(unreachable_us), 0),
    NULLIF(sum(unknown_us), 0),
    NULLIF(sum(maintenance_us), 0),
    NULLIF(sum(on_request_us), 0),
    NULLIF(sum(never_us), 0),
    NULLIF(sum(planned_us), 0),
    NULLIF(sum(faults), 0),
    NULLIF(sum(repaired), 0),
    NULLIF(sum(repair_us), 0)
FROM availability_whole_day GROUP BY 1, 2, 3;
INSERT INTO availability_model_day
SELECT since, COALESCE(above.division_code, whole.division_code), maker, model,
    NULLIF(sum(well_us), 0),
    NULLIF(sum(impaired_us), 0),
    NULLIF(sum(unseen_us), 0),
    NULLIF(sum(faulty_us), 0),
    NULLIF(sum(offline_us), 0),
    NULLIF(sum(unreachable_us), 0),
    NULLIF(sum(unknown_us), 0),
    NULLIF(sum(maintenance_us), 0),
    NULLIF(sum(on_request_us), 0),
    NULLIF(sum(never_us), 0),
    NULLIF(sum(planned_us), 0),
    NULLIF(sum(faults), 0),
    NULLIF(sum(repaired), 0),
    NULLIF(sum(repair_us), 0)
FROM availability_whole_day AS whole
JOIN division AS filed ON filed.division_code = whole.division_code
LEFT JOIN division AS above ON starts_with(filed.path, above.path) AND above.level = 'district'
GROUP BY 1, 2, 3, 4;

DROP TABLE availability_whole_hour;
DROP TABLE availability_whole_day;

-- migrate: rollback

-- What is still known is summed up anew.
DROP TABLE availability_model_day;
DROP TABLE availability_day;
DROP TABLE availability_model_hour;
DROP TABLE availability_hour;
CREATE TABLE availability_hour (
    since timestamptz NOT NULL,
    division_code text NOT NULL,
    tier smallint NOT NULL,
    maker smallint NOT NULL,
    model text NOT NULL,
    well_us bigint NOT NULL,
    impaired_us bigint NOT NULL,
    unseen_us bigint NOT NULL,
    faulty_us bigint NOT NULL,
    offline_us bigint NOT NULL,
    unreachable_us bigint NOT NULL,
    unknown_us bigint NOT NULL,
    maintenance_us bigint NOT NULL,
    on_request_us bigint NOT NULL,
    never_us bigint NOT NULL,
    planned_us bigint NOT NULL,
    faults bigint NOT NULL,
    repaired bigint NOT NULL,
    repair_us bigint NOT NULL,
    PRIMARY KEY (since, division_code, tier, maker, model)
);
CREATE TABLE availability_day (LIKE availability_hour INCLUDING ALL);
DELETE FROM availability_rolled;
