// Issuers' keys: Multikey and did:key (Ed25519), DID documents, and proofs of eddsa-jcs-2022 through WebCrypto.

import { sha256 } from "./digest.js";
import { canonicalize, isObject, Malformed } from "./ijson.js";
import { parseLog, parseTime } from "./proof_forms.js";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const ED25519 = "ed01";
const OTHER_KEYS = { "8024": 33, "8124": 49, e701: 33 };
const FIELD = 2n ** 255n - 19n;
const ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
// The second coordinates of the points whose order divides eight: one signature by such a key would do for every document.
const SMALL_ORDER = [0n, 1n, FIELD - 1n, ORDER_8, FIELD - ORDER_8];
const SUITES = { "eddsa-jcs-2022": [64], "eddsa-rdfc-2022": [64], "ecdsa-jcs-2019": [64, 96], "ecdsa-rdfc-2019": [64, 96] };
const MAX_PROOFS = 16;
const SKEW = 300_000_000n;

const refuse = (code, message) => {
  throw new Malformed(code, message);
};

export function base58(text) {
  if (text.length > 256) refuse("malformed-base58", "expected at most 256 characters");
  let number = 0n;
  for (const sign of text) {
    const value = ALPHABET.indexOf(sign);
    if (value < 0) refuse("malformed-base58", "expected base58btc characters");
    number = number * 58n + BigInt(value);
  }
  const bytes = [];
  for (; number > 0n; number >>= 8n) bytes.unshift(Number(number & 255n));
  const zeros = /^1*/.exec(text)[0].length;
  return Uint8Array.from([...Array(zeros).fill(0), ...bytes]);
}

