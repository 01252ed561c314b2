CREATE TABLE did_document (
    sha256 BYTEA NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_did_document PRIMARY KEY (sha256),
    CONSTRAINT ck_did_document_sha256 CHECK (length(sha256) = 32)
);

CREATE TABLE epoch (
    number BIGINT NOT NULL,
    root BYTEA NOT NULL,
    credentials_root BYTEA NOT NULL,
    status_root BYTEA NOT NULL,
    revocation_root BYTEA NOT NULL,
    suspension_root BYTEA NOT NULL,
    sealed_at BIGINT NOT NULL,
    waiting_since BIGINT,
    published_at BIGINT,
    CONSTRAINT pk_epoch PRIMARY KEY (number),
    CONSTRAINT ck_epoch_number CHECK (number >= 1),
    CONSTRAINT ck_epoch_root CHECK (length(root) = 32),
    CONSTRAINT ck_epoch_credentials_root CHECK (length(credentials_root) = 32),
    CONSTRAINT ck_epoch_status_root CHECK (length(status_root) = 32),
    CONSTRAINT ck_epoch_revocation_root CHECK (length(revocation_root) = 32),
    CONSTRAINT ck_epoch_suspension_root CHECK (length(suspension_root) = 32)
);

CREATE INDEX ix_epoch_unpublished ON epoch (number) WHERE published_at IS NULL;

CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    status INTEGER,
    headers BYTEA,
    body BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (tenant, key)
);

CREATE INDEX ix_idempotency_expires_at ON idempotency (expires_at);

CREATE TABLE log (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    chain_id BIGINT NOT NULL,
    contract TEXT NOT NULL,
    number BIGINT NOT NULL,
    genesis_hash BYTEA NOT NULL,
    deploy_block BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_log PRIMARY KEY (id),
    CONSTRAINT ck_log_one_row CHECK (id = 1),
    CONSTRAINT ck_log_genesis_hash CHECK (length(genesis_hash) = 32)
);

CREATE TABLE audit_entry (
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    issuer_id UUID,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (number),
    CONSTRAINT ck_audit_entry_number CHECK (number >= 1),
    CONSTRAINT ck_audit_entry_previous CHECK (length(previous) = 32),
    CONSTRAINT ck_audit_entry_hash CHECK (length(hash) = 32)
);

CREATE INDEX ix_audit_entry_issuer_id_number ON audit_entry (issuer_id, number);

CREATE TABLE promise (
    slot BIGINT NOT NULL,
    kind TEXT NOT NULL,
    leaf BYTEA,
    epoch BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    court TEXT NOT NULL,
    key TEXT NOT NULL,
    signature BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_promise PRIMARY KEY (slot, kind),
    CONSTRAINT ck_promise_kind CHECK (kind IN ('inclusion', 'revocation')),
    CONSTRAINT ck_promise_slot CHECK (slot >= 0 AND slot < 137438953472),
    CONSTRAINT ck_promise_epoch CHECK (epoch >= 2),
    CONSTRAINT ck_promise_leaf_of_kind CHECK ((kind = 'inclusion') = (leaf IS NOT NULL)),
    CONSTRAINT ck_promise_leaf CHECK (length(leaf) = 32),
    CONSTRAINT ck_promise_signature CHECK (length(signature) = 64)
);

CREATE INDEX ix_promise_epoch ON promise (epoch);

CREATE TABLE secret (
    name TEXT NOT NULL,
    value BYTEA NOT NULL,
    CONSTRAINT pk_secret PRIMARY KEY (name)
);

CREATE TABLE anchor (
    epoch BIGINT NOT NULL,
    root BYTEA NOT NULL,
    state TEXT NOT NULL,
    chain_id BIGINT NOT NULL,
    contract TEXT NOT NULL,
    log_number BIGINT NOT NULL,
    sender TEXT,
    nonce BIGINT,
    transaction_hash BYTEA,
    block_number BIGINT,
    block_hash BYTEA,
    block_time BIGINT,
    transaction_index INTEGER,
    log_index INTEGER,
    gas_used BIGINT,
    fee_paid_wei TEXT,
    reorg_count INTEGER NOT NULL,
    blocked_reason TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    final_at BIGINT,
    version INTEGER NOT NULL,
    CONSTRAINT pk_anchor PRIMARY KEY (epoch),
    CONSTRAINT uq_anchor_chain_id_sender_nonce UNIQUE (chain_id, sender, nonce),
    CONSTRAINT ck_anchor_state CHECK (state IN ('SEALED', 'SIGNED', 'PENDING', 'MINED', 'FINAL', 'BLOCKED')),
    CONSTRAINT ck_anchor_root CHECK (length(root) = 32),
    CONSTRAINT ck_anchor_nonce_of_sender CHECK ((sender IS NULL) = (nonce IS NULL)),
    CONSTRAINT fk_anchor_epoch FOREIGN KEY(epoch) REFERENCES epoch (number)
);

