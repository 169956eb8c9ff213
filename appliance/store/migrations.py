"""The tables, as numbered steps from an empty file to today's."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlite_utils import Database

__all__ = ["APPLICATION_ID", "MIGRATIONS", "VERSION"]

APPLICATION_ID = 0x1A991A0C
"""In the file's header: an appliance's database, and nobody else's."""


def _first_tables(database: Database) -> None:
    database.executescript("""
        CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            email TEXT NOT NULL UNIQUE COLLATE NOCASE,
            first_name TEXT NOT NULL DEFAULT '', last_name TEXT NOT NULL DEFAULT '',
            country TEXT NOT NULL DEFAULT '', subdivision_first TEXT NOT NULL DEFAULT '',
            subdivision_second TEXT NOT NULL DEFAULT '', subdivision_third TEXT NOT NULL DEFAULT '',
            organization TEXT NOT NULL DEFAULT '', language TEXT NOT NULL DEFAULT '',
            timezone TEXT NOT NULL DEFAULT '', active INTEGER NOT NULL DEFAULT 1,
            sealed_key BLOB, created REAL NOT NULL);
        CREATE TABLE privileges (name TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE user_privileges (
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            privilege TEXT NOT NULL REFERENCES privileges (name) ON DELETE CASCADE,
            PRIMARY KEY (user_id, privilege)) WITHOUT ROWID;
        CREATE TABLE sign_in_tokens (
            hash BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            expires REAL NOT NULL) WITHOUT ROWID;

        CREATE TABLE sessions (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, interview TEXT NOT NULL,
            user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
            created REAL NOT NULL, modified REAL NOT NULL, person_active REAL NOT NULL,
            revision INTEGER NOT NULL, step INTEGER NOT NULL, multi_user INTEGER NOT NULL,
            allow_cron INTEGER NOT NULL, callbacks INTEGER NOT NULL, sealed_title BLOB NOT NULL);
        CREATE TABLE session_keys (
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            holder TEXT NOT NULL, sealed_key BLOB NOT NULL,
            PRIMARY KEY (session_id, holder)) WITHOUT ROWID;
        CREATE INDEX session_keys_holder ON session_keys (holder);
        CREATE TABLE steps (
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            number INTEGER NOT NULL, full INTEGER NOT NULL, callbacks INTEGER NOT NULL,
            no_back INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (session_id, number));
        CREATE TABLE turn_ids (
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            turn_id TEXT NOT NULL, revision INTEGER NOT NULL,
            PRIMARY KEY (session_id, turn_id)) WITHOUT ROWID;

        CREATE TABLE task_answers (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, sealed BLOB NOT NULL);
        CREATE TABLE tasks (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'revoked')),
            action TEXT NOT NULL, notification TEXT, worker TEXT,
            created REAL NOT NULL, started REAL, ended REAL,
            deaths INTEGER NOT NULL DEFAULT 0, stops INTEGER NOT NULL DEFAULT 0,
            sealed_job BLOB, sealed_session_key BLOB,
            answers_id INTEGER REFERENCES task_answers (id) ON DELETE SET NULL,
            sealed_result BLOB, sealed_callback BLOB, callback_number INTEGER);
        CREATE INDEX tasks_session ON tasks (session_id);
        CREATE INDEX tasks_outstanding ON tasks (state, number) WHERE state IN ('queued', 'running');
        CREATE INDEX tasks_answers ON tasks (answers_id) WHERE answers_id IS NOT NULL;
        CREATE INDEX task_answers_session ON task_answers (session_id);

        CREATE TABLE notices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            kind TEXT NOT NULL, sealed BLOB NOT NULL);
        CREATE INDEX notices_session ON notices (session_id);
        CREATE TABLE effects (
            id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('revoke')),
            task_id TEXT NOT NULL, terminate INTEGER NOT NULL);
    """)
    database.execute("INSERT INTO meta (name, value) VALUES ('folder_id', ?)", [secrets.token_hex(16)])
    for privilege in ("admin", "developer", "advocate", "trainer", "user", "cron"):
        database.execute("INSERT INTO privileges (name) VALUES (?)", [privilege])


