-- Who may touch what: applied after the migrations, whenever they or this file have changed.
--
-- The API's connections act as sharpeyes_serving. It owns nothing, cannot bypass row-level
-- security, and sees the rows of one subtree of divisions: the one whose path the transaction has
-- put into sharpeyes.scope. Without that it sees nothing. A transaction for somebody whose reach is
-- the whole city acts as sharpeyes_whole, whose policies are constant and so cost nothing. The
-- owner, who runs migrations, workers, the relay and commands, is a member of it.
--
-- A table that is not named here is closed to both. A test asks that each is named.

DO $roles$
DECLARE
    wanted text;
    -- Roles belong to the whole server, and other databases of it may be doing this right now.
    attempts_left integer := 20;
BEGIN
    LOOP
        BEGIN
            FOREACH wanted IN ARRAY ARRAY['sharpeyes_serving', 'sharpeyes_whole'] LOOP
                IF to_regrole(wanted) IS NULL THEN
                    EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
                END IF;
                IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted
                           AND (rolsuper OR rolbypassrls)) THEN
                    RAISE insufficient_privilege USING MESSAGE = format(
                        'the role %s may bypass row-level security, which it must not: '
                        'ALTER ROLE %s NOSUPERUSER NOBYPASSRLS', wanted, wanted);
                END IF;
            END LOOP;
            -- Who has the rights of a superuser needs no membership, but the policies go by it.
            IF NOT pg_has_role('sharpeyes_serving', 'SET') THEN
                EXECUTE format('GRANT sharpeyes_serving TO %I WITH INHERIT FALSE, SET TRUE',
                               current_user);
            END IF;
            IF NOT (pg_has_role('sharpeyes_whole', 'SET')
                    AND pg_has_role('sharpeyes_whole', 'USAGE')) THEN
                EXECUTE format('GRANT sharpeyes_whole TO %I WITH INHERIT TRUE, SET TRUE',
                               current_user);
            END IF;
            EXIT;
        EXCEPTION
            WHEN duplicate_object OR unique_violation OR internal_error THEN
                attempts_left := attempts_left - 1;
                IF attempts_left = 0 THEN RAISE; END IF;
                PERFORM pg_sleep(0.05);
        END;
    END LOOP;
END
$roles$;

-- `privileges` on a table for both roles; a transaction for a subtree reads the rows of which
-- `seen` is true, and writes those of which `written` is true.
CREATE FUNCTION pg_temp.open_table(
    name text, privileges text, seen text DEFAULT 'true', written text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    policy name;
BEGIN
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = name::regclass LOOP
        EXECUTE format('DROP POLICY %I ON %I', policy, name);
    END LOOP;
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, sharpeyes_serving, sharpeyes_whole', name);
    EXECUTE format('GRANT %s ON %I TO sharpeyes_serving, sharpeyes_whole', privileges, name);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
        'CREATE POLICY whole ON %I TO sharpeyes_whole USING (true) WITH CHECK (true)', name);
    IF written IS NULL THEN
        EXECUTE format('CREATE POLICY scope ON %I TO sharpeyes_serving'
                       ' USING (%s) WITH CHECK (%2$s)', name, seen);
    ELSE
        EXECUTE format('CREATE POLICY seen ON %I FOR SELECT TO sharpeyes_serving USING (%s)',
                       name, seen);
        EXECUTE format('CREATE POLICY added ON %I FOR INSERT TO sharpeyes_serving'
                       ' WITH CHECK (%s)', name, written);
        EXECUTE format('CREATE POLICY changed ON %I FOR UPDATE TO sharpeyes_serving'
                       ' USING (%s) WITH CHECK (%2$s)', name, written);
        EXECUTE format('CREATE POLICY removed ON %I FOR DELETE TO sharpeyes_serving'
                       ' USING (%s)', name, written);
    END IF;
END
$$;

-- The scope is a path such as '420100/420102/', and '0' is what follows '/' in ASCII: a range, for
-- which an index serves where the prefix operator with a value that is not constant has none.
-- Once a transaction has ended, its setting is not null but empty.
CREATE FUNCTION pg_temp.in_scope(path text) RETURNS text LANGUAGE sql AS $$
    SELECT format(
        '%s >= NULLIF(current_setting(''sharpeyes.scope'', true), '''')'
        ' AND %1$s < rtrim(NULLIF(current_setting(''sharpeyes.scope'', true), ''''), ''/'') || ''0''',
        path)
$$;
CREATE FUNCTION pg_temp.of_camera(name text) RETURNS text LANGUAGE sql AS $$
    SELECT format('EXISTS (SELECT FROM camera c WHERE c.camera_id = %I.camera_id)', name)
$$;

-- The tree of divisions is public knowledge; a subtree changes by those who have it.
SELECT pg_temp.open_table('division', 'SELECT, INSERT, UPDATE, DELETE', 'true',
                          pg_temp.in_scope('path'));

SELECT pg_temp.open_table('camera', 'SELECT, INSERT, UPDATE, DELETE',
                          pg_temp.in_scope('division_path'));
SELECT pg_temp.open_table('camera_count', 'SELECT', pg_temp.in_scope('division_path'));
-- A street's sums are not parted by who may see some of its communities: they have the intervals.
SELECT pg_temp.open_table(name, 'SELECT', format(
    'EXISTS (SELECT FROM division d WHERE d.division_code = %I.division_code AND %s)',
    name, pg_temp.in_scope('d.path')))
FROM unnest(ARRAY['availability_hour', 'availability_day', 'availability_model_hour',
    'availability_model_day']) AS name;
