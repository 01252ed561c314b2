// The browser's own verdict: the checks of protocol section 8 over what the browser has. A second implementation of
// registry/domain/checks_*.py, with the same codes; what it cannot do is `unknown`, never a pass.
//
// It has no JSON-LD: check 1 is `unknown` at best, and of proofs only eddsa-jcs-2022 is checked.

import { sameBytes, sha256, toHex } from "./digest.js";
import { canonicalize, isObject, Malformed, MAX_DOCUMENT_BYTES, parseObject } from "./ijson.js";
import { checkJcsProof, didKeyDocument, findKey, keyValidAt, parseDidDocument, readProofs } from "./issuer_keys.js";
import {
  checkEntryPath, checkHeaderTie, fold, foldStatus, parseBatch, parsePath, parseReceipt, parseSlot, parseStatus,
  parseTime, slotWord, statusBit,
} from "./proof_forms.js";

export const CHECKS = ["form", "signature", "issuer", "leaf", "inclusion", "anchor", "finality", "validity", "revocation", "suspension", "log", "recognition"];
const MAX_RECEIPT_BYTES = 262_144;
const HOUR = 3_600_000_000n;
const ASSERTION = "assertionMethod";
const TOKEN = /^\s*[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:~[A-Za-z0-9_.~-]*)?\s*$/;

const pass = (code) => ({ result: "pass", code });
const fail = (code) => ({ result: "fail", code });
const unknown = (code) => ({ result: "unknown", code });
const skipped = (code) => ({ result: "skipped", code });

// Returns what `read` gives, or the Malformed it throws: a part that cannot be read is for its check to tell.
function attempt(read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}

// Reads a credential and what comes with it; nothing is compared yet.
export function readPresented(content, receipt = null, didDocument = null) {
  const document = attempt(() => parseObject(content));
  const enveloped = isObject(document) && [document.type].flat().length === 1 && [document.type].flat()[0] === "EnvelopedVerifiableCredential";
  const token = enveloped || (document instanceof Malformed && content.length <= MAX_DOCUMENT_BYTES && TOKEN.test(new TextDecoder().decode(content)));
  const whole = document instanceof Malformed ? document : enveloped ? new Malformed("token-unsupported", "a token in an envelope") : document;
  const unread = whole instanceof Malformed;
  const issuer = unread ? null : isObject(whole.issuer) ? whole.issuer.id : whole.issuer;
  return {
    document: whole,
    token,
    issuer: typeof issuer === "string" ? issuer : null,
    leaf: unread ? null : sha256(canonicalize(whole)),
    slot: unread ? whole : attempt(() => parseSlot(whole)),
    anchored: unread || receipt !== null || namesLog(whole),
    validity: unread ? whole : attempt(() => validity(whole)),
    receipt: receipt === null ? null : attempt(() => parseReceipt(parseObject(receipt, MAX_RECEIPT_BYTES))),
    given: didDocument === null ? null : attempt(() => parseDidDocument(parseObject(didDocument))),
  };
}

export const logSlot = (presented) => (presented.slot instanceof Malformed ? null : presented.slot);
const partsOf = (presented) => (presented.receipt instanceof Malformed ? null : presented.receipt);

// However badly it is spelt: what means to name a log is held to it, and so is what comes with a receipt.
// Anything else is judged by the profile vc.
function namesLog(document) {
  return [document.credentialStatus].flat().some((entry) => isObject(entry) && typeof entry.statusListCredential === "string" && entry.statusListCredential.includes("eip155:"));
}

function validity(document) {
  const version1 = [document["@context"]].flat()[0] === "https://www.w3.org/2018/credentials/v1";
  const read = (names) => names.filter((name) => name in document).map((name) => parseTime(document[name]));
  return {
    from: read(version1 ? ["issuanceDate", "validFrom"] : ["validFrom"]),
    until: read(version1 ? ["expirationDate", "validUntil"] : ["validUntil"]),
  };
}