def _files_and_mail(database: Database) -> None:
    """Files of sessions, tasks that wait for others and say why they failed, and mail that waits to go out."""
    database.executescript("""
        CREATE TABLE files (
            number INTEGER PRIMARY KEY,
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            blob TEXT NOT NULL, size INTEGER NOT NULL, created REAL NOT NULL, sealed_info BLOB NOT NULL);
        CREATE INDEX files_session ON files (session_id);
        -- What files.blob named, whichever way the row went, its session's end included: to be removed from the disk.
        CREATE TABLE dead_blobs (blob TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TRIGGER files_deleted AFTER DELETE ON files BEGIN
            INSERT OR IGNORE INTO dead_blobs (blob) VALUES (OLD.blob);
        END;
        CREATE TRIGGER files_replaced AFTER UPDATE OF blob ON files WHEN NEW.blob <> OLD.blob BEGIN
            INSERT OR IGNORE INTO dead_blobs (blob) VALUES (OLD.blob);
        END;

        CREATE TABLE task_waits (
            task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
            after_id TEXT NOT NULL, PRIMARY KEY (task_id, after_id)) WITHOUT ROWID;
        CREATE INDEX task_waits_after ON task_waits (after_id);
        CREATE VIEW tasks_ready AS SELECT id, number FROM tasks WHERE state = 'queued' AND NOT EXISTS (
            SELECT 1 FROM task_waits JOIN tasks AS other ON other.id = after_id
            WHERE task_id = tasks.id AND other.state IN ('queued', 'running'));
        ALTER TABLE tasks ADD COLUMN error_type TEXT NOT NULL DEFAULT '';
        ALTER TABLE tasks ADD COLUMN error_where TEXT NOT NULL DEFAULT '';
        ALTER TABLE tasks ADD COLUMN user_id INTEGER REFERENCES users (id) ON DELETE SET NULL;
        ALTER TABLE tasks ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';

        ALTER TABLE notices ADD COLUMN created REAL NOT NULL DEFAULT 0;

        CREATE TABLE counters (
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            mark BLOB NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (session_id, mark)) WITHOUT ROWID;

        CREATE TABLE outbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE,
            session_id TEXT REFERENCES sessions (id) ON DELETE SET NULL,
            topic TEXT NOT NULL DEFAULT '', repeats INTEGER NOT NULL DEFAULT 1,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
            created REAL NOT NULL, next_try REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
            ended REAL, error TEXT NOT NULL DEFAULT '', sealed_answer BLOB, sealed BLOB);
        CREATE INDEX outbox_waiting ON outbox (next_try) WHERE state = 'waiting';
        CREATE INDEX outbox_failed ON outbox (number) WHERE state = 'failed';
        CREATE INDEX outbox_topic ON outbox (topic, number) WHERE topic <> '';
        CREATE INDEX outbox_session ON outbox (session_id) WHERE session_id IS NOT NULL;
    """)


