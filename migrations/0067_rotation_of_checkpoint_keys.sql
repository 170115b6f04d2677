-- The note in which the key before vouches for this one, signed by both; the event on the platform's stream holds the same. None for a first key.
ALTER TABLE signing_keys ADD COLUMN rotation text;
