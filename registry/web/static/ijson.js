// JSON as registry/domain/canonical.py reads and writes it: I-JSON (RFC 7493) in, JCS (RFC 8785) out.
// JSON.parse keeps the last of two members of one name and takes 1.0 for 1: both are told apart here, so its scanner is our own.

export const MAX_DOCUMENT_BYTES = 1_048_576;
const MAX_DEPTH = 64;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const LITERALS = [["true", true], ["false", false], ["null", null]];

export class Malformed extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// A number written with a fraction or an exponent: no integer in our own forms, whatever its value.
export class Real {
  constructor(value) {
    this.value = value;
  }
}

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Real);

// Reads one text from its bytes. Throws Malformed, with the codes of the Python reader.
export function parseJson(bytes, limit = MAX_DOCUMENT_BYTES) {
  if (bytes.length > limit) throw new Malformed("json-too-large", `expected at most ${limit} bytes, got ${bytes.length}`);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("json-not-utf8", "expected UTF-8");
  }
  const scanner = new Scanner(text);
  const value = scanner.value(0);
  scanner.skip(SPACE);
  if (scanner.at !== text.length) scanner.refuse();
  return value;
}

export function parseObject(bytes, limit) {
  const value = parseJson(bytes, limit);
  if (!isObject(value)) throw new Malformed("json-not-object", "expected a JSON object");
  return value;
}

class Scanner {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  refuse() {
    throw new Malformed("json-syntax", `expected JSON, at character ${this.at}`);
  }

  skip(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  take(sign) {
    this.skip(SPACE);
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  value(depth) {
    if (depth > MAX_DEPTH) throw new Malformed("json-too-deep", `expected at most ${MAX_DEPTH} levels`);
    if (this.take("{")) return this.object(depth);
    if (this.take("[")) return this.array(depth);
    if (this.take('"')) return this.string();
    for (const [word, value] of LITERALS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  object(depth) {
    // Without a prototype: a member named __proto__ is a member like any other.
    const members = Object.create(null);
    if (this.take("}")) return members;
    do {
      if (!this.take('"')) this.refuse();
      const name = this.string();
      if (name in members) throw new Malformed("json-duplicate-name", "expected each name once");
      if (!this.take(":")) this.refuse();
      members[name] = this.value(depth + 1);
    } while (this.take(","));
    if (!this.take("}")) this.refuse();
    return members;
  }

  array(depth) {
    const items = [];
    if (this.take("]")) return items;
    do items.push(this.value(depth + 1)); while (this.take(","));
    if (!this.take("]")) this.refuse();
    return items;
  }

  string() {
    let text = "";
    for (;;) {
      text += this.skip(PLAIN)[0];
      const sign = this.text[this.at];
      this.at += 1;
      if (sign === '"') break;
      if (sign !== "\\") this.refuse();
      const escape = this.text[this.at];
      this.at += 1;
      if (escape === "u") {
        const digits = this.text.slice(this.at, this.at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.refuse();
        text += String.fromCharCode(parseInt(digits, 16));
        this.at += 4;
      } else if (Object.hasOwn(ESCAPES, escape ?? "")) {
        text += ESCAPES[escape];
      } else {
        this.refuse();
      }
    }
    if (!isWellFormed(text)) throw new Malformed("json-surrogate", "expected Unicode scalar values, got a lone surrogate");
    return text;
  }

  number() {
    const found = this.skip(NUMBER);
    if (!found) this.refuse();
    const value = Number(found[0]);
    const whole = found[1] === undefined && found[2] === undefined;
    const large = Math.abs(value) > Number.MAX_SAFE_INTEGER;
    // From 1e21 on JCS writes an exponent; below, a large integer's digits would be refused when read again.
    if (!Number.isFinite(value) || (large && (whole || Math.abs(value) < 1e21))) {
      throw new Malformed("json-number", "expected a number that every reader understands alike");
    }
    return whole ? value + 0 : new Real(value);
  }
}

const isWellFormed = (text) => !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);

// Writes the canonical form of a value as bytes.
export const canonicalize = (value) => new TextEncoder().encode(write(value));

function write(value) {
  if (value instanceof Real) return String(value.value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (value !== null && typeof value === "object") {
    // Sorted by UTF-16 code units (RFC 8785 section 3.2.3), as JavaScript compares.
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${write(value[name])}`).join(",")}}`;
  }
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
