-- What the mailer knows of a letter in the outbox: how often it was tried, when it may be tried next, why it was given up.
ALTER TABLE mail_outbox
    ADD COLUMN attempts  integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    ADD COLUMN due_at    timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN failure   text,
    ADD COLUMN failed_at timestamptz;
CREATE INDEX mail_outbox_due ON mail_outbox (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
