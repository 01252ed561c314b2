// The forms of protocol sections 2 to 7: slot, path, receipt, header, status proof. Form first, then recompute, then compare.

import { fromHex, hashPair, sameBytes, sha256 } from "./digest.js";
import { canonicalize, isObject, Malformed } from "./ijson.js";

export const LIST_SIZE = 131_072;
const SLOT_LIMIT = 2 ** 37;
const DEPTH = 29;
const MAX_NUMBER = 10n ** 18n - 1n;
const LOG = /^eip155:([1-9][0-9]{0,17})\/(0x[0-9a-f]{40})\/([1-9][0-9]{0,17})$/;
const TAIL = /^\/(eip155:[1-9][0-9]*\/0x[0-9a-f]{40}\/[1-9][0-9]*)\/(revocation|suspension)\/(0|[1-9][0-9]{0,6})$/;
const DIGEST = /^[0-9a-f]{64}$/;
const CHAIN_HASH = /^0x[0-9a-f]{64}$/;
const STAMP = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})$/;
export const HEADER_WORD = slotWord(0, 0xff);

export const ZERO_ROOTS = (() => {
  const roots = [new Uint8Array(32)];
  for (let level = 0; level < DEPTH; level += 1) roots.push(hashPair(roots[level], roots[level]));
  return roots;
})();

const refuse = (code, message) => {
  throw new Malformed(code, message);
};

// ---- the readers of members: exact names, exact types, one spelling

export function readObject(value, required, optional = []) {
  if (!isObject(value)) refuse("malformed-object", "expected an object");
  for (const name of required) if (!(name in value)) refuse("missing-member", `expected the member ${name}`);
  for (const name of Object.keys(value)) {
    if (!required.includes(name) && !optional.includes(name)) refuse("unknown-member", "expected no further member");
  }
  return value;
}

export function readInteger(value, least = 0, most = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== "number" || value < least || value > most) refuse("malformed-integer", `expected an integer from ${least} to ${most}`);
  return value;
}

export function readDigest(value) {
  if (typeof value !== "string" || !DIGEST.test(value)) refuse("malformed-digest", "expected 64 lower-case hex digits");
  return fromHex(value);
}

function readText(value) {
  const length = typeof value === "string" ? [...value].length : 0;
  if (length < 1 || length > 2048) refuse("malformed-string", "expected a string");
  return value;
}

function readSame(value, expected) {
  if (value !== expected) refuse("unexpected-value", `expected ${expected}`);
}

function readUtcSeconds(value) {
  if (typeof value !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(value)) {
    refuse("malformed-time", "expected YYYY-MM-DDThh:mm:ssZ");
  }
  return parseTime(value);
}

// A moment in microseconds since 1970 as a BigInt: years are long, and digits below the microsecond are cut off.
export function parseTime(text) {
  const found = typeof text === "string" ? STAMP.exec(text) : null;
  if (!found) refuse("malformed-time", "expected YYYY-MM-DDThh:mm:ss with Z or an offset");
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month > 0;
  if (!exists || hour > 23 || minute > 59 || second > 59) refuse("malformed-time", "expected a moment of the calendar");
  date.setUTCHours(hour, minute, second);
  const micro = BigInt((found[7] ?? "").padEnd(6, "0").slice(0, 6));
  const utc = BigInt(date.getTime()) * 1000n + micro - offset(found[8]);
  const local = new Date(Number(utc / 1000n)).getUTCFullYear();
  if (local < 1 || local > 9999) refuse("malformed-time", "expected a moment of the calendar");
  return utc;
}

function offset(text) {
  if (text === "Z") return 0n;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6));
  if (Number(text.slice(4, 6)) > 59 || minutes > 14 * 60) refuse("malformed-time", "expected an offset within 14:00");
  return BigInt(text[0] === "-" ? -minutes : minutes) * 60_000_000n;
}

// ---- logs and slots

export function parseLog(value) {
  const found = typeof value === "string" ? LOG.exec(value) : null;
  if (!found || BigInt(found[1]) > MAX_NUMBER || BigInt(found[3]) > MAX_NUMBER) refuse("malformed-log-name", "expected eip155:<chain>/<contract>/<log>");
  return { name: value, chainId: BigInt(found[1]), contract: found[2], number: BigInt(found[3]) };
}

