/** One step of the schema. Released steps never change: a later one amends them. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** By version, ascending from 1 without gaps. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE sessions (
        id TEXT PRIMARY KEY NOT NULL,
        backend TEXT NOT NULL,
        handle TEXT NOT NULL,
        title TEXT,
        description TEXT,
        visibility TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        last_activity_at INTEGER NOT NULL,
        renewed_at INTEGER,
        expires_at INTEGER,
        due_at INTEGER,
        warned_for INTEGER,
        renewal_count INTEGER NOT NULL,
        rules TEXT NOT NULL, -- JSON
        owners TEXT NOT NULL, -- JSON
        created_by TEXT,
        defaults TEXT NOT NULL, -- JSON
        metadata TEXT NOT NULL, -- JSON
        agent_id TEXT,
        situation TEXT,
        active_members INTEGER NOT NULL,
        files INTEGER NOT NULL,
        file_bytes INTEGER NOT NULL,
        version INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        message_count INTEGER NOT NULL DEFAULT 0, -- so that no page of a long history counts it
        UNIQUE (backend, handle)
      ) STRICT;
      -- With the visibility, so that what a caller may find is counted without reading the rows.
      CREATE INDEX sessions_by_age ON sessions (created_at, id, visibility);
      CREATE INDEX sessions_public ON sessions (created_at, id) WHERE visibility = 'PUBLIC';
      CREATE INDEX sessions_by_creator ON sessions (created_by) WHERE created_by IS NOT NULL;
      CREATE INDEX sessions_due ON sessions (due_at, id) WHERE status = 'ACTIVE' AND due_at IS NOT NULL;

      CREATE TABLE members (
        id TEXT PRIMARY KEY NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        name TEXT NOT NULL,
        address TEXT,
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        joined_at INTEGER NOT NULL,
        left_at INTEGER,
        principal TEXT,
        banned INTEGER NOT NULL,
        banned_address TEXT, -- what a ban compares by, null where there is none
        banned_name TEXT
      ) STRICT;
      CREATE INDEX members_by_joining ON members (session_id, joined_at, id);
      CREATE INDEX members_by_status ON members (session_id, status, joined_at, id);
      CREATE INDEX members_by_principal ON members (principal, session_id, joined_at, id)
        WHERE status = 'ACTIVE' AND principal IS NOT NULL;
      CREATE INDEX bans_by_principal ON members (session_id, principal) WHERE banned = 1;
      CREATE INDEX bans_by_address ON members (session_id, banned_address) WHERE banned = 1;
      CREATE INDEX bans_by_name ON members (session_id, banned_name) WHERE banned = 1;

      CREATE TABLE messages (
        id TEXT PRIMARY KEY NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        seq INTEGER NOT NULL,
        author_id TEXT,
        role TEXT NOT NULL,
        content TEXT NOT NULL,
        channel TEXT,
        attachments TEXT NOT NULL, -- JSON
        metadata TEXT NOT NULL, -- JSON
        options TEXT NOT NULL, -- JSON
        in_reply_to TEXT,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX messages_in_order ON messages (session_id, seq);
      CREATE INDEX messages_of_channel ON messages (session_id, channel, seq) WHERE channel IS NOT NULL;

      CREATE TABLE events (
        session_id TEXT NOT NULL REFERENCES sessions (id),
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL, -- JSON
        PRIMARY KEY (session_id, seq)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE idempotency (
        scope TEXT NOT NULL,
        key TEXT NOT NULL,
        input_hash TEXT NOT NULL,
        result TEXT NOT NULL, -- JSON
        created_at INTEGER NOT NULL,
        PRIMARY KEY (scope, key)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idempotency_by_age ON idempotency (created_at);

      CREATE TABLE api_keys (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        tier TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER
      ) STRICT;

      CREATE TABLE challenges (
        id TEXT PRIMARY KEY NOT NULL,
        payload TEXT NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX challenges_by_end ON challenges (expires_at);
    `,
  },
  {
    version: 2,
    sql: `
      -- What is kept of sessions and memberships that live at a service: JSON, secrets in it encrypted.
      ALTER TABLE sessions ADD COLUMN upstream TEXT;
      ALTER TABLE members ADD COLUMN upstream TEXT;
    `,
  },
  {
    version: 3,
    sql: `
      -- What one gateway does at a time, by its name.
      CREATE TABLE leases (
        name TEXT PRIMARY KEY NOT NULL,
        holder TEXT NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 4,
    sql: `
      -- The gateways that note who is online, each until when, and whom.
      CREATE TABLE gateways (id TEXT PRIMARY KEY NOT NULL, until INTEGER NOT NULL, notes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE presence (
        member_id TEXT NOT NULL,
        gateway_id TEXT NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
        PRIMARY KEY (member_id, gateway_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX presence_by_gateway ON presence (gateway_id);
    `,
  },
];