// Judges. `chain` is what chain.js gathers, or {problem: code}; `statusProofs` are made from published files;
// `contract` is {address, codeHash, court: {address, codeHash} | null}; `now` in microseconds.
export async function judge({ presented, chain, statusProofs = [], contract, now }) {
  const evidence = { presented, chain, statusProofs, contract, now, slot: logSlot(presented), parts: partsOf(presented) };
  evidence.profile = presented.anchored ? "credroot" : "vc";
  const leaf = checkLeaf(evidence);
  const inclusion = checkInclusion(evidence);
  evidence.proved = [leaf, inclusion].every((finding) => finding.result === "pass");
  const signature = await checkSignature(evidence);
  let findings = {
    form: checkForm(evidence),
    signature: signature.finding,
    issuer: checkIssuer(evidence, signature),
    leaf,
    inclusion,
    anchor: checkAnchor(evidence),
    finality: checkFinality(evidence),
    validity: checkValidity(evidence),
    revocation: doubtStatus(evidence, checkRevocation(evidence)),
    suspension: doubtStatus(evidence, checkSuspension(evidence)),
    log: checkLog(evidence),
    recognition: skipped("no-policy"),
  };
  if (evidence.profile === "vc") for (const id of ["leaf", "inclusion", "anchor", "finality", "log"]) findings[id] = skipped("profile-vc");
  if (signature.finding.result === "fail") {
    findings = Object.fromEntries(Object.entries(findings).map(([id, found]) => [id, found.result === "pass" ? skipped("signature-failed") : found]));
  }
  return { word: wordOf(findings), findings, leaf: presented.leaf && toHex(presented.leaf), block: chain.block ?? null, epoch: evidence.parts?.anchor.epoch ?? null };
}

export function wordOf(findings) {
  const failing = (...ids) => ids.some((id) => findings[id].result === "fail");
  const genuine = ["form", "signature", "issuer"].every((id) => findings[id].result === "pass");
  if (failing("form", "signature", "issuer", "leaf", "inclusion", "anchor")) return "invalid";
  if (failing("revocation")) return "revoked";
  if (failing("suspension")) return "suspended";
  if (genuine && findings.anchor.code === "epoch-not-reached") return "not-yet-anchored";
  if (genuine && ["expired", "not-yet-valid"].includes(findings.validity.code)) return findings.validity.code;
  if (Object.values(findings).some((finding) => finding.result === "unknown")) return "indeterminate";
  return failing("recognition") ? "untrusted" : "valid";
}

// ---- 1, 8

function checkForm({ presented, slot, profile }) {
  if (presented.token) return unknown("token-unsupported");
  if (presented.document instanceof Malformed) return fail("not-json");
  if (slot === null && profile === "credroot") return fail("no-slot");
  if ([presented.document["@context"]].flat().some(isObject)) return unknown("own-context");
  // Whether every word of the document has a meaning is for a JSON-LD processor to tell.
  return unknown("unknown-context");
}

function checkValidity({ presented, now }) {
  if (presented.validity instanceof Malformed) return unknown("form-failed");
  const { from, until } = presented.validity;
  if (from.some((moment) => now < moment)) return fail("not-yet-valid");
  return until.some((moment) => now > moment) ? fail("expired") : pass("in-force");
}

// ---- 2, 3

function documentsOf({ presented, parts }) {
  const { issuer, given } = presented;
  if (issuer?.startsWith("did:key:")) return { authority: attempt(() => didKeyDocument(issuer)), copy: null };
  const copy = parts === null ? null : attempt(() => parseDidDocument(parts.issuer));
  return { authority: given, copy: copy instanceof Malformed || copy?.id !== issuer ? null : copy };
}

async function checkSignature(evidence) {
  const { presented } = evidence;
  if (presented.document instanceof Malformed) return { finding: unknown("form-failed"), own: [], proofs: [] };
  const proofs = attempt(() => readProofs(presented.document));
  if (proofs instanceof Malformed) {
    const finding = { "no-proof": fail("no-proof"), "too-many-proofs": unknown("proof-unsupported") }[proofs.code] ?? fail("malformed-proof");
    return { finding, own: [], proofs: [] };
  }
  const own = proofs.filter((read) => read.method?.startsWith(`${presented.issuer}#`) && read.purpose === ASSERTION && read.problem !== "proof-unsupported");
  return { finding: await decideSignature(evidence, proofs, own), own, proofs };
}