export function slotWord(slot, kind = 0) {
  const word = new Uint8Array(32);
  word[3] = kind;
  let rest = slot;
  for (let at = 31; rest > 0; at -= 1) {
    word[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return word;
}

const hasWordForm = (node) => !node.subarray(0, 3).some(Boolean) && !node.subarray(4, 27).some(Boolean) && node[27] < 32;

// Section 2: what a credential's `credentialStatus` says of its log and slot. Throws Malformed: it has none.
export function parseSlot(document) {
  const status = document.credentialStatus ?? null;
  const entries = Array.isArray(status) ? status : [status];
  if (!entries.every(isObject)) refuse("no-slot", "expected a status entry or a list of them");
  const positions = {};
  for (const entry of entries) {
    const purpose = entry.statusPurpose;
    if (purpose !== "revocation" && purpose !== "suspension") continue;
    if (positions[purpose]) refuse("slot-twice", `expected at most one entry of purpose ${purpose}`);
    positions[purpose] = parseEntry(entry, purpose);
  }
  const { revocation, suspension } = positions;
  if (!revocation) refuse("no-slot", "expected one status entry of purpose revocation");
  if (suspension && (suspension.log.name !== revocation.log.name || suspension.slot !== revocation.slot)) {
    refuse("slots-differ", "expected one log, list and index for both purposes");
  }
  return { log: revocation.log, slot: revocation.slot, suspendable: suspension !== undefined };
}

function parseEntry(entry, purpose) {
  if (entry.type !== "BitstringStatusListEntry") refuse("malformed-status-entry", "expected type BitstringStatusListEntry");
  if ("statusSize" in entry && (entry.statusSize?.value ?? entry.statusSize) !== 1) refuse("malformed-status-entry", "expected statusSize 1 or none");
  const { log, list } = parseListUrl(entry.statusListCredential, purpose);
  const index = entry.statusListIndex;
  if (typeof index !== "string" || !/^(?:0|[1-9][0-9]{0,5})$/.test(index) || Number(index) >= LIST_SIZE) {
    refuse("malformed-index", `expected a decimal string below ${LIST_SIZE}`);
  }
  return { log, slot: list * LIST_SIZE + Number(index) };
}

function parseListUrl(url, purpose) {
  const parts = typeof url === "string" ? /^(https?):\/\/([^/?#\\@\s]+)(\/[^?#\s]*)$/.exec(url) : null;
  // Only printable ASCII: what a URL parser would drop or respell is refused.
  if (!parts || !/^[\x21-\x7e]+$/.test(url)) refuse("malformed-status-url", "expected a plain URL");
  const host = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::([0-9]*))?$/.exec(parts[2]);
  if (!host || Number(host[2] ?? 0) > 65_535) refuse("malformed-status-url", "expected a host and a port");
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(host[1].toLowerCase());
  if (parts[1] !== "https" && !loopback) refuse("malformed-status-url", "expected https, or http on loopback");
  const start = parts[3].lastIndexOf("/eip155:");
  const tail = start < 0 ? null : TAIL.exec(parts[3].slice(start));
  if (!tail || Number(tail[3]) >= 2 ** 20) refuse("malformed-status-url", "expected a path ending in /<log name>/<purpose>/<list>");
  if (tail[2] !== purpose) refuse("malformed-status-url", `expected purpose ${purpose} in the URL`);
  return { log: parseLog(tail[1]), list: Number(tail[3]) };
}

// ---- paths (sections 3 and 5)

export function parsePath(value) {
  if (!Array.isArray(value) || value.length < 3 || value.length > 64) refuse("malformed-path", "expected 3 to 64 steps");
  return value.map((step) => {
    const names = isObject(step) ? Object.keys(step) : [];
    if (names.length !== 1 || !["left", "right"].includes(names[0])) refuse("malformed-step", "expected an object with one member, left or right");
    return { right: names[0] === "right", sibling: readDigest(step[names[0]]) };
  });
}

export function checkEntryPath(path, word) {
  if (!path[0].right || !sameBytes(path[0].sibling, word)) refuse("slot-word-differs", "expected the first step to be the slot word");
  // Otherwise the "leaf" of an entry could be the root of a subtree that no auditor ever sees.
  if (path.slice(1).some((step) => hasWordForm(step.sibling))) refuse("second-slot-word", "expected no slot word after the first step");
  if (!path[path.length - 1].right) refuse("no-status-root", "expected the last step to be right, the status root");
}

export const fold = (leaf, path) =>
  path.reduce((node, step) => (step.right ? hashPair(node, step.sibling) : hashPair(step.sibling, node)), leaf);

// ---- receipts (section 7)

const RECEIPT = ["type", "version", "leaf", "leafKind", "slot", "path", "root", "anchor", "batch", "issuer", "status"];
const ANCHOR = ["log", "epoch", "transaction", "blockNumber", "blockHash", "blockTime"];
const HEADER = ["type", "version", "log", "issuer", "id", "count", "sealed", "didDocument"];
const STATUS = ["purpose", "log", "epoch", "root", "chunk", "siblingMap", "siblings", "otherRoot", "credentialsRoot"];
const LIGHT = ["blockHeader", "anchorer", "accountProof", "storageProofs"];

// Reads what makes a document a receipt; paths, header and status proofs are parsed each on its own.
export function parseReceipt(value) {
  const members = readObject(value, RECEIPT, ["light"]);
  readSame(members.type, "CredrootReceipt");
  readSame(members.version, 1);
  if (!isObject(members.issuer)) refuse("malformed-object", "expected a DID document");
  if ("light" in members) readObject(members.light, LIGHT);
  return {
    leaf: readDigest(members.leaf),
    leafKind: readInteger(members.leafKind, 0, 255),
    slot: readInteger(members.slot, 0, SLOT_LIMIT - 1),
    root: readDigest(members.root),
    anchor: parseAnchor(members.anchor),
    issuer: members.issuer,
    path: members.path,
    batch: members.batch,
    status: members.status,
  };
}

function parseAnchor(value) {
  const members = readObject(value, ANCHOR);
  const log = parseLog(members.log);
  const epoch = readInteger(members.epoch, 1);
  for (const name of ["transaction", "blockHash"]) {
    if (typeof members[name] !== "string" || !CHAIN_HASH.test(members[name])) refuse("malformed-chain-hash", "expected 0x and 64 lower-case hex digits");
  }
  readInteger(members.blockNumber);
  readUtcSeconds(members.blockTime);
  return { log, epoch };
}

export function parseBatch(value) {
  const { header, path } = readObject(value, ["header", "path"]);
  readObject(header, HEADER);
  readSame(header.type, "CredrootBatch");
  readSame(header.version, 1);
  readText(header.id);
  readUtcSeconds(header.sealed);
  return {
    log: parseLog(header.log),
    issuer: readText(header.issuer),
    count: readInteger(header.count, 1, 65_536),
    didDocument: readDigest(header.didDocument),
    leaf: sha256(canonicalize(header)),
    id: header.id,
    path: parsePath(path),
  };
}

// Throws Malformed unless the header is of the very batch that the credential is in; `header-not-tied` tells them apart.
export function checkHeaderTie(header, leaf, path) {
  checkEntryPath(header.path, HEADER_WORD);
  const inside = 1 + header.count.toString(2).length;
  const above = header.path.slice(inside);
  if (!above.length || header.path.slice(0, inside).some((step) => !step.right)) refuse("malformed-header-path", "expected right steps and at least one more");
  const same = (one, other) => one.right === other.right && sameBytes(one.sibling, other.sibling);
  const end = path.slice(-above.length);
  if (path.length <= above.length || !end.every((step, at) => same(step, above[at]))) refuse("header-not-tied", "expected the last steps of both paths to be the same");
  const batchRoot = fold(header.leaf, header.path.slice(0, inside));
  if (!sameBytes(fold(leaf, path.slice(0, -above.length)), batchRoot)) refuse("header-not-tied", "expected one batch root");
}

// ---- status proofs (section 4)

export function parseStatus(value) {
  if (!Array.isArray(value) || value.length > 2) refuse("malformed-list", "expected a list of at most 2 items");
  return value.map(parseStatusProof);
}

function parseStatusProof(value) {
  const members = readObject(value, STATUS);
  if (!["revocation", "suspension"].includes(members.purpose)) refuse("malformed-status-proof", "expected purpose revocation or suspension");
  if (!Array.isArray(members.siblings) || members.siblings.length > DEPTH) refuse("malformed-list", "expected a list of siblings");
  return makeStatusProof({
    purpose: members.purpose,
    log: parseLog(members.log),
    epoch: readInteger(members.epoch, 1),
    root: readDigest(members.root),
    chunk: readDigest(members.chunk),
    siblingMap: readInteger(members.siblingMap, 0, 2 ** DEPTH - 1),
    siblings: members.siblings.map(readDigest),
    otherRoot: readDigest(members.otherRoot),
    credentialsRoot: readDigest(members.credentialsRoot),
  });
}

export function makeStatusProof(proof) {
  const levels = [...Array(DEPTH).keys()].filter((level) => (proof.siblingMap >>> level) & 1);
  if (levels.length !== proof.siblings.length) refuse("malformed-status-proof", "expected as many siblings as bits in siblingMap");
  if (levels.some((level, at) => sameBytes(proof.siblings[at], ZERO_ROOTS[level]))) refuse("malformed-status-proof", "expected no listed sibling that equals its zero constant");
  return proof;
}

export function foldStatus(proof, slot) {
  const position = Math.floor(slot / 256);
  const listed = [...proof.siblings];
  let node = proof.chunk;
  for (let level = 0; level < DEPTH; level += 1) {
    const sibling = (proof.siblingMap >>> level) & 1 ? listed.shift() : ZERO_ROOTS[level];
    node = (position >>> level) & 1 ? hashPair(sibling, node) : hashPair(node, sibling);
  }
  const pair = proof.purpose === "revocation" ? [node, proof.otherRoot] : [proof.otherRoot, node];
  // The credentials root stands on the left: it keeps a zero chunk from passing for slot 0's leaf.
  return hashPair(proof.credentialsRoot, hashPair(...pair));
}

export const statusBit = (chunk, slot) => Boolean((chunk[Math.floor((slot % 256) / 8)] >> (7 - (slot % 8))) & 1);