CREATE UNIQUE INDEX uq_anchor_one_open ON anchor (chain_id, sender) WHERE state IN ('SIGNED', 'PENDING');

CREATE INDEX ix_anchor_block_time ON anchor (block_time);

CREATE INDEX ix_anchor_open ON anchor (epoch) WHERE state != 'FINAL';

CREATE TABLE epoch_list (
    epoch BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    list INTEGER NOT NULL,
    root BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    file_epoch BIGINT NOT NULL,
    bits BYTEA,
    CONSTRAINT pk_epoch_list PRIMARY KEY (epoch, purpose, list),
    CONSTRAINT ck_epoch_list_purpose CHECK (purpose IN ('revocation', 'suspension')),
    CONSTRAINT ck_epoch_list_root CHECK (length(root) = 32),
    CONSTRAINT ck_epoch_list_sha256 CHECK (length(sha256) = 32),
    CONSTRAINT ck_epoch_list_bits_where_changed CHECK (file_epoch <= epoch AND (file_epoch = epoch) = (bits IS NOT NULL)),
    CONSTRAINT fk_epoch_list_epoch FOREIGN KEY(epoch) REFERENCES epoch (number),
    CONSTRAINT fk_epoch_list_file_epoch FOREIGN KEY(file_epoch) REFERENCES epoch (number)
);

CREATE TABLE issuer (
    id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    did TEXT NOT NULL,
    did_method TEXT NOT NULL,
    cryptosuites TEXT NOT NULL,
    profile BYTEA NOT NULL,
    did_document BYTEA NOT NULL,
    approvals TEXT NOT NULL,
    linkedin_organization TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_issuer PRIMARY KEY (id),
    CONSTRAINT ck_issuer_did_method CHECK (did_method IN ('web', 'key')),
    CONSTRAINT ck_issuer_approvals CHECK (approvals IN ('none', 'second-person')),
    CONSTRAINT uq_issuer_slug UNIQUE (slug),
    CONSTRAINT uq_issuer_did UNIQUE (did),
    CONSTRAINT fk_issuer_did_document FOREIGN KEY(did_document) REFERENCES did_document (sha256)
);

CREATE TABLE light_proof (
    epoch BIGINT NOT NULL,
    block_hash BYTEA NOT NULL,
    header BYTEA NOT NULL,
    anchorer TEXT NOT NULL,
    account_proof BYTEA NOT NULL,
    storage_proofs BYTEA NOT NULL,
    captured_at BIGINT NOT NULL,
    CONSTRAINT pk_light_proof PRIMARY KEY (epoch),
    CONSTRAINT ck_light_proof_block_hash CHECK (length(block_hash) = 32),
    CONSTRAINT fk_light_proof_epoch FOREIGN KEY(epoch) REFERENCES epoch (number)
);

CREATE TABLE achievement (
    id UUID NOT NULL,
    issuer_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_achievement PRIMARY KEY (id),
    CONSTRAINT fk_achievement_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id)
);

CREATE INDEX ix_achievement_issuer_id_id ON achievement (issuer_id, id);

CREATE TABLE api_key (
    id UUID NOT NULL,
    key_hash BYTEA NOT NULL,
    role TEXT NOT NULL,
    issuer_id UUID,
    label TEXT NOT NULL,
    approver BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT pk_api_key PRIMARY KEY (id),
    CONSTRAINT ck_api_key_role CHECK (role IN ('admin', 'issuer', 'auditor')),
    CONSTRAINT ck_api_key_issuer_of_role CHECK ((role = 'issuer') = (issuer_id IS NOT NULL)),
    CONSTRAINT uq_api_key_key_hash UNIQUE (key_hash),
    CONSTRAINT fk_api_key_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id)
);

CREATE TABLE session (
    id_hash BYTEA NOT NULL,
    key_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (id_hash),
    CONSTRAINT ck_session_id_hash CHECK (length(id_hash) = 32),
    CONSTRAINT fk_session_key_id FOREIGN KEY(key_id) REFERENCES api_key (id)
);

