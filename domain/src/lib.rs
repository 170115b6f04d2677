//! What is true: aggregates, commands, events and rules, pure functions of state and event.
