-- Links of previews are forgotten some time after their end; those that are there already end thirty days from now at the latest.
ALTER TABLE preview_tokens ADD COLUMN expires_at timestamptz NOT NULL DEFAULT now() + interval '30 days';
ALTER TABLE preview_tokens ALTER COLUMN expires_at DROP DEFAULT;
CREATE INDEX preview_tokens_ended ON preview_tokens (expires_at);
GRANT DELETE ON preview_tokens TO draxis_platform;