async function decideSignature(evidence, proofs, own) {
  const { presented, now } = evidence;
  if (proofs.some((read) => read.problem === "malformed-proof")) return fail("malformed-proof");
  const { authority, copy } = documentsOf(evidence);
  const documents = [authority, copy].filter((item) => item && !(item instanceof Malformed) && item.id === presented.issuer);
  let held = false;
  let unchecked = own.length === 0 ? "no-key" : null;
  for (const read of own) {
    const keys = documents.map((document) => findKey(document, read.method)).filter(Boolean);
    if (read.suite !== "eddsa-jcs-2022" || read.chained) unchecked = "proof-unsupported";
    else if (!keys.length) unchecked = "no-key";
    else {
      const codes = await Promise.all(keys.map((key) => checkJcsProof(presented.document, read, key, { moment: now, now })));
      const code = codes.find((each) => each !== "signature-mismatch") ?? codes[0];
      if (code === "signed") held = true;
      else if (["proof-unsupported", "key-unsupported"].includes(code)) unchecked = code;
      else return fail(code);
    }
  }
  // A proof that is not checked here could be broken: only where the log holds the document with all its proofs, the one
  // that holds stands for them. The service, which checks them all, is asked besides.
  const beside = proofs.some((read) => !own.includes(read));
  if (held && (evidence.proved || (unchecked === null && !beside))) return pass("signed");
  return unknown(unchecked ?? "proof-unsupported");
}

function checkIssuer(evidence, { own, proofs }) {
  const { presented, slot, parts, profile, now } = evidence;
  const decisive = own.filter((read) => read.problem === null);
  const named = (decisive.length ? decisive : proofs.slice(0, 1)).filter((read) => read.problem === null && read.method !== null);
  if (!named.length) return unknown("no-key");
  const { authority, copy } = documentsOf(evidence);
  const committed = parts === null ? null : attempt(() => parseBatch(parts.batch));
  const vouched = copy && committed && !(committed instanceof Malformed) && committed.issuer === presented.issuer && sameBytes(sha256(canonicalize(parts.issuer)), committed.didDocument);
  if (authority instanceof Malformed) return unknown("did-document-unreadable");
  if (authority === null) return unknown(vouched ? "log-not-trusted" : "did-not-resolved");
  if (authority.id !== presented.issuer) return unknown("did-document-unreadable");
  const derived = presented.issuer.startsWith("did:key:");
  if (!derived && profile === "vc" && authority.logs.length) return unknown("inclusion-unknown");
  if (!derived && profile === "credroot") {
    if (slot === null) return unknown("form-failed");
    // A stolen key with a log of the thief's own ends here.
    if (!authority.logs.some((log) => log.name === slot.log.name)) return fail("log-not-named");
  }
  for (const read of named) {
    const key = findKey(authority, read.method);
    if (key === null) return vouched && !derived && findKey(copy, read.method) ? unknown("key-withdrawn") : fail("key-not-listed");
    if (!keyValidAt(key, now)) return unknown("anchored-time-unknown");
  }
  return pass(derived ? "key-derived" : "key-listed");
}

// ---- 4 to 7

const withoutReceipt = ({ presented }) => unknown(presented.receipt instanceof Malformed ? "receipt-unreadable" : "no-receipt");

function checkLeaf(evidence) {
  const { parts, presented } = evidence;
  if (parts === null) return withoutReceipt(evidence);
  if (presented.leaf === null) return unknown("form-failed");
  if (parts.leafKind !== 0) return fail("leaf-kind-differs");
  return sameBytes(parts.leaf, presented.leaf) ? pass("leaf-matches") : fail("leaf-differs");
}

