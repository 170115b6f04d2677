//! Identifiers: a ULID each, told apart by type so that one noun's id never stands in for another's.

/// Declares one identifier newtype; every noun needs the same dozen conversions and none of its own.
macro_rules! ulid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(ulid::Ulid);

        text_schema!($name, "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$");

        impl $name {
            /// Wraps a ULID that names this noun.
            pub const fn new(ulid: ulid::Ulid) -> Self {
                Self(ulid)
            }

            /// The id that a hash of its cause names: the first 128 bits, so that whoever computes it names the same thing.
            pub fn of_hash(hash: &[u8]) -> Self {
                let bits = hash.iter().take(16).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
                Self(ulid::Ulid(bits))
            }

            /// The bare ULID.
            pub const fn ulid(self) -> ulid::Ulid {
                self.0
            }

            /// The same 128 bits as a UUID, the form a database column holds.
            pub const fn uuid(self) -> uuid::Uuid {
                uuid::Uuid::from_u128(self.0.0)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(ulid::Ulid::nil())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = ulid::DecodeError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                ulid::Ulid::from_string(text).map(Self)
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(uuid: uuid::Uuid) -> Self {
                Self(ulid::Ulid(uuid.as_u128()))
            }
        }
    )+};
}

ulid_ids! {
    /// One customer's risk environment; also names its stream.
    TenantId,
    /// A direct customer or a partner, above its tenants.
    OrganizationId,
    /// A person's account.
    AccountId,
    /// An invitation of one person into one role.
    InvitationId,
    /// One event in a stream.
    EventId,
    /// A connected source of KRI values.
    SourceId,
    /// One call of a source's connector.
    RunId,
    /// A sealed secret in the vault, which events refer to by this id.
    SecretId,
    /// A token that may push values to one source.
    PushTokenId,
    /// A token by which a machine acts in one tenant.
    ApiTokenId,
    /// A Key Risk Indicator.
    KriId,
    /// One breach of a KRI, from its opening to its close.
    BreachId,
    /// A risk that KRIs measure.
    RiskId,
    /// A control that holds risks down.
    ControlId,
    /// A third party.
    VendorId,
    /// A business outcome that risks threaten.
    OutcomeId,
    /// A workflow.
    WorkflowId,
    /// One run of a workflow.
    WorkflowRunId,
    /// A decision that a run waits for.
    ApprovalId,
    /// A declared KRI event type.
    KriEventDefinitionId,
    /// A link that shows one workflow once.
    PreviewId,
    /// A question put to the expert panel, with what followed.
    PanelSessionId,
    /// A document in a tenant's institutional memory.
    DocumentId,
    /// A workflow talked through.
    InterviewId,
}

impl TenantId {
    /// The reserved id of the platform's own stream (organizations, tenants, accounts, grants).
    pub const PLATFORM: Self = Self(ulid::Ulid::nil());
}
