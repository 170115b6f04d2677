-- Whoever folds an event that makes something due may take it up in the same transaction, under a number of its own.
GRANT USAGE ON SEQUENCE timer_fences TO draxis_app;