function checkInclusion(evidence) {
  const { parts, presented, slot } = evidence;
  if (parts === null) return withoutReceipt(evidence);
  if (presented.leaf === null || slot === null) return unknown("form-failed");
  if (parts.slot !== slot.slot) return fail("slot-differs");
  const path = attempt(() => {
    const read = parsePath(parts.path);
    checkEntryPath(read, slotWord(slot.slot));
    return read;
  });
  if (path instanceof Malformed) return fail("path-malformed");
  if (parts.anchor.log.name !== slot.log.name) return fail("log-differs");
  if (!sameBytes(fold(presented.leaf, path), parts.root)) return fail("path-leads-elsewhere");
  const header = attempt(() => {
    const read = parseBatch(parts.batch);
    checkHeaderTie(read, presented.leaf, path);
    return read;
  });
  if (header instanceof Malformed) return fail(header.code === "header-not-tied" ? header.code : "header-malformed");
  if (header.log.name !== slot.log.name) return fail("log-differs");
  if (header.issuer !== presented.issuer) return fail("issuer-differs");
  return sameBytes(sha256(canonicalize(parts.issuer)), header.didDocument) ? pass("included") : fail("did-document-differs");
}

// Returns a finding where the chain says nothing that counts, else null: a receipt introduces no contract.
function untrusted({ chain, slot, contract, presented }) {
  if (chain.problem) return unknown(chain.problem);
  if (chain.chainId !== slot.log.chainId) return unknown("other-chain");
  const { given, issuer } = presented;
  const named = given && !(given instanceof Malformed) && given.id === issuer && !issuer.startsWith("did:key:") ? given.logs : [];
  const known = slot.log.contract === contract.address || named.some((log) => log.chainId === slot.log.chainId && log.contract === slot.log.contract);
  if (!known) return unknown("unknown-contract");
  return chain.codeHash === contract.codeHash ? null : unknown("contract-code-differs");
}

function checkAnchor(evidence) {
  const { parts, slot, chain } = evidence;
  if (parts === null) return withoutReceipt(evidence);
  if (slot === null) return unknown("form-failed");
  const obstacle = untrusted(evidence);
  if (obstacle !== null) return obstacle;
  if (parts.anchor.epoch > chain.latestEpoch) return unknown("epoch-not-reached");
  if (chain.roots[parts.anchor.epoch] !== toHex(parts.root)) return fail("root-differs");
  const mark = fraudMark(evidence);
  return mark !== null && parts.anchor.epoch >= mark ? unknown("log-marked") : pass("anchored");
}

function checkFinality(evidence) {
  if (evidence.parts === null) return withoutReceipt(evidence);
  return evidence.chain.problem ? unknown(evidence.chain.problem) : pass("final");
}

// ---- 9, 10

function knownBits(evidence, purpose) {
  const { slot, chain, parts, statusProofs } = evidence;
  const obstacle = untrusted(evidence);
  if (obstacle !== null) return { bits: [], flaw: obstacle };
  const bits = [];
  const flaws = [];
  const listed = parts === null ? [] : attempt(() => parseStatus(parts.status));
  const proofs = statusProofs.filter((proof) => proof.purpose === purpose);
  const purposes = listed instanceof Malformed ? null : listed.map((proof) => proof.purpose).join(" ");
  if (["", "revocation", "revocation suspension"].includes(purposes)) proofs.push(...listed.filter((proof) => proof.purpose === purpose));
  else flaws.push(unknown("status-malformed"));
  for (const proof of proofs) {
    const leads = proof.log.name === slot.log.name && sameBytes(foldStatus(proof, slot.slot), proof.root);
    if (!leads) flaws.push(unknown("status-foreign"));
    else if (proof.epoch <= chain.latestEpoch && chain.roots[proof.epoch] === toHex(proof.root)) {
      bits.push({ epoch: proof.epoch, value: statusBit(proof.chunk, slot.slot) });
    } else flaws.push(unknown(parts !== null && proof.epoch < parts.anchor.epoch ? "status-stale" : "status-unanchored"));
  }
  return { bits, flaw: flaws[0] ?? null };
}