def _time_and_mail(database: Database) -> None:
    """Scheduled events, who was there last, mail of several servers, and mail that comes in."""
    database.executescript("""
        CREATE INDEX sessions_cron ON sessions (interview) WHERE allow_cron AND multi_user;
        CREATE INDEX sessions_active ON sessions (person_active);
        CREATE INDEX sessions_user ON sessions (user_id, multi_user, person_active);
        ALTER TABLE users ADD COLUMN last_active REAL;

        -- The last due time of each event whose round has begun; what is due later has not run.
        CREATE TABLE schedule (event TEXT PRIMARY KEY, begun_due REAL NOT NULL) WITHOUT ROWID;
        -- A round is one event for all sessions that offer it; what is left of it lies in schedule_left.
        CREATE TABLE schedule_rounds (
            number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL,
            reason TEXT NOT NULL CHECK (reason IN ('due', 'missed', 'person', 'command')),
            due REAL, started REAL NOT NULL, ended REAL,
            sessions INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX schedule_rounds_event ON schedule_rounds (event, number);
        CREATE TABLE schedule_left (
            round INTEGER NOT NULL REFERENCES schedule_rounds (number) ON DELETE CASCADE,
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            aside INTEGER NOT NULL DEFAULT 0, starts INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (round, aside, session_id)) WITHOUT ROWID;
        CREATE INDEX schedule_left_session ON schedule_left (session_id);
        CREATE TABLE schedule_failures (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            round INTEGER NOT NULL REFERENCES schedule_rounds (number) ON DELETE CASCADE,
            session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE, interview TEXT NOT NULL,
            created REAL NOT NULL, error_type TEXT NOT NULL, error_where TEXT NOT NULL DEFAULT '', sealed BLOB);
        CREATE INDEX schedule_failures_round ON schedule_failures (round);
        CREATE INDEX schedule_failures_session ON schedule_failures (session_id) WHERE session_id IS NOT NULL;

        -- When which user last came to a session; 0 is anybody who was not signed in.
        CREATE TABLE visits (
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            user_id INTEGER NOT NULL, last_access REAL NOT NULL, PRIMARY KEY (session_id, user_id)) WITHOUT ROWID;

        ALTER TABLE outbox ADD COLUMN config TEXT NOT NULL DEFAULT '';
        ALTER TABLE outbox ADD COLUMN spacing REAL NOT NULL DEFAULT 0;
        -- Whole, so that nothing is read through the contents, which lie before the columns that came later.
        DROP INDEX outbox_waiting;
        CREATE INDEX outbox_waiting ON outbox (config, next_try) WHERE state = 'waiting';
        CREATE INDEX outbox_sent ON outbox (ended) WHERE state = 'sent';
        -- Of mail whose session has ended: whose that was, so that nobody else gets to read it, and of which interview.
        CREATE TABLE outbox_ended (
            number INTEGER PRIMARY KEY REFERENCES outbox (number) ON DELETE CASCADE,
            interview TEXT NOT NULL, holders TEXT NOT NULL);
        CREATE TRIGGER sessions_outbox BEFORE DELETE ON sessions BEGIN
            INSERT INTO outbox_ended (number, interview, holders) SELECT number, OLD.interview,
                (SELECT json_group_array(holder) FROM session_keys WHERE session_id = OLD.id)
            FROM outbox WHERE session_id = OLD.id;
        END;

        -- Addresses that were given out, and mail that came to them; both go with their session.
        CREATE TABLE email_addresses (
            code TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            user_id INTEGER REFERENCES users (id) ON DELETE SET NULL, mark BLOB NOT NULL, created REAL NOT NULL,
            sealed_label BLOB NOT NULL, UNIQUE (session_id, mark)) WITHOUT ROWID;
        -- An address is never given out a second time: whoever knows it would write to another person's session.
        CREATE TABLE email_codes_used (code TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TRIGGER email_addresses_deleted AFTER DELETE ON email_addresses BEGIN
            INSERT OR IGNORE INTO email_codes_used (code) VALUES (OLD.code);
        END;
        -- sealed_envelope is under the appliance's key until sealed_mail, under the session's, holds what is in it.
        CREATE TABLE received_mail (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            code TEXT NOT NULL REFERENCES email_addresses (code) ON DELETE CASCADE,
            blob TEXT NOT NULL, size INTEGER NOT NULL, received REAL NOT NULL, digest BLOB NOT NULL,
            way TEXT NOT NULL CHECK (way IN ('smtp', 'mailbox', 'hand')),
            state TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'failed')),
            task_id TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', sealed_envelope BLOB NOT NULL,
            sealed_mail BLOB);
        CREATE INDEX received_mail_code ON received_mail (code, digest);
        CREATE INDEX received_mail_waiting ON received_mail (number) WHERE state = 'waiting';
        CREATE INDEX received_mail_blob ON received_mail (blob);
        CREATE TRIGGER received_mail_deleted AFTER DELETE ON received_mail
        WHEN NOT EXISTS (SELECT 1 FROM received_mail WHERE blob = OLD.blob) BEGIN
            INSERT OR IGNORE INTO dead_blobs (blob) VALUES (OLD.blob);
        END;
        -- How far each mailbox has been read that mail is fetched from.
        CREATE TABLE mailboxes (
            name TEXT PRIMARY KEY, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE refused_mail (
            number INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL,
            way TEXT NOT NULL CHECK (way IN ('smtp', 'mailbox', 'hand')), reason TEXT NOT NULL, sealed BLOB NOT NULL);
    """)