-- When we were not there is no secret: it explains what is unknown.
SELECT pg_temp.open_table(name, 'SELECT', 'true', 'false')
FROM unnest(ARRAY['availability_rolled', 'watch_gap', 'watch_seen']) AS name;
-- Whose subtree is smaller than an area counts its cameras.
SELECT pg_temp.open_table('area_count', 'SELECT', pg_temp.in_scope('area_path'));
SELECT pg_temp.open_table('map_count', 'SELECT', pg_temp.in_scope('area_path'));
SELECT pg_temp.open_table('place', 'SELECT, INSERT, UPDATE, DELETE',
                          pg_temp.in_scope('division_path'));
SELECT pg_temp.open_table(name, privileges, pg_temp.of_camera(name))
FROM (VALUES
    ('camera_status', 'SELECT'),
    ('camera_transition', 'SELECT'),
    ('camera_latency', 'SELECT'),
    ('camera_clock', 'SELECT'),
    ('camera_recording', 'SELECT'),
    ('camera_listening', 'SELECT'),
    -- None is taken away, so that history need not tell of it.
    ('camera_credential', 'SELECT, INSERT, UPDATE'),
    ('zone', 'SELECT, INSERT, UPDATE, DELETE'),
    -- Events of other systems come in by the API.
    ('event', 'SELECT, INSERT'),
    ('event_key', 'SELECT, INSERT'),
    ('event_sequence', 'SELECT, INSERT, UPDATE'),
    ('evidence', 'SELECT'),
    -- Taken away to be learned anew; workers write them.
    ('camera_picture', 'SELECT, DELETE'),
    -- What was given up can be sent again.
    ('delivery', 'SELECT, INSERT, UPDATE'),
    ('delivery_lane', 'SELECT, INSERT, UPDATE'),
    ('legal_hold', 'SELECT, INSERT, UPDATE'),
    -- Who sees the event says how far its case is.
    ('event_case', 'SELECT, INSERT, UPDATE')
) AS opened (name, privileges);
SELECT pg_temp.open_table('delivery_attempt', 'SELECT', $$
    EXISTS (SELECT FROM delivery d WHERE d.delivery_id = delivery_attempt.delivery_id)
$$);
SELECT pg_temp.open_table('event_case_step', 'SELECT, INSERT', $$
    EXISTS (SELECT FROM event_case k WHERE k.event_id = event_case_step.event_id)
$$);
-- Of an incident of many, a subtree sees that there is one, and its own cameras in it; who works on
-- it has all of its cameras.
SELECT pg_temp.open_table('incident_camera', 'SELECT', pg_temp.of_camera('incident_camera'));
SELECT pg_temp.open_table('incident', 'SELECT, UPDATE', $$
    EXISTS (SELECT FROM incident_camera m WHERE m.incident_id = incident.incident_id)
$$, pg_temp.in_scope('division_path'));
SELECT pg_temp.open_table('incident_step', 'SELECT, INSERT', $$
    EXISTS (SELECT FROM incident i WHERE i.incident_id = incident_step.incident_id)
$$, $$
    EXISTS (SELECT FROM incident i WHERE i.incident_id = incident_step.incident_id AND $$
    || pg_temp.in_scope('i.division_path') || ')');
SELECT pg_temp.open_table('incident_desk', 'SELECT', 'false');
-- What cameras of the whole city tell of, by its names.
SELECT pg_temp.open_table('camera_topic', 'SELECT', 'false');
-- Triggers write it, of deleted cameras too.
SELECT pg_temp.open_table('camera_change', 'SELECT, INSERT', pg_temp.of_camera('camera_change'),
                          'true');
-- An import is its subtree's who began it.
SELECT pg_temp.open_table('import_run', 'SELECT, INSERT, UPDATE',
                          pg_temp.in_scope('division_path'));
-- So is what was handed in.
SELECT pg_temp.open_table('intake_tally', 'SELECT, INSERT', pg_temp.in_scope('division_path'));
-- An endpoint is sent the events of the whole city: a subtree sees where its own went.
SELECT pg_temp.open_table('endpoint', 'SELECT, INSERT, UPDATE', 'true', 'false');
SELECT pg_temp.open_table('endpoint_division', 'SELECT, INSERT, DELETE', 'true', 'false');
-- Only who reaches the whole city rotates secrets.
SELECT pg_temp.open_table('endpoint_old_secret', 'SELECT, INSERT, DELETE', 'false');

-- Who asks is looked up before any scope is known.
SELECT pg_temp.open_table('token', 'SELECT', 'true', 'false');
SELECT pg_temp.open_table('account', 'SELECT, INSERT, UPDATE', 'true', 'false');
SELECT pg_temp.open_table('session', 'SELECT, INSERT, DELETE');
-- Entries are added and never changed; a subtree reads what its own people did.
SELECT pg_temp.open_table('audit', 'SELECT, INSERT (entry)',
                          pg_temp.in_scope('division_path'), 'true');
SELECT pg_temp.open_table('audit_head', 'SELECT', 'false');

-- What acts with its owner's rights is there for triggers, and not to be called.
DO $functions$
DECLARE
    called regprocedure;
BEGIN
    FOR called IN SELECT oid FROM pg_proc
        WHERE prosecdef AND pronamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s'
                       ' FROM PUBLIC, sharpeyes_serving, sharpeyes_whole', called);
    END LOOP;
END
$functions$;
-- But for what looks into indexes, and knows itself whose cameras it may tell of; and what files.
GRANT EXECUTE ON FUNCTION cameras_with, cameras_with_last_digits, file_waiting_tokens
    TO sharpeyes_serving, sharpeyes_whole;
