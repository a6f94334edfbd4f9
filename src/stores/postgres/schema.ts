/** One step of the schema. Released steps never change: a later one amends them. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/**
 * By version, ascending from 1 without gaps. A step only adds: a gateway of the version before may be running while it is applied, and
 * goes on with the columns and the function that it knows. A new form of `parley_commit_1` is therefore a `parley_commit_2` beside it.
 */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (key text COLLATE "C" PRIMARY KEY, value text NOT NULL);

      -- Room in the pages, so that a new version of a row finds place beside the old one and no index is written.
      CREATE TABLE sessions (
        id text COLLATE "C" PRIMARY KEY,
        backend text COLLATE "C" NOT NULL,
        handle text COLLATE "C" NOT NULL,
        title text,
        description text,
        visibility text COLLATE "C" NOT NULL,
        status text COLLATE "C" NOT NULL,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        last_activity_at bigint NOT NULL,
        renewed_at bigint,
        expires_at bigint,
        due_at bigint,
        warned_for bigint,
        renewal_count bigint NOT NULL,
        rules text NOT NULL, -- JSON
        owners text NOT NULL, -- JSON
        created_by text COLLATE "C",
        defaults text NOT NULL, -- JSON
        metadata text NOT NULL, -- JSON
        agent_id text COLLATE "C",
        situation text,
        upstream text, -- JSON
        active_members bigint NOT NULL,
        files bigint NOT NULL,
        file_bytes bigint NOT NULL,
        version bigint NOT NULL,
        seq bigint NOT NULL,
        message_count bigint NOT NULL DEFAULT 0, -- so that no page of a long history counts it
        UNIQUE (backend, handle)
      ) WITH (fillfactor = 70);
      -- With the visibility, so that what a caller may find is counted without reading the rows.
      CREATE INDEX sessions_by_age ON sessions (created_at, id, visibility);
      CREATE INDEX sessions_public ON sessions (created_at, id) WHERE visibility = 'PUBLIC';
      CREATE INDEX sessions_by_creator ON sessions (created_by) WHERE created_by IS NOT NULL;
      CREATE INDEX sessions_due ON sessions (due_at, id) WHERE status = 'ACTIVE' AND due_at IS NOT NULL;

      -- What belongs to a session has no foreign key to it: parley_commit_1 writes it under the session's lock, and a key would lock
      -- and look up the same row once more for each row that is written.
      CREATE TABLE members (
        id text COLLATE "C" PRIMARY KEY,
        session_id text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        address text COLLATE "C",
        role text COLLATE "C" NOT NULL,
        status text COLLATE "C" NOT NULL,
        joined_at bigint NOT NULL,
        left_at bigint,
        principal text COLLATE "C",
        banned boolean NOT NULL,
        banned_address text COLLATE "C", -- what a ban compares by, null where there is none
        banned_name text COLLATE "C",
        upstream text -- JSON
      );
      CREATE INDEX members_by_joining ON members (session_id, joined_at, id);
      CREATE INDEX members_by_status ON members (session_id, status, joined_at, id);
      CREATE INDEX members_by_principal ON members (principal, session_id, joined_at, id)
        WHERE status = 'ACTIVE' AND principal IS NOT NULL;
      CREATE INDEX bans_by_principal ON members (session_id, principal) WHERE banned;
      CREATE INDEX bans_by_address ON members (session_id, banned_address) WHERE banned;
      CREATE INDEX bans_by_name ON members (session_id, banned_name) WHERE banned;

      CREATE TABLE messages (
        id text COLLATE "C" PRIMARY KEY,
        session_id text COLLATE "C" NOT NULL,
        seq bigint NOT NULL,
        author_id text COLLATE "C",
        role text COLLATE "C" NOT NULL,
        content text NOT NULL,
        channel text COLLATE "C",
        attachments text NOT NULL, -- JSON
        metadata text NOT NULL, -- JSON
        options text NOT NULL, -- JSON
        in_reply_to text COLLATE "C",
        created_at bigint NOT NULL
      );
      CREATE UNIQUE INDEX messages_in_order ON messages (session_id, seq);
      CREATE INDEX messages_of_channel ON messages (session_id, channel, seq) WHERE channel IS NOT NULL;

      CREATE TABLE events (
        session_id text COLLATE "C" NOT NULL,
        seq bigint NOT NULL,
        at bigint NOT NULL,
        body text NOT NULL, -- JSON
        mark bigint NOT NULL, -- of the commit that wrote it, by which one whose answer was lost is found
        PRIMARY KEY (session_id, seq)
      );

      CREATE TABLE idempotency (
        scope text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        input_hash text COLLATE "C" NOT NULL,
        result text NOT NULL, -- JSON
        created_at bigint NOT NULL,
        PRIMARY KEY (scope, key)
      );
      CREATE INDEX idempotency_by_age ON idempotency (created_at);

      CREATE TABLE api_keys (
        id text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        tier text COLLATE "C" NOT NULL,
        hash text COLLATE "C" NOT NULL UNIQUE,
        created_at bigint NOT NULL,
        revoked_at bigint
      );

      CREATE TABLE challenges (
        id text COLLATE "C" PRIMARY KEY,
        payload text NOT NULL,
        expires_at bigint NOT NULL
      );
      CREATE INDEX challenges_by_end ON challenges (expires_at);

      -- One commit, in the order that the port demands; answers with its outcome as JSON. Each statement in here sees what was committed
      -- before it began, so that after the wait for the session's lock the session is as it is. "again": it was sent before, and its
      -- answer was lost.
      CREATE FUNCTION parley_commit_1(job jsonb, again boolean) RETURNS text LANGUAGE plpgsql VOLATILE AS $commit$
      DECLARE
        the_session constant text := job->>'sessionId';
        event_count constant bigint := jsonb_array_length(job->'events');
        message_count_added constant bigint := jsonb_array_length(job->'messages');
        member_count constant bigint := jsonb_array_length(job->'members');
        clears constant boolean := (job->>'clears')::boolean;
        slides_to constant bigint := (job->>'expiresAt')::bigint;
        used_key constant jsonb := nullif(job->'idempotency', 'null');
        earlier idempotency%ROWTYPE;
        stored sessions%ROWTYPE;
        changed sessions%ROWTYPE;
        head bigint;
        session_version bigint;
        written bigint;
      BEGIN
        IF again AND job->>'kind' = 'change' AND event_count > 0 THEN
          -- Where the first sending of it is still on its way, this waits for its end.
          PERFORM 1 FROM sessions WHERE id = the_session FOR UPDATE;
          SELECT max(seq) INTO head FROM events WHERE session_id = the_session AND mark = (job->>'mark')::bigint;
          IF head IS NOT NULL THEN
            RETURN json_build_object('kind', 'committed', 'seq', head,
              'version', (job->>'version')::bigint + CASE WHEN (job->>'exclusive')::boolean THEN 1 ELSE 0 END);
          END IF;
        END IF;

        IF used_key IS NOT NULL THEN
          -- Waits for another commit of the same key, so that one of them finds the other's.
          INSERT INTO idempotency (scope, key, input_hash, result, created_at)
            VALUES (used_key->>'scope', used_key->>'key', used_key->>'input_hash', used_key->>'result', (used_key->>'created_at')::bigint)
            ON CONFLICT (scope, key) DO NOTHING;
          IF NOT FOUND THEN
            SELECT * INTO earlier FROM idempotency WHERE scope = used_key->>'scope' AND key = used_key->>'key';
            RETURN json_build_object('kind', 'repeated',
              'record', json_build_array(earlier.scope, earlier.key, earlier.input_hash, earlier.result, earlier.created_at));
          END IF;
        END IF;

        IF job->>'kind' = 'creation' THEN
          changed := jsonb_populate_record(NULL::sessions, job->'set');
          INSERT INTO sessions (id, backend, handle, title, description, visibility, status, created_at, updated_at, last_activity_at,
              renewed_at, expires_at, due_at, warned_for, renewal_count, rules, owners, created_by, defaults, metadata, agent_id, situation,
              upstream, active_members, files, file_bytes, version, seq)
            VALUES (changed.id, changed.backend, changed.handle, changed.title, changed.description, changed.visibility, changed.status, changed.created_at,
              changed.updated_at, changed.last_activity_at, changed.renewed_at, changed.expires_at, changed.due_at, changed.warned_for, changed.renewal_count,
              changed.rules, changed.owners, changed.created_by, changed.defaults, changed.metadata, changed.agent_id, changed.situation, changed.upstream,
              changed.active_members, changed.files, changed.file_bytes, changed.version, event_count)
            ON CONFLICT (backend, handle) DO NOTHING
            RETURNING seq, version INTO head, session_version;
          IF NOT FOUND THEN
            IF used_key IS NOT NULL THEN
              DELETE FROM idempotency WHERE scope = used_key->>'scope' AND key = used_key->>'key';
            END IF;
            IF again AND EXISTS (SELECT 1 FROM sessions WHERE id = the_session) THEN
              RETURN json_build_object('kind', 'committed', 'seq', event_count, 'version', changed.version);
            END IF;
            RETURN json_build_object('kind', 'handle-taken');
          END IF;
        ELSE
          IF job->'set' = '{}' THEN
            UPDATE sessions SET
                seq = seq + event_count,
                version = version + CASE WHEN (job->>'exclusive')::boolean THEN 1 ELSE 0 END,
                last_activity_at = greatest(last_activity_at, (job->>'touchedAt')::bigint),
                renewal_count = renewal_count + (job->>'renewals')::bigint,
                files = CASE WHEN clears THEN 0 ELSE files END + (job->>'files')::bigint,
                file_bytes = CASE WHEN clears THEN 0 ELSE file_bytes END + (job->>'fileBytes')::bigint,
                message_count = CASE WHEN clears THEN 0 ELSE message_count END + message_count_added,
                expires_at = CASE WHEN expires_at < slides_to THEN slides_to ELSE expires_at END,
                due_at = CASE WHEN expires_at < slides_to THEN (job->>'dueAt')::bigint ELSE due_at END
              WHERE id = the_session AND version = (job->>'version')::bigint
                AND (NOT job ? 'guardExpiresAt' OR expires_at IS NOT DISTINCT FROM (job->>'guardExpiresAt')::bigint)
              RETURNING seq, version INTO head, session_version;
            IF NOT FOUND THEN
              IF used_key IS NOT NULL THEN
                DELETE FROM idempotency WHERE scope = used_key->>'scope' AND key = used_key->>'key';
              END IF;
              PERFORM 1 FROM sessions WHERE id = the_session;
              RETURN json_build_object('kind', CASE WHEN FOUND THEN 'conflict' ELSE 'missing' END);
            END IF;
          ELSE
            SELECT * INTO stored FROM sessions WHERE id = the_session FOR UPDATE;
            IF NOT FOUND OR stored.version <> (job->>'version')::bigint
                OR (job ? 'guardExpiresAt' AND stored.expires_at IS DISTINCT FROM (job->>'guardExpiresAt')::bigint) THEN
              IF used_key IS NOT NULL THEN
                DELETE FROM idempotency WHERE scope = used_key->>'scope' AND key = used_key->>'key';
              END IF;
              RETURN json_build_object('kind', CASE WHEN stored.id IS NULL THEN 'missing' ELSE 'conflict' END);
            END IF;
            changed := jsonb_populate_record(stored, job->'set');
            head := stored.seq + event_count;
            session_version := stored.version + CASE WHEN (job->>'exclusive')::boolean THEN 1 ELSE 0 END;
            UPDATE sessions SET
                title = changed.title, description = changed.description, visibility = changed.visibility, status = changed.status,
                updated_at = changed.updated_at, renewed_at = changed.renewed_at, warned_for = changed.warned_for,
                rules = changed.rules, owners = changed.owners, created_by = changed.created_by, defaults = changed.defaults,
                metadata = changed.metadata, agent_id = changed.agent_id, situation = changed.situation, upstream = changed.upstream,
                active_members = changed.active_members,
                seq = head,
                version = session_version,
                last_activity_at = greatest(changed.last_activity_at, (job->>'touchedAt')::bigint),
                renewal_count = changed.renewal_count + (job->>'renewals')::bigint,
                files = CASE WHEN clears THEN 0 ELSE stored.files END + (job->>'files')::bigint,
                file_bytes = CASE WHEN clears THEN 0 ELSE stored.file_bytes END + (job->>'fileBytes')::bigint,
                message_count = CASE WHEN clears THEN 0 ELSE stored.message_count END + message_count_added,
                expires_at = CASE WHEN changed.expires_at < slides_to THEN slides_to ELSE changed.expires_at END,
                due_at = CASE WHEN changed.expires_at < slides_to THEN (job->>'dueAt')::bigint ELSE changed.due_at END
              WHERE id = the_session;
          END IF;
          IF clears THEN
            DELETE FROM messages WHERE session_id = the_session;
          END IF;
          IF message_count_added > 0 THEN
            INSERT INTO messages (id, session_id, seq, author_id, role, content, channel, attachments, metadata, options, in_reply_to,
                created_at)
              SELECT id, the_session, head - event_count + place, author_id, role, content, channel, attachments, metadata, options,
                in_reply_to, created_at
              FROM jsonb_to_recordset(job->'messages') AS given (id text, place bigint, author_id text, role text, content text,
                channel text, attachments text, metadata text, options text, in_reply_to text, created_at bigint);
          END IF;
        END IF;

        IF member_count > 0 THEN
          INSERT INTO members AS kept (id, session_id, name, address, role, status, joined_at, left_at, principal, banned, banned_address,
              banned_name, upstream)
            SELECT id, the_session, name, address, role, status, joined_at, left_at, principal, banned, banned_address, banned_name, upstream
            FROM jsonb_to_recordset(job->'members') AS given (id text, name text, address text, role text, status text, joined_at bigint,
              left_at bigint, principal text, banned boolean, banned_address text, banned_name text, upstream text)
            ON CONFLICT (id) DO UPDATE SET
              name = excluded.name, address = excluded.address, role = excluded.role, status = excluded.status,
              joined_at = excluded.joined_at, left_at = excluded.left_at, principal = excluded.principal, banned = excluded.banned,
              banned_address = excluded.banned_address, banned_name = excluded.banned_name, upstream = excluded.upstream
            WHERE kept.session_id = the_session;
          GET DIAGNOSTICS written = ROW_COUNT;
          IF written <> member_count THEN
            RAISE EXCEPTION 'Member % is of another session.', (
              SELECT string_agg(id, ', ') FROM members
              WHERE session_id <> the_session AND id IN (SELECT value->>'id' FROM jsonb_array_elements(job->'members')));
          END IF;
        END IF;

        IF event_count > 0 THEN
          INSERT INTO events (session_id, seq, at, body, mark)
            SELECT the_session, head - event_count + place, (job->>'at')::bigint, body, (job->>'mark')::bigint
            FROM jsonb_array_elements_text(job->'events') WITH ORDINALITY AS given (body, place);
        END IF;
        RETURN json_build_object('kind', 'committed', 'seq', head, 'version', session_version);
      END
      $commit$;
    `,
  },
  {
    version: 2,
    sql: `
      -- What one gateway does at a time, by its name.
      CREATE TABLE leases (
        name text COLLATE "C" PRIMARY KEY,
        holder text COLLATE "C" NOT NULL,
        expires_at bigint NOT NULL
      );
    `,
  },
  {
    version: 3,
    sql: `
      -- The gateways that note who is online, each until when, and whom. Unlogged: after a crash of the server it is empty, and the gateways
      -- find that they are not known.
      CREATE UNLOGGED TABLE gateways (id text COLLATE "C" PRIMARY KEY, until bigint NOT NULL, notes bigint NOT NULL);
      CREATE UNLOGGED TABLE presence (
        member_id text COLLATE "C" NOT NULL,
        gateway_id text COLLATE "C" NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
        PRIMARY KEY (member_id, gateway_id)
      );
      CREATE INDEX presence_by_gateway ON presence (gateway_id);
    `,
  },
];