def _accounts(database: Database) -> None:
    """Accounts with passwords. What people typed about themselves is sealed; until now only the owner and the cron user
    were there, of whom nothing was stored but their addresses, which are the same everywhere.
    """
    database.executescript("""
        ALTER TABLE users RENAME COLUMN email TO email_mark;
        ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('owner', 'cron', 'person'));
        ALTER TABLE users ADD COLUMN sealed_profile BLOB;
        UPDATE users SET kind = 'owner' WHERE email_mark = 'owner@localhost';
        UPDATE users SET kind = 'cron' WHERE email_mark = 'cron@localhost';
        ALTER TABLE users DROP COLUMN first_name;
        ALTER TABLE users DROP COLUMN last_name;
        ALTER TABLE users DROP COLUMN country;
        ALTER TABLE users DROP COLUMN subdivision_first;
        ALTER TABLE users DROP COLUMN subdivision_second;
        ALTER TABLE users DROP COLUMN subdivision_third;
        ALTER TABLE users DROP COLUMN organization;
        ALTER TABLE users DROP COLUMN language;
        ALTER TABLE users DROP COLUMN timezone;

        -- The user's key, sealed under what is made of the password, and of the recovery code.
        CREATE TABLE passwords (
            user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            salt BLOB NOT NULL, cost INTEGER NOT NULL, sealed_key BLOB NOT NULL, made REAL NOT NULL);
        CREATE TABLE recovery_codes (
            user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            salt BLOB NOT NULL, sealed_key BLOB NOT NULL, made REAL NOT NULL);
        -- A key that a reset without the recovery code left behind; its sessions are held by 'lost:NUMBER'.
        CREATE TABLE lost_keys (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            salt BLOB NOT NULL, sealed_key BLOB NOT NULL, made REAL NOT NULL, lost REAL NOT NULL);
        -- The browsers that are signed in: the hash of a cookie's random text; the user's key sealed under that text.
        CREATE TABLE sign_ins (
            hash BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            created REAL NOT NULL, last_used REAL NOT NULL, sealed_key BLOB, sealed_device BLOB NOT NULL) WITHOUT ROWID;
        CREATE INDEX sign_ins_user ON sign_ins (user_id);
        ALTER TABLE sign_in_tokens ADD COLUMN purpose TEXT NOT NULL DEFAULT 'sign in'
            CHECK (purpose IN ('sign in', 'invitation', 'reset'));

        CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, kind TEXT NOT NULL,
            user_id INTEGER, sealed BLOB NOT NULL);
    """)


def _values(database: Database) -> None:
    """What authors store beside the answers: DAStore and DAGlobal, write_record(), DARedis, snapshots on their way."""
    database.executescript("""
        -- A name is known by its mark, and so is the place it lies in: what authors call things may hold typed text.
        CREATE TABLE stored_values (
            place BLOB NOT NULL, mark BLOB NOT NULL, holder TEXT NOT NULL,
            session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
            user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
            changed REAL NOT NULL, sealed_name BLOB NOT NULL, sealed BLOB NOT NULL, UNIQUE (place, mark));
        CREATE INDEX stored_values_session ON stored_values (session_id) WHERE session_id IS NOT NULL;
        CREATE INDEX stored_values_user ON stored_values (user_id) WHERE user_id IS NOT NULL;
        CREATE INDEX stored_values_holder ON stored_values (holder);
        CREATE TABLE records (id INTEGER PRIMARY KEY, mark BLOB NOT NULL, sealed BLOB NOT NULL);
        CREATE INDEX records_mark ON records (mark, id);
        CREATE TABLE quick_values (
            mark BLOB PRIMARY KEY, expires REAL, sealed_name BLOB NOT NULL, sealed BLOB NOT NULL);
        CREATE INDEX quick_values_expires ON quick_values (expires) WHERE expires IS NOT NULL;

        -- Snapshots of answers on their way to author.db. `sealed` is empty where a session has ended.
        CREATE TABLE snapshots (
            number INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, sealed BLOB);
        CREATE TABLE snapshot_sessions (session_id TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TRIGGER sessions_snapshots AFTER DELETE ON sessions
        WHEN EXISTS (SELECT 1 FROM snapshot_sessions WHERE session_id = OLD.id) BEGIN
            INSERT INTO snapshots (session_id) VALUES (OLD.id);
        END;
    """)