CREATE TABLE attempt (
    id UUID NOT NULL,
    epoch BIGINT NOT NULL,
    sender TEXT NOT NULL,
    kind TEXT NOT NULL,
    nonce BIGINT NOT NULL,
    transaction_hash BYTEA NOT NULL,
    raw BYTEA NOT NULL,
    max_fee_wei TEXT NOT NULL,
    tip_wei TEXT NOT NULL,
    gas BIGINT NOT NULL,
    signed_at BIGINT NOT NULL,
    first_sent_at BIGINT,
    last_sent_at BIGINT,
    sends INTEGER NOT NULL,
    last_error TEXT,
    CONSTRAINT pk_attempt PRIMARY KEY (id),
    CONSTRAINT ck_attempt_kind CHECK (kind IN ('anchor', 'cancel')),
    CONSTRAINT ck_attempt_transaction_hash CHECK (length(transaction_hash) = 32),
    CONSTRAINT fk_attempt_epoch FOREIGN KEY(epoch) REFERENCES anchor (epoch),
    CONSTRAINT uq_attempt_transaction_hash UNIQUE (transaction_hash)
);

CREATE INDEX ix_attempt_epoch ON attempt (epoch);

CREATE TABLE anchor_event (
    epoch BIGINT NOT NULL,
    version INTEGER NOT NULL,
    at BIGINT NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    token BIGINT,
    CONSTRAINT pk_anchor_event PRIMARY KEY (epoch, version),
    CONSTRAINT ck_anchor_event_before CHECK (before IN ('SEALED', 'SIGNED', 'PENDING', 'MINED', 'FINAL', 'BLOCKED')),
    CONSTRAINT ck_anchor_event_after CHECK (after IN ('SEALED', 'SIGNED', 'PENDING', 'MINED', 'FINAL', 'BLOCKED')),
    CONSTRAINT fk_anchor_event_epoch FOREIGN KEY(epoch) REFERENCES anchor (epoch)
);

CREATE TABLE lease (
    name TEXT NOT NULL,
    holder TEXT,
    token BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_lease PRIMARY KEY (name)
);

CREATE TABLE final_mismatch (
    epoch BIGINT NOT NULL,
    detail TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    CONSTRAINT pk_final_mismatch PRIMARY KEY (epoch),
    CONSTRAINT fk_final_mismatch_epoch FOREIGN KEY(epoch) REFERENCES anchor (epoch)
);

CREATE TABLE batch (
    id UUID NOT NULL,
    epoch BIGINT,
    position INTEGER,
    waiting_since BIGINT,
    issuer_id UUID NOT NULL,
    header BYTEA NOT NULL,
    root BYTEA NOT NULL,
    count INTEGER NOT NULL,
    entries BYTEA NOT NULL,
    CONSTRAINT pk_batch PRIMARY KEY (id),
    CONSTRAINT uq_batch_epoch_position UNIQUE (epoch, position),
    CONSTRAINT ck_batch_root CHECK (length(root) = 32),
    CONSTRAINT ck_batch_entries CHECK (length(entries) = 64 * (count + 1)),
    CONSTRAINT ck_batch_place CHECK ((epoch IS NULL) = (position IS NULL) AND (epoch IS NULL) = (waiting_since IS NOT NULL)),
    CONSTRAINT fk_batch_epoch FOREIGN KEY(epoch) REFERENCES epoch (number),
    CONSTRAINT fk_batch_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id)
);

CREATE INDEX ix_batch_waiting ON batch (id) WHERE epoch IS NULL;

CREATE TABLE issuer_key (
    id UUID NOT NULL,
    issuer_id UUID NOT NULL,
    verification_method TEXT NOT NULL,
    public_multibase TEXT NOT NULL,
    encrypted_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    CONSTRAINT pk_issuer_key PRIMARY KEY (id),
    CONSTRAINT fk_issuer_key_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id),
    CONSTRAINT uq_issuer_key_verification_method UNIQUE (verification_method)
);

CREATE INDEX ix_issuer_key_issuer_id ON issuer_key (issuer_id);

CREATE TABLE own_key (
    id UUID NOT NULL,
    issuer_id UUID NOT NULL,
    verification_method TEXT NOT NULL,
    public_multibase TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    CONSTRAINT pk_own_key PRIMARY KEY (id),
    CONSTRAINT fk_own_key_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id),
    CONSTRAINT uq_own_key_verification_method UNIQUE (verification_method)
);