// Returns {algorithm, raw}; algorithm is null for a key of another type than Ed25519.
function multikey(text) {
  if (typeof text !== "string" || !text.startsWith("z")) refuse("malformed-multikey", "expected a Multikey");
  const bytes = base58(text.slice(1));
  const prefix = [...bytes.subarray(0, 2)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (prefix === ED25519) {
    if (bytes.length !== 34) refuse("malformed-multikey", "expected 32 key bytes");
    return { algorithm: "Ed25519", raw: bytes.subarray(2) };
  }
  if (prefix in OTHER_KEYS && bytes.length !== OTHER_KEYS[prefix] + 2) refuse("malformed-multikey", "expected another length");
  return { algorithm: null, raw: bytes.subarray(2) };
}

export function didKeyDocument(did) {
  const text = did.slice("did:key:".length);
  const key = { id: `${did}#${text}`, controller: did, key: multikey(text), revoked: null, expires: null };
  return { id: did, keys: [key], logs: [], statusKeys: [] };
}

// Reads keys for assertions and logs out of a DID document. Throws Malformed.
export function parseDidDocument(document) {
  const subject = document.id;
  if (typeof subject !== "string" || !subject.startsWith("did:")) refuse("malformed-did-document", "expected a DID");
  const absolute = (name) => (name.startsWith("#") ? subject + name : name);
  const methods = new Map();
  const add = (method) => {
    const { id, type, controller } = method;
    if (![id, type, controller].every((item) => typeof item === "string")) refuse("malformed-did-document", "expected id, type and controller");
    const name = absolute(id);
    if (methods.has(name)) refuse("malformed-did-document", "expected each key id once");
    const readable = ["Multikey", "Ed25519VerificationKey2020"].includes(type);
    const [revoked, expires] = [method.revoked, method.expires].map((end) => (end === undefined || end === null ? null : parseTime(end)));
    methods.set(name, { id: name, controller, key: readable ? multikey(method.publicKeyMultibase) : null, revoked, expires });
    return name;
  };
  for (const method of objects(document.verificationMethod)) add(method);
  const names = items(document.assertionMethod).map((item) => {
    if (typeof item === "string") return absolute(item);
    return isObject(item) ? add(item) : refuse("malformed-did-document", "expected references or keys");
  });
  const services = objects(document.service);
  const endpoints = (kind) =>
    services.filter((service) => [service.type].flat().includes(kind)).flatMap((service) => [service.serviceEndpoint].flat());
  const statusKeys = endpoints("CredrootStatusKey").map((name) =>
    typeof name === "string" ? absolute(name) : refuse("malformed-did-document", "expected DID URLs of keys"));
  return {
    id: subject,
    keys: [...new Set(names)].filter((name) => methods.has(name)).map((name) => methods.get(name)),
    logs: endpoints("CredrootLog").map((name) => parseLog(name)),
    statusKeys,
  };
}

function items(value) {
  const list = value ?? [];
  if (!Array.isArray(list) || list.length > 1000) refuse("malformed-did-document", "expected a list");
  return list;
}

function objects(value) {
  const list = items(value);
  if (!list.every(isObject)) refuse("malformed-did-document", "expected a list of objects");
  return list;
}

// The key of that DID URL, if the document lists it for assertions and controls it; keys for status lists are none.
export function findKey(document, method) {
  if (document.statusKeys.includes(method)) return null;
  return document.keys.find((key) => key.id === method && key.controller === document.id) ?? null;
}

export const keyValidAt = (key, moment) => [key.revoked, key.expires].every((end) => end === null || moment < end);

// ---- proofs

// Reads all proofs of a document, each with what keeps it from being checked here. Throws Malformed for the whole.
export function readProofs(document) {
  const value = document.proof ?? null;
  const proofs = Array.isArray(value) ? value : value === null ? [] : [value];
  if (!proofs.length) refuse("no-proof", "expected a proof or a list of them");
  if (proofs.length > MAX_PROOFS) refuse("too-many-proofs", `expected at most ${MAX_PROOFS}`);
  if (!proofs.every(isObject)) refuse("malformed-proof", "expected proofs that are objects");
  const ids = proofs.filter((proof) => "id" in proof).map((proof) => proof.id);
  if (new Set(ids).size !== ids.length) refuse("malformed-proof", "expected each id once");
  return proofs.map(readProof);
}

function readProof(proof) {
  const method = typeof proof.verificationMethod === "string" ? proof.verificationMethod : null;
  const purpose = typeof proof.proofPurpose === "string" ? proof.proofPurpose : null;
  const read = { method, purpose, suite: null, problem: null, proof };
  try {
    const suite = text(proof, "type") === "DataIntegrityProof" ? text(proof, "cryptosuite") : proof.type;
    const sizes = suite === "Ed25519Signature2020" && proof.type === suite ? [64] : proof.type === "DataIntegrityProof" ? SUITES[suite] : undefined;
    if (!sizes) return { ...read, problem: "proof-unsupported" };
    text(proof, "verificationMethod");
    text(proof, "proofPurpose");
    for (const name of ["id", "challenge"]) if (name in proof) text(proof, name);
    for (const name of ["domain", "previousProof"]) if (name in proof) [proof[name]].flat().forEach((item) => text({ item }, "item"));
    const [created, expires] = [proof.created, proof.expires].map((time) => (time === undefined || time === null ? null : parseTime(time)));
    const signature = signatureOf(proof.proofValue, sizes);
    return { ...read, suite, created, expires, signature, chained: [proof.previousProof ?? []].flat().length > 0 };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { ...read, problem: "malformed-proof" };
  }
}

function text(object, name) {
  if (typeof object[name] !== "string" || !object[name]) refuse("malformed-proof", `expected a text: ${name}`);
  return object[name];
}

function signatureOf(value, sizes) {
  if (typeof value !== "string" || !value.startsWith("z")) refuse("malformed-proof-value", "expected base58btc");
  const signature = base58(value.slice(1));
  if (!sizes.includes(signature.length)) refuse("malformed-proof-value", "expected another length");
  return signature;
}

// Checks one proof of eddsa-jcs-2022 with a key of `findKey`; returns a reason code, `signed` when it holds.
export async function checkJcsProof(document, read, key, { moment, now }) {
  const { proofValue: _, ...options } = read.proof;
  const { proof: __, ...unsecured } = document;
  if ("@context" in options) {
    const [seen, present] = [options["@context"], unsecured["@context"] ?? []].map((value) => (Array.isArray(value) ? value : [value]));
    const same = (one, other) => other !== undefined && new TextDecoder().decode(canonicalize(one)) === new TextDecoder().decode(canonicalize(other));
    if (!seen.every((item, at) => same(item, present[at]))) return "malformed-proof";
    unsecured["@context"] = options["@context"];
  }
  if (key.key?.algorithm !== "Ed25519") return key.key === null ? "key-unsupported" : "key-unfit";
  const data = Uint8Array.from([...sha256(canonicalize(options)), ...sha256(canonicalize(unsecured))]);
  const holds = await verifyEd25519(key.key.raw, read.signature, data);
  if (holds === null) return "proof-unsupported";
  if (!holds) return "signature-mismatch";
  if (read.expires !== null && moment >= read.expires) return "proof-expired";
  if (read.created !== null && read.created > (moment > now ? moment : now) + SKEW) return "proof-not-yet-made";
  return "signed";
}

// Returns null where the browser has no Ed25519, or the page is not from a secure address.
async function verifyEd25519(raw, signature, data) {
  let number = 0n;
  raw.forEach((byte, at) => { number |= BigInt(byte) << BigInt(8 * at); });
  if (SMALL_ORDER.includes((number & (2n ** 255n - 1n)) % FIELD)) return false;
  if (!globalThis.crypto?.subtle) return null;
  let key;
  try {
    key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    // A browser that knows the algorithm refuses what is no point of the curve.
    return error.name === "NotSupportedError" ? null : false;
  }
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, data);
}
