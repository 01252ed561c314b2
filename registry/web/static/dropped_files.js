// Which credentials are in the files of a visitor, as far as the browser reads them alone: JSON, tokens, baked PNG and SVG.

import { isObject, Malformed, parseObject } from "./ijson.js";

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEYWORD = "openbadgecredential";
const BADGES = "https://purl.imsglobal.org/ob/v3p0";
const latin = new TextDecoder("latin1");
const encoder = new TextEncoder();

// Returns [{name, content, receipt}], with content null where nothing readable was found.
export function findCredentials(files) {
  const receipts = [];
  const found = [];
  for (const { name, content } of files) {
    if (isReceipt(content)) receipts.push(content);
    else found.push({ name, content: extract(content), receipt: null });
  }
  for (const item of found) item.receipts = receipts;
  return found;
}

export function leafOfReceipt(content) {
  try {
    return parseObject(content).leaf;
  } catch {
    return null;
  }
}

function isReceipt(content) {
  try {
    return parseObject(content).type === "CredrootReceipt";
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

function extract(content) {
  if (PNG.every((byte, at) => content[at] === byte)) return fromPng(content);
  const start = latin.decode(content.subarray(0, 200)).trimStart();
  if (start.startsWith("<")) return fromSvg(new TextDecoder().decode(content));
  // A zip, a PDF and other pictures are for the service to read.
  return /^[\x20-\x7e\s]/.test(start) && !start.startsWith("%PDF") && !start.startsWith("PK") ? content : null;
}

// One uncompressed iTXt chunk (Open Badges 3.0, baking).
function fromPng(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  for (let at = 8; at + 12 <= content.length; ) {
    const length = view.getUint32(at);
    const data = content.subarray(at + 8, at + 8 + length);
    if (latin.decode(content.subarray(at + 4, at + 8)) === "iTXt" && latin.decode(data.subarray(0, KEYWORD.length + 1)) === `${KEYWORD}\0`) {
      const rest = data.subarray(KEYWORD.length + 1);
      const language = rest.indexOf(0, 2);
      const translated = language < 0 ? -1 : rest.indexOf(0, language + 1);
      return rest[0] === 0 && translated > 0 ? rest.slice(translated + 1) : null;
    }
    at += 12 + length;
  }
  return null;
}

function fromSvg(text) {
  // No declarations of a document type: entities are nobody's need here.
  if (text.includes("<!DOCTYPE") || text.includes("<!ENTITY")) return null;
  const image = new DOMParser().parseFromString(text, "image/svg+xml");
  const element = image.getElementsByTagNameNS(BADGES, "credential")[0];
  if (!element) return null;
  return encoder.encode(element.getAttribute("verify") ?? element.textContent.trim());
}

// What a document says of itself, for people, as registry/domain/shown_credential.py reads it; all of it is shown as text.
export function readFacts(document, language) {
  const object = (value) => [value].flat().find(isObject) ?? {};
  const isSpoken = (value) => isObject(value) && typeof value["@language"] === "string" && value["@language"].split("-")[0].toLowerCase() === language;
  const text = (value) => {
    const items = [value].flat();
    const chosen = items.find(isSpoken) ?? items[0];
    const item = isObject(chosen) ? chosen["@value"] : chosen;
    return typeof item === "string" && item.trim() ? item.slice(0, 300) : null;
  };
  const subject = object(document.credentialSubject);
  const achievement = object(subject.achievement);
  const named = [subject.identifier ?? []].flat().find((item) => isObject(item) && item.identityType === "name" && item.hashed === false);
  const issuer = [document.issuer].flat().find(isObject) ?? { id: document.issuer };
  return {
    title: text(achievement.name) ?? text(document.name) ?? text([document.type].flat().filter((name) => name !== "VerifiableCredential")),
    holder: text(named?.identityHash) ?? text(subject.name) ?? text(subject.id),
    issuer: [text(issuer.name), text(issuer.id)].filter(Boolean).join(" · ") || null,
    from: text(document.validFrom ?? document.issuanceDate),
    until: text(document.validUntil ?? document.expirationDate),
    skills: [achievement.alignment ?? []].flat().map((item) => (isObject(item) ? text(item.targetName) : null)).filter(Boolean).slice(0, 30).join(" · ") || null,
  };
}