CREATE INDEX ix_own_key_issuer_id ON own_key (issuer_id);

CREATE TABLE slot_reservation (
    id UUID NOT NULL,
    issuer_id UUID NOT NULL,
    count INTEGER NOT NULL,
    slots BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_slot_reservation PRIMARY KEY (id),
    CONSTRAINT ck_slot_reservation_slots CHECK (count >= 1 AND length(slots) = 8 * count),
    CONSTRAINT fk_slot_reservation_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id)
);

CREATE INDEX ix_slot_reservation_issuer_id_expires_at ON slot_reservation (issuer_id, expires_at);

CREATE TABLE spent_nonce (
    epoch BIGINT NOT NULL,
    sender TEXT NOT NULL,
    nonce BIGINT NOT NULL,
    gas BIGINT NOT NULL,
    transaction_hash BYTEA NOT NULL,
    transaction_index INTEGER NOT NULL,
    block_number BIGINT NOT NULL,
    block_hash BYTEA NOT NULL,
    block_time BIGINT NOT NULL,
    gas_used BIGINT NOT NULL,
    fee_paid_wei TEXT NOT NULL,
    CONSTRAINT pk_spent_nonce PRIMARY KEY (epoch, sender, nonce),
    CONSTRAINT ck_spent_nonce_transaction_hash CHECK (length(transaction_hash) = 32),
    CONSTRAINT ck_spent_nonce_block_hash CHECK (length(block_hash) = 32),
    CONSTRAINT fk_spent_nonce_epoch FOREIGN KEY(epoch) REFERENCES anchor (epoch),
    CONSTRAINT uq_spent_nonce_transaction_hash UNIQUE (transaction_hash)
);

CREATE TABLE status_list (
    number INTEGER NOT NULL,
    issuer_id UUID NOT NULL,
    used INTEGER NOT NULL,
    used_bits BYTEA NOT NULL,
    closed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_status_list PRIMARY KEY (number),
    CONSTRAINT ck_status_list_number CHECK (number >= 0 AND number < 1048576),
    CONSTRAINT ck_status_list_used_bits CHECK (length(used_bits) = 16384),
    CONSTRAINT fk_status_list_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id)
);

CREATE INDEX ix_status_list_issuer_id ON status_list (issuer_id);

CREATE UNIQUE INDEX uq_status_list_one_open ON status_list (issuer_id) WHERE closed IS false;

CREATE TABLE achievement_version (
    achievement_id UUID NOT NULL,
    version INTEGER NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_achievement_version PRIMARY KEY (achievement_id, version),
    CONSTRAINT ck_achievement_version_version CHECK (version >= 1),
    CONSTRAINT fk_achievement_version_achievement_id FOREIGN KEY(achievement_id) REFERENCES achievement (id)
);

CREATE TABLE status_bits (
    list INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    bits BYTEA NOT NULL,
    changed_at BIGINT NOT NULL,
    CONSTRAINT pk_status_bits PRIMARY KEY (list, purpose),
    CONSTRAINT ck_status_bits_purpose CHECK (purpose IN ('revocation', 'suspension')),
    CONSTRAINT ck_status_bits_bits CHECK (length(bits) = 16384),
    CONSTRAINT fk_status_bits_list FOREIGN KEY(list) REFERENCES status_list (number)
);

CREATE TABLE upload (
    id UUID NOT NULL,
    issuer_id UUID NOT NULL,
    achievement_id UUID NOT NULL,
    achievement_version INTEGER NOT NULL,
    filename TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    today TEXT NOT NULL,
    skip_bad BOOLEAN NOT NULL,
    allow_duplicates BOOLEAN NOT NULL,
    ignore_extra BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    rows_ok INTEGER NOT NULL,
    rows_error INTEGER NOT NULL,
    rows_skipped INTEGER NOT NULL,
    rows_issued INTEGER NOT NULL,
    issued_through_line INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    requested_at BIGINT,
    finished_at BIGINT,
    failure TEXT,
    received_by TEXT NOT NULL,
    format TEXT NOT NULL,
    sheet TEXT,
    mapping BYTEA,
    approval_requested_by TEXT,
    approval_requested_at BIGINT,
    approved_by TEXT,
    approved_at BIGINT,
    CONSTRAINT pk_upload PRIMARY KEY (id),
    CONSTRAINT fk_upload_achievement_id_achievement_version FOREIGN KEY(achievement_id, achievement_version) REFERENCES achievement_version (achievement_id, version),
    CONSTRAINT ck_upload_sha256 CHECK (length(sha256) = 32),
    CONSTRAINT ck_upload_state CHECK (state IN ('received', 'checked', 'approval-requested', 'approved', 'issuing', 'issued', 'failed')),
    CONSTRAINT ck_upload_format CHECK (format IN ('csv', 'xlsx')),
    CONSTRAINT fk_upload_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id)
);