function checkRevocation(evidence) {
  if (evidence.slot === null) return withoutSlot(evidence, "revocation");
  const known = knownBits(evidence, "revocation");
  if (known.bits.some((bit) => bit.value)) return fail("revoked");
  const obstacle = statusObstacle(evidence);
  if (obstacle !== null) return obstacle;
  const current = newestCurrent(evidence, known);
  return current && covers(evidence, current) ? pass("not-revoked") : notKnown(evidence, known);
}

function checkSuspension(evidence) {
  if (evidence.slot === null) return withoutSlot(evidence, "suspension");
  if (!evidence.slot.suspendable) return skipped("no-suspension-entry");
  const known = knownBits(evidence, "suspension");
  const obstacle = statusObstacle(evidence);
  const current = obstacle === null ? newestCurrent(evidence, known) : undefined;
  if (current?.value) return fail("suspended");
  if (current && covers(evidence, current)) return pass("not-suspended");
  return obstacle ?? notKnown(evidence, known);
}

// No foreign status list is fetched or judged here.
function withoutSlot({ profile, presented }, purpose) {
  if (profile === "credroot" || presented.document instanceof Malformed) return unknown("form-failed");
  const entries = [presented.document.credentialStatus ?? []].flat();
  const concerned = entries.some((entry) => !isObject(entry) || entry.type !== "BitstringStatusListEntry" || typeof entry.statusPurpose !== "string" || entry.statusPurpose === purpose);
  return concerned ? unknown("status-missing") : skipped("no-status-entry");
}

function statusObstacle(evidence) {
  return untrusted(evidence) ?? (evidence.now - evidence.chain.block.time > HOUR ? unknown("block-too-old") : null);
}

function newestCurrent({ chain }, { bits }) {
  const current = bits.filter(({ epoch }) => {
    if (epoch === chain.latestEpoch) return true;
    const superseded = chain.anchoredAt[epoch + 1];
    return superseded !== undefined && chain.block.time - superseded < HOUR;
  });
  return current.reduce((newest, bit) => (newest && newest.epoch >= bit.epoch ? newest : bit), undefined);
}

const covers = ({ parts }, bit) => parts !== null && bit.epoch >= parts.anchor.epoch;

function notKnown(evidence, known) {
  if (evidence.parts === null) return withoutReceipt(evidence);
  if (known.bits.length) return unknown("status-stale");
  return known.flaw ?? unknown("status-missing");
}

// ---- 11

function hearCourt({ chain, contract, slot }) {
  const asked = contract.court && slot?.log.contract === contract.address && chain.court && !chain.court.problem;
  return asked && chain.chainId === slot.log.chainId && chain.court.codeHash === contract.court.codeHash ? chain.court.marks : null;
}

// The earliest epoch that the log is marked from for what only the log itself can have done.
function fraudMark(evidence) {
  const marks = hearCourt(evidence);
  const own = marks === null || marks === undefined || marks === false ? [] : marks.slice(0, 2).filter(Boolean);
  return own.length ? Math.min(...own) : null;
}

const doubtStatus = (evidence, finding) => (finding.result === "pass" && fraudMark(evidence) !== null ? unknown("log-marked") : finding);

function checkLog(evidence) {
  const { contract, slot, chain } = evidence;
  if (!contract.court) return skipped("no-court");
  if (slot === null) return unknown("form-failed");
  if (slot.log.contract !== contract.address) return skipped("no-court");
  const obstacle = untrusted(evidence);
  if (obstacle !== null) return obstacle;
  if (!chain.court) return unknown("chain-unreachable");
  if (chain.court.problem) return unknown(chain.court.problem);
  if (chain.court.codeHash !== contract.court.codeHash) return skipped("no-court");
  if (fraudMark(evidence) !== null) return unknown("log-marked");
  return pass(chain.court.marks.some(Boolean) ? "promise-broken" : "not-marked");
}