def _shared_sessions(database: Database) -> None:
    """What people call their sessions and how authors tag them, both sealed under the session's key; and who came to a
    session later, through its link.
    """
    database.executescript("""
        ALTER TABLE session_keys ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE session_keys ADD COLUMN sealed_name BLOB;
        ALTER TABLE sessions ADD COLUMN sealed_tags BLOB NOT NULL DEFAULT x'';
    """)


def _key_marks(database: Database) -> None:
    """What tells a person's key from the one before a reset; nothing where it was made before this step."""
    database.executescript("ALTER TABLE users ADD COLUMN key_mark BLOB;")


def _work_on_sessions(database: Database) -> None:
    """What turns ask to be done to other sessions, until it is done; and links that expire."""
    database.executescript("""
        -- Sealed under the appliance's key while it is outstanding, because nobody of the session may be there.
        CREATE TABLE session_changes (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            deletes INTEGER NOT NULL, sealed BLOB NOT NULL);
        CREATE INDEX session_changes_session ON session_changes (session_id);
        -- Known by a hash of what is in the link; where it leads is sealed under what is in the link.
        CREATE TABLE temporary_links (
            hash BLOB PRIMARY KEY, expires REAL NOT NULL, once INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
        CREATE INDEX temporary_links_expires ON temporary_links (expires);
    """)


def _bounds(database: Database) -> None:
    """Since when each holder has a session, and how often what was asked of one was begun after a start."""
    database.executescript("""
        ALTER TABLE session_keys ADD COLUMN since REAL NOT NULL DEFAULT 0;
        ALTER TABLE session_changes ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
    """)


def _one_name(database: Database) -> None:
    """Interviews are known by one name, ``PACKAGE:data/questions/FILE``; addresses and code could leave out the folder,
    and a session was kept under what they said. What DAStore keeps by such a name is found by both.
    """
    for table in ("sessions", "schedule_failures", "outbox_ended"):
        for (name,) in database.execute(f"SELECT DISTINCT interview FROM {table}").fetchall():  # noqa: S608
            package, colon, path = (part.strip() for part in name.partition(":"))
            if package and colon:
                whole = f"{package}:{path}" if path.startswith("data/") else f"{package}:data/questions/{path}"
                database.execute(f"UPDATE {table} SET interview = ? WHERE interview = ?", [whole, name])  # noqa: S608
    # Keys of DARedis begin with such a name, too, but they are sealed: the appliance does it when it starts.
    database.execute("INSERT INTO meta (name, value) SELECT 'former quick keys', '1' FROM quick_values LIMIT 1")


MIGRATIONS: list[Callable[[Database], None]] = [
    _first_tables, _files_and_mail, _time_and_mail, _accounts, _values, _shared_sessions, _key_marks,
    _work_on_sessions, _bounds, _one_name]
"""Each brings a file from the version of its index to the next. Released ones are never changed.

They change this database and nothing else in the data folder, and they all run in one transaction. The number of them
is the version of the whole folder: whoever changes the form of anything else in it that an older appliance could not
read (``author.db``, packages, the answers themselves) adds a step too, which may be an empty one.
"""

VERSION = len(MIGRATIONS)