CREATE INDEX ix_upload_issuer_id_id ON upload (issuer_id, id);

CREATE INDEX ix_upload_issuer_id_sha256 ON upload (issuer_id, sha256);

CREATE INDEX ix_upload_state ON upload (state);

CREATE TABLE credential (
    id UUID NOT NULL,
    issuer_id UUID NOT NULL,
    achievement_id UUID,
    achievement_version INTEGER,
    upload_id UUID,
    line INTEGER,
    document_id UUID NOT NULL,
    document BYTEA NOT NULL,
    did_document BYTEA NOT NULL,
    leaf BYTEA NOT NULL,
    slot BIGINT NOT NULL,
    suspendable BOOLEAN NOT NULL,
    duplicate_key BYTEA,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    standing TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_credential PRIMARY KEY (id),
    CONSTRAINT uq_credential_upload_id_line UNIQUE (upload_id, line),
    CONSTRAINT ck_credential_leaf CHECK (length(leaf) = 32),
    CONSTRAINT ck_credential_standing CHECK (standing IN ('active', 'suspended', 'revoked')),
    CONSTRAINT ck_credential_slot CHECK (slot >= 0 AND slot < 137438953472),
    CONSTRAINT ck_credential_version_of_achievement CHECK ((achievement_id IS NULL) = (achievement_version IS NULL)),
    CONSTRAINT ck_credential_line_of_upload CHECK ((upload_id IS NULL) = (line IS NULL)),
    CONSTRAINT uq_credential_document_id UNIQUE (document_id),
    CONSTRAINT uq_credential_leaf UNIQUE (leaf),
    CONSTRAINT uq_credential_slot UNIQUE (slot),
    CONSTRAINT uq_credential_duplicate_key UNIQUE (duplicate_key)
);

CREATE INDEX ix_credential_issuer_id_id ON credential (issuer_id, id);

ALTER TABLE credential ALTER COLUMN document SET STORAGE EXTERNAL;

CREATE TABLE credential_entry (
    credential_id UUID NOT NULL,
    batch_id UUID NOT NULL,
    entry_index INTEGER NOT NULL,
    CONSTRAINT pk_credential_entry PRIMARY KEY (credential_id)
);

CREATE TABLE credential_recipient (
    recipient_key BYTEA NOT NULL,
    credential_id UUID NOT NULL,
    CONSTRAINT pk_credential_recipient PRIMARY KEY (recipient_key, credential_id)
);

CREATE TABLE credential_waiting (
    issuer_id UUID NOT NULL,
    did_document BYTEA NOT NULL,
    credential_id UUID NOT NULL,
    leaf BYTEA NOT NULL,
    slot BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_credential_waiting PRIMARY KEY (issuer_id, did_document, credential_id)
);

CREATE TABLE upload_chunk (
    upload_id UUID NOT NULL,
    n INTEGER NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_upload_chunk PRIMARY KEY (upload_id, n),
    CONSTRAINT fk_upload_chunk_upload_id FOREIGN KEY(upload_id) REFERENCES upload (id)
);

CREATE TABLE share (
    credential_id UUID NOT NULL,
    token TEXT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    hidden_at BIGINT,
    CONSTRAINT pk_share PRIMARY KEY (credential_id),
    CONSTRAINT ck_share_token CHECK (length(token) = 22),
    CONSTRAINT ck_share_code CHECK (length(code) = 10),
    CONSTRAINT fk_share_credential_id FOREIGN KEY(credential_id) REFERENCES credential (id),
    CONSTRAINT uq_share_token UNIQUE (token),
    CONSTRAINT uq_share_code UNIQUE (code)
);

