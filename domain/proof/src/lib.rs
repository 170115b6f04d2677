//! What makes a log provable: record bytes, the RFC 6962 tree, checkpoints, proofs and the offline verifier.
