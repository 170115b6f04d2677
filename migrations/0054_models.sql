-- Exchanges with models, as they were and without keys: what was sent since the one before, what came back, what it took.
CREATE TABLE model_exchanges (
    tenant_id     uuid        NOT NULL,
    exchange_id   uuid        NOT NULL,
    session_id    uuid        NOT NULL,
    at            timestamptz NOT NULL,
    provider      text        NOT NULL,
    model         text        NOT NULL,
    asked         json        NOT NULL,
    answered      json        NOT NULL,
    input_tokens  bigint      NOT NULL CHECK (input_tokens >= 0),
    output_tokens bigint      NOT NULL CHECK (output_tokens >= 0),
    CONSTRAINT model_exchanges_pk PRIMARY KEY (tenant_id, exchange_id)
);
-- What was spent within a day is asked before every question.
CREATE INDEX model_exchanges_at ON model_exchanges (tenant_id, at);
ALTER TABLE model_exchanges ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_exchanges FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON model_exchanges TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT ON model_exchanges TO draxis_app;