CREATE TABLE claim (
    credential_id UUID NOT NULL,
    token_hash BYTEA,
    holder_hash BYTEA,
    address_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    claimed_at BIGINT,
    CONSTRAINT pk_claim PRIMARY KEY (credential_id),
    CONSTRAINT ck_claim_token_hash CHECK (length(token_hash) = 32),
    CONSTRAINT ck_claim_holder_hash CHECK (length(holder_hash) = 32),
    CONSTRAINT ck_claim_address_key CHECK (length(address_key) = 32),
    CONSTRAINT ck_claim_holder_has_claimed CHECK ((holder_hash IS NULL) = (claimed_at IS NULL)),
    CONSTRAINT fk_claim_credential_id FOREIGN KEY(credential_id) REFERENCES credential (id),
    CONSTRAINT uq_claim_token_hash UNIQUE (token_hash),
    CONSTRAINT uq_claim_holder_hash UNIQUE (holder_hash)
);

CREATE TABLE claim_mail (
    credential_id UUID NOT NULL,
    id UUID NOT NULL,
    state TEXT NOT NULL,
    language TEXT NOT NULL,
    address TEXT,
    token TEXT,
    attempts INTEGER NOT NULL,
    next_try_at BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    failure TEXT,
    CONSTRAINT pk_claim_mail PRIMARY KEY (credential_id),
    CONSTRAINT ck_claim_mail_state CHECK (state IN ('waiting', 'sent', 'failed')),
    CONSTRAINT ck_claim_mail_address_while_waiting CHECK ((state = 'waiting') = (address IS NOT NULL)),
    CONSTRAINT ck_claim_mail_token_while_waiting CHECK ((state = 'waiting') = (token IS NOT NULL)),
    CONSTRAINT ck_claim_mail_try_while_waiting CHECK ((state = 'waiting') = (next_try_at IS NOT NULL)),
    CONSTRAINT ck_claim_mail_finished CHECK ((state = 'waiting') = (finished_at IS NULL)),
    CONSTRAINT fk_claim_mail_credential_id FOREIGN KEY(credential_id) REFERENCES claim (credential_id),
    CONSTRAINT uq_claim_mail_id UNIQUE (id)
);

CREATE INDEX ix_claim_mail_due ON claim_mail (next_try_at) WHERE next_try_at IS NOT NULL;

CREATE TABLE status_change (
    id UUID NOT NULL,
    credential_id UUID NOT NULL,
    slot BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    value BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    epoch BIGINT,
    CONSTRAINT pk_status_change PRIMARY KEY (id),
    CONSTRAINT ck_status_change_purpose CHECK (purpose IN ('revocation', 'suspension')),
    CONSTRAINT fk_status_change_credential_id FOREIGN KEY(credential_id) REFERENCES credential (id),
    CONSTRAINT fk_status_change_epoch FOREIGN KEY(epoch) REFERENCES epoch (number)
);

CREATE INDEX ix_status_change_credential_id_id ON status_change (credential_id, id);

CREATE INDEX ix_status_change_unsealed ON status_change (id) WHERE epoch IS NULL;

CREATE TABLE column_mapping (
    id UUID NOT NULL,
    issuer_id UUID NOT NULL,
    name TEXT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_column_mapping PRIMARY KEY (id),
    CONSTRAINT uq_column_mapping_issuer_id_name UNIQUE (issuer_id, name),
    CONSTRAINT fk_column_mapping_issuer_id FOREIGN KEY(issuer_id) REFERENCES issuer (id)
);

CREATE TABLE credential_link (
    later_id UUID NOT NULL,
    earlier_id UUID NOT NULL,
    kind TEXT NOT NULL,
    CONSTRAINT pk_credential_link PRIMARY KEY (later_id, kind),
    CONSTRAINT ck_credential_link_kind CHECK (kind IN ('supersedes', 'renews')),
    CONSTRAINT fk_credential_link_later_id FOREIGN KEY(later_id) REFERENCES credential (id),
    CONSTRAINT fk_credential_link_earlier_id FOREIGN KEY(earlier_id) REFERENCES credential (id)
);

CREATE INDEX ix_credential_link_earlier_id ON credential_link (earlier_id);

CREATE UNIQUE INDEX uq_credential_link_superseded ON credential_link (earlier_id) WHERE kind = 'supersedes';

CREATE INDEX ix_credential_expiring ON credential (issuer_id, valid_until) WHERE valid_until IS NOT NULL;

CREATE INDEX ix_credential_not_active ON credential (issuer_id, id) WHERE standing != 'active';
